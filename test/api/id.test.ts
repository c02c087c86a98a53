import { describe, expect, it } from 'vitest'
import {
  adhocNetworkId,
  asNetworkId,
  asNodeId,
  Endpoint,
  IpAddress,
  IpPrefix,
  isIdentity,
  isNetworkId,
  isNodeId,
  Mac,
  NetworkId,
  parseIdentity,
  parseIp,
  rfc4193,
  SocketAddress,
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

describe('codecs of unknown input', () => {
  const right = (value: unknown) => ({ _tag: 'Right', right: value })
  const left = { _tag: 'Left' }

  it.each([
    [Mac, 'AA:bb:cc:dd:ee:0F', 'aa:bb:cc:dd:ee:0f'],
    [IpAddress, 'FD00:0:0::1', 'fd00::1'],
    [IpPrefix, { address: '10.0.0.0', bits: 8, family: 4, more: 1 }, { address: '10.0.0.0', bits: 8, family: 4 }],
    [SocketAddress, { address: '::1', port: 0, family: 6 }, { address: '::1', port: 0, family: 6 }],
    [Endpoint, { address: '192.0.2.1', port: 9993 }, { address: '192.0.2.1', port: 9993 }],
  ])('$name reads %o in its canonical form', (codec, given, found) => {
    expect(codec.decode(given)).toMatchObject(right(found))
    expect(codec.is(given)).toBe(true)
  })

  it.each([
    [Mac, ['aa:bb:cc:dd:ee', 'aabbccddeeff', 7, undefined]],
    [IpAddress, ['10.0.0', '::1%lo', 7, null]],
    [
      IpPrefix,
      [{ address: '10.0.0.0', bits: 33, family: 4 }, { address: '10.0.0.0', bits: 8, family: 6 }, '10.0.0.0/8'],
    ],
    [SocketAddress, [{ address: '::1', port: 65_536, family: 6 }, { address: '::1', port: 1 }, null]],
    [Endpoint, [{ address: '192.0.2.1', port: 0 }, { address: 'relay', port: 1 }, undefined]],
  ])('$name refuses what is none', (codec, given) => {
    for (const one of given) expect(codec.decode(one)).toMatchObject(left)
  })
})

describe('networks without a controller', () => {
  it('have IDs that say what is open, or where they are', () => {
    expect(adhocNetworkId({ ports: [80, 443] })).toBe('ff005001bb000000')
    expect(adhocNetworkId({ ipv4: 10, hub: '8056c2e21c' })).toBe('ff0a8056c2e21c01')
    expect(adhocNetworkId({ ipv4: 10 })).toBe('ff0a000000000001')
    expect(() => adhocNetworkId({ ipv4: 0 })).toThrow('ipv4 0 is not valid — use 1 to 223')
    expect(() => adhocNetworkId({ ipv4: 10, hub: 'x' })).toThrow('node id "x" is not 10 hex digits')
  })
})
