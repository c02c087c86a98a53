import { inspect } from 'node:util'
import { type Central, central } from 'rxzt/central'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CentralServer } from '../../support/central-server.ts'

let server: CentralServer
beforeEach(async () => {
  server = await CentralServer.start()
})
afterEach(() => server[Symbol.asyncDispose]())

const TOKEN = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tSx'
/** Everything of a thing that a log could show. */
const shown = (thing: unknown): string =>
  [
    inspect(thing, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(thing),
    String(thing),
    thing instanceof Error ? `${thing.stack} ${inspect(thing.cause, { depth: 20, showHidden: true })}` : '',
  ].join('\n')
const caught = (work: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => Promise.reject(new Error('it went well')),
      (error) => error,
    )

describe('the token', () => {
  it('is not in the client, however it is printed', async () => {
    const account = central({ token: TOKEN, url: server.url })
    await caught(() => account.networks())
    expect(server.requests[0]?.authorization).toBe(`token ${TOKEN}`)
    expect(shown(account)).not.toContain(TOKEN)
    expect(shown({ ...account })).not.toContain(TOKEN)
  })

  it.each([
    ['refused', []],
    ['repeated by the server', ['repeat-token']],
    ['in JSON that breaks off', ['malformed']],
    ['sent and the connection breaks', ['break']],
    ['sent and the answer leads elsewhere', ['redirect']],
  ] as const)('is not in the error when it is %s', async (_, faults) => {
    await server[Symbol.asyncDispose]()
    server = await CentralServer.start({ token: faults.length === 0 ? 'another' : TOKEN })
    server.fail(...faults)
    const error = await caught(() => central({ token: TOKEN, url: server.url }).networks())
    expect(error).toHaveProperty('name', 'CentralError')
    expect(shown(error)).not.toContain(TOKEN)
  })

  it('is not in the error when a fetch of the caller shows its whole request', async () => {
    const fetch = (url: unknown, init: unknown): Promise<Response> =>
      Promise.reject(Object.assign(new TypeError(`cannot send token ${TOKEN}`), { url, init, cause: { init } }))
    const error = await caught(() => central({ token: TOKEN, fetch }).networks())
    expect(error).toHaveProperty('code', 'ERR_ZT_CENTRAL_UNREACHABLE')
    expect(shown(error)).toContain('cannot send token …')
    expect(shown(error)).not.toContain(TOKEN)
  })

  it.each([
    ['with a line end', () => central({ token: `${TOKEN}\n` })],
    ['with a sign that no header carries', () => central({ token: `${TOKEN}é` })],
    ['in a list', () => central({ token: [TOKEN] as never })],
    ['alone', () => central(TOKEN as never)],
    ['under another name', () => central({ tokens: TOKEN } as never)],
    ['in the url', () => central({ token: 'x', url: `https://me:${TOKEN}@example.com/api` })],
    ['in the query', () => central({ token: 'x', url: `https://example.com/api?auth=${TOKEN}` })],
  ])('is not in the error when it is passed %s', async (_, call) => {
    const error = await caught(call)
    expect(error).toMatchObject({ name: 'ArgumentError', code: 'ERR_ZT_INVALID_OPTION' })
    expect(shown(error)).not.toContain(TOKEN)
  })

  it('is not sent in the clear to another machine, unless the caller has a way of its own', async () => {
    const error = await caught(() => central({ token: TOKEN, url: 'http://192.0.2.1/api' }))
    expect(error).toHaveProperty('message', 'url http://192.0.2.1/api would send the token in the clear — use https:')
    const fetch = (): Promise<Response> => Promise.resolve(Response.json([]))
    expect(await central({ token: TOKEN, url: 'http://192.0.2.1/api', fetch }).networks()).toEqual([])
  })

  it('to be added is not in the error either', async () => {
    const account: Central = central({ token: server.token, url: server.url })
    const { id } = await account.self()
    const error = await caught(() => account.addToken(id, { tokenName: 'first', token: TOKEN }))
    expect(error).toHaveProperty(
      'message',
      `POST /user/${id}/token: refused (400): first is taken; not set: … — correct what was sent`,
    )
    expect(shown(error)).not.toContain(TOKEN)
  })
})
