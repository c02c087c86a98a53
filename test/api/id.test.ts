import { describe, expect, it } from 'vitest'
import {
  adhocNetworkId,
  asNetworkId,
  asNodeId,
  isIdentity,
  isNetworkId,
  isNodeId,
  NetworkId,
  parseIdentity,
  parseIp,
  rfc4193,
  sixPlane,
} from '../../src/index.node.ts'
import { fixtures } from '../../src/testing.node.ts'

describe('identifiers', () => {
  it('are read from text and bigint, and printed one way', () => {
    expect(asNetworkId('8056C2E21C000001')).toBe('8056c2e21c000001')
    expect(asNetworkId(0x8056c2e21c000001n)).toBe('8056c2e21c000001')
    expect(asNodeId('8056C2E21C')).toBe('8056c2e21c')
    expect([isNodeId('8056c2e21c'), isNodeId('8056c2e21'), isNetworkId('8056c2e21c000001'), isNetworkId(1)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(NetworkId.decode('8056C2E21C000001')).toMatchObject({ _tag: 'Right', right: '8056c2e21c000001' })
    expect(NetworkId.decode(7)).toMatchObject({ _tag: 'Left' })
  })

  it.each([
    ['8056c2', 'network id "8056c2" is not 16 hex digits — copy it from the controller'],
    ['0000000000000000', 'network id "0000000000000000" is no network — copy it from the controller'],
    [-1n, 'network id -1 is not a positive 64-bit number — copy it from the controller'],
    [1n << 64n, 'network id 18446744073709551616 is not a positive 64-bit number — copy it from the controller'],
    [0x8056c2e21c0000 as unknown as string, expect.stringContaining('has lost digits')],
  ])('are refused with a cure: %s', (wrong, message) => {
    expect(() => asNetworkId(wrong)).toThrow(
      expect.objectContaining({ name: 'ArgumentError', code: 'ERR_ZT_INVALID_ID', message }),
    )
  })

  it('give the addresses that follow from them', () => {
    expect(sixPlane('8056c2e21c000001', '89e92ceee5')).toBe('fc9c:56c2:e389:e92c:eee5::1')
    expect(rfc4193('8056c2e21c000001', '89e92ceee5')).toBe('fd80:56c2:e21c:0:199:9389:e92c:eee5')
    expect(adhocNetworkId({ ports: [80, 443] })).toBe('ff005001bb000000')
    expect(() => adhocNetworkId({ ports: [443, 80] })).toThrow(
      expect.objectContaining({ code: 'ERR_ZT_INVALID_OPTION' }),
    )
    expect([parseIp('FD00:0:0::1'), parseIp('10.0.0.01')]).toEqual(['fd00::1', undefined])
  })
})

describe('identities', () => {
  const [text] = fixtures.identities as [string]
  it('show what is public and hand out the secret only when asked', () => {
    const identity = parseIdentity(text)
    expect(identity).toMatchObject({
      id: text.slice(0, 10),
      public: text.split(':').slice(0, 3).join(':'),
      hasSecret: true,
    })
    expect(identity.exportSecret()).toBe(text)
    expect(JSON.stringify(identity)).not.toContain(text.split(':')[3])
    const open = parseIdentity(identity.public)
    expect(open.hasSecret).toBe(false)
    expect(() => open.exportSecret()).toThrow(expect.objectContaining({ code: 'ERR_ZT_IDENTITY_INVALID' }))
    expect([isIdentity(text), isIdentity(identity.public), isIdentity('x'), isIdentity(undefined)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
