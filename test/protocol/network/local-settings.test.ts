import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isAllowed,
  type LocalSettings,
  nativeSettings,
  openSettings,
  parseLocalSettings,
  printLocalSettings,
} from '../../../src/protocol/network/local-settings.ts'

const parse = (text: string): LocalSettings => parseLocalSettings(new TextEncoder().encode(text))
const print = (settings: LocalSettings): string => new TextDecoder().decode(printLocalSettings(settings))
const prefix = (text: string) => ({ address: text.split('/')[0]!, bits: Number(text.split('/')[1]) })
const allows = (settings: LocalSettings, text: string): boolean => isAllowed(settings, prefix(text))

describe('the settings of a network on this node', () => {
  it('are written as native nodes write them', () => {
    expect(print(nativeSettings)).toBe('allowManaged=1\nallowGlobal=0\nallowDefault=0\nallowDNS=0\n')
    expect(print(openSettings)).toBe('allowManaged=1\nallowGlobal=1\nallowDefault=1\nallowDNS=1\n')
  })
  it('are what native nodes assume where the file says nothing', () => {
    expect(parse('')).toEqual(nativeSettings)
    expect(parse('\n\0')).toEqual(nativeSettings)
    expect(parse('allowManaged=0\nallowDNS=true\nother=1\n')).toEqual({ ...nativeSettings, managed: false, dns: true })
  })
  it('may list what is allowed instead of a boolean', () => {
    expect(parse('allowManaged=10.0.0.0/8,fd00::/8\n')).toEqual({
      ...nativeSettings,
      only: [prefix('10.0.0.0/8'), prefix('fd00::/8')],
    })
  })
  it('allow nothing where a list holds nothing that can be read', () => {
    expect(parse('allowManaged=10.0.0.0/99,x\n').managed).toBe(false)
  })
  it('come back as they were written', () => {
    const flags = fc.record({ managed: fc.boolean(), global: fc.boolean(), default: fc.boolean(), dns: fc.boolean() })
    const only = fc.subarray(['::/0', '1::/8', '10.0.0.0/8', '192.168.1.0/24', 'fd00::/8'].map(prefix))
    fc.assert(
      fc.property(flags, only, (some, list) => {
        // what is not managed at all has no use for a list
        const settings = { ...some, only: some.managed ? list : [] }
        expect(parseLocalSettings(printLocalSettings(settings))).toEqual(settings)
      }),
    )
  })
  it('come out of anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Object.keys(parseLocalSettings(bytes)).sort()).toEqual(['default', 'dns', 'global', 'managed', 'only'])
      }),
    )
  })
})

describe('an address or route', () => {
  it.each([
    ['10.1.2.3/24', true],
    ['100.64.0.1/10', true],
    ['fd00::1/88', true],
    ['fc00::1/40', true],
    ['8.8.8.8/24', false],
    ['2001:4860::8888/64', false],
    ['0.0.0.0/0', false],
    ['::/0', false],
    ['224.0.0.1/4', false],
    ['127.0.0.1/8', false],
    ['169.254.1.1/16', false],
    ['fe80::1/64', false],
    ['::1/128', false],
  ])('%s is taken by a native node that was told nothing: %s', (text, taken) => {
    expect(allows(nativeSettings, text)).toBe(taken)
  })
  it('of the Internet needs leave of its own, and so does a default route', () => {
    expect(allows({ ...nativeSettings, global: true }, '8.8.8.8/24')).toBe(true)
    expect(allows({ ...nativeSettings, global: true }, '0.0.0.0/0')).toBe(false)
    expect(allows({ ...nativeSettings, default: true }, '::/0')).toBe(true)
  })
  it('is never one of this machine or this link', () => {
    for (const text of ['127.0.0.1/8', '224.0.0.1/4', 'fe80::1/64']) expect(allows(openSettings, text)).toBe(false)
  })
  it('has to be within the list, where there is one', () => {
    const settings = parse('allowManaged=10.0.0.0/16,0.0.0.0/0x\nallowDefault=1\n')
    expect(allows(settings, '10.0.5.1/24')).toBe(true)
    expect(allows(settings, '10.0.5.1/16')).toBe(true)
    expect(allows(settings, '10.0.0.0/8')).toBe(false)
    expect(allows(settings, '10.1.0.1/24')).toBe(false)
    expect(allows(settings, 'fd00::1/64')).toBe(false)
    expect(allows(settings, '0.0.0.0/0')).toBe(false)
  })
  it('is refused where nothing is managed', () => {
    expect(allows({ ...openSettings, managed: false }, '10.1.2.3/24')).toBe(false)
    expect(allows(openSettings, 'nothing/0')).toBe(false)
  })
})
