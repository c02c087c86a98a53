import { describe, expect, it } from 'vitest'
import { localRules, type PathOptions, type TrustedPath } from '../../src/api/local-rules.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'

describe('what is said of the physical network', () => {
  it('is taken as the protocol wants it', () => {
    const rules = localRules([{ prefix: '10.1.0.0/16', id: 42n, mtu: 9_000 }], {
      blacklist: ['fd00::/8'],
      mtu: [{ prefix: '0.0.0.0/0', mtu: 1_400 }],
      peers: { '9e90c3fa43': { try: [{ address: '192.0.2.1', port: 9_993 }] } },
    })
    expect(rules).toMatchObject({ trusted: [{ id: 42n, mtu: 9_000, prefix: { bits: 16 } }], mtu: [{ mtu: 1_400 }] })
    expect(rules.peers.get(0x9e90c3fa43 as never)).toEqual({
      endpoints: [{ address: '192.0.2.1', port: 9_993 }],
      blacklist: [],
    })
  })

  it.each([
    ['no prefix', [{ prefix: '10.1.0.0', id: 1n }], {}],
    ['no prefix', [], { blacklist: ['10.1.0.0/33'] }],
    ['id 0', [{ prefix: '10.1.0.0/16', id: 0n }], {}],
    ['mtu 1399', [], { mtu: [{ prefix: '10.1.0.0/16', mtu: 1_399 }] }],
    ['at most 32', Array.from({ length: 33 }, () => ({ prefix: '10.1.0.0/16', id: 1n })), {}],
    ['endpoint', [], { peers: { '9e90c3fa43': { try: [{ address: 'here', port: 1 }] } } }],
  ] as readonly (readonly [string, readonly TrustedPath[], PathOptions])[])(
    'is refused with %s',
    (word, trusted, paths) => {
      expect(() => localRules(trusted, paths)).toThrow(
        expect.objectContaining({ code: 'ERR_ZT_INVALID_OPTION', message: expect.stringContaining(word) }),
      )
    },
  )

  it('is refused for nodes that have no such ID', () => {
    expect(() => localRules([], { peers: { home: {} } })).toThrow(
      expect.objectContaining({ code: 'ERR_ZT_INVALID_ID' }),
    )
  })

  it('reaches the node: two that trust a network talk in the clear', async () => {
    await using net = virtualNet({ seed: 5 })
    const trustedPaths = [{ prefix: '100.64.0.0/16', id: 7n }]
    const root = await net.root({ trustedPaths })
    const node = await net.node({ trustedPaths, identity: fixtures.identities[4]! })
    const ciphers = new Set<number>()
    node.packets$.subscribe(({ cipher }) => ciphers.add(cipher ?? -1))
    await net.until(node.online())
    await net.advance(60_000)
    expect(ciphers).toEqual(new Set([0, 2]))
    expect(node.peer(root.node.id)?.link).toBe('direct')
  })
})
