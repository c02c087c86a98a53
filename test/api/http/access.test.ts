import { describe, expect, it } from 'vitest'
import { type Keys, mayAsk } from '../../../src/api/http/access.ts'

const keys: Keys = { token: 'right', metricsToken: 'numbers', allowedFrom: [] }
const ask = (
  request: { from?: string; path?: string; query?: string; headers?: Readonly<Record<string, string>> },
  more: Partial<Keys> = {},
): boolean =>
  mayAsk(
    {
      method: 'GET',
      path: request.path ?? '/status',
      query: new URLSearchParams(request.query ?? ''),
      header: (name) => request.headers?.[name],
      from: request.from ?? '127.0.0.1',
    },
    { ...keys, ...more },
  )
const shown = (token: string) => ({ headers: { 'x-zt1-auth': token } })

describe('who may ask', () => {
  it('shows the token in a header, in the address, or as a bearer', () => {
    expect(ask(shown('right'))).toBe(true)
    expect(ask({ query: 'auth=right' })).toBe(true)
    expect(ask({ headers: { authorization: 'Bearer right' } })).toBe(true)
  })
  it.each([
    ['nothing', {}],
    ['an empty token', shown('')],
    ['another token', shown('wrong')],
    ['the beginning of the token', shown('righ')],
    ['more than the token', shown('rightt')],
    ['another way of showing it', { headers: { authorization: 'Basic right' } }],
  ])('is not who shows %s', (_, request) => {
    expect(ask(request)).toBe(false)
  })
  it('is judged by the first place that has a token', () => {
    expect(ask({ ...shown('wrong'), query: 'auth=right' })).toBe(false)
    expect(ask({ query: 'auth=wrong', headers: { authorization: 'Bearer right' } })).toBe(false)
  })
  it('is on this machine, or where the settings say', () => {
    for (const from of ['127.0.0.1', '127.9.9.9', '::1']) expect(ask({ ...shown('right'), from })).toBe(true)
    for (const from of ['10.0.0.5', 'fe80::1', '', '::ffff:1']) expect(ask({ ...shown('right'), from })).toBe(false)
    const allowedFrom = ['10.0.0.0/24', 'fd00::/8', '192.168.1.7', 'nonsense']
    for (const from of ['10.0.0.5', 'fd12::1', '192.168.1.7'])
      expect(ask({ ...shown('right'), from }, { allowedFrom })).toBe(true)
    for (const from of ['10.0.1.5', 'fe80::1', '192.168.1.8'])
      expect(ask({ ...shown('right'), from }, { allowedFrom })).toBe(false)
  })
  it('needs no token to hear whether the node is well, and one of two for the metrics', () => {
    expect(ask({ path: '/health' })).toBe(true)
    expect(ask({ path: '/health', from: '10.0.0.5' })).toBe(false)
    expect(ask({ path: '/metrics' })).toBe(false)
    expect(ask({ path: '/metrics', ...shown('numbers'), from: '10.0.0.5' })).toBe(true)
    expect(ask({ path: '/metrics', ...shown('right') })).toBe(true)
    expect(ask(shown('numbers'))).toBe(false)
    expect(ask({ path: '/metrics', ...shown('') }, { metricsToken: undefined })).toBe(false)
  })
})
