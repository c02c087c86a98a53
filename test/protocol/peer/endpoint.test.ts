import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { parseIp } from '../../../src/protocol/kernel/ip.ts'
import {
  gateOf,
  inetAddress,
  isUsable,
  type PathPolicy,
  parseEndpoint,
  printEndpoint,
  sameEndpoint,
  scope,
  scopeOf,
  scopeOfEndpoint,
} from '../../../src/protocol/peer/endpoint.ts'
import { unhex } from '../../support/checker.ts'
import { itIsACodec } from '../../support/codec-laws.ts'

describe('InetAddress', () => {
  itIsACodec(
    inetAddress,
    [
      { says: 'no address', value: null, bytes: '00' },
      { says: 'IPv4', value: { address: '10.0.0.1', port: 9993 }, bytes: '040a0000012709' },
      {
        says: 'IPv6',
        value: { address: '2001:db8::5', port: 443 },
        bytes: '0620010db800000000000000000000000501bb',
      },
    ],
    [
      { field: 'address type', bytes: '05000000000000' },
      { field: 'address type', bytes: 'ff' },
    ],
  )

  it.each([
    ['an Ethernet address', '01aabbccddeeff', 7],
    ['a Bluetooth address', '02aabbccddeeff', 7],
    ['an address with a length', '030002aabb', 5],
  ])('reads %s as none, and all of it', (_, bytes, size) => {
    for (let n = 0; n < size; n++)
      expect(decode(inetAddress, unhex(bytes).subarray(0, n))).toMatchObject(E.left({ _tag: 'Short' }))
    expect(decode(inetAddress, unhex(bytes))).toEqual(E.right(null))
  })

  it('writes what is no address as none', () => {
    expect(encode(inetAddress, { address: 'example.com', port: 80 })).toEqual(Uint8Array.of(0))
  })
})

describe('an endpoint as text', () => {
  it('is the same again after it was printed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(0xffff), (ip, port) => {
        const endpoint = parseEndpoint(`${ip}/${port}`)!
        expect(parseEndpoint(printEndpoint(endpoint))).toEqual(endpoint)
        expect(decode(inetAddress, encode(inetAddress, endpoint))).toEqual(E.right(endpoint))
      }),
    )
  })

  it('has one spelling, so that equal endpoints are equal', () => {
    const [a, b] = [parseEndpoint('2001:DB8:0:0::5/9993')!, parseEndpoint('2001:db8::5/9993')!]
    expect(sameEndpoint(a, b)).toBe(true)
    expect(sameEndpoint(a, { ...b, port: 1 })).toBe(false)
  })

  it.each(['', '/', '10.0.0.1', '10.0.0.1/', '10.0.0.1/65536', '10.0.0.1/-1', '10.0.0/1', 'host/1', '10.0.0.1/1/2'])(
    'is not %s',
    (text) => {
      expect(parseEndpoint(text)).toBeUndefined()
    },
  )
})

describe('scope', () => {
  it.each([
    ['0.0.0.0', scope.none],
    ['255.255.255.255', scope.none],
    ['223.255.255.255', scope.global],
    ['224.0.0.0', scope.multicast],
    ['239.255.255.255', scope.multicast],
    ['240.0.0.0', scope.pseudoPrivate],
    ['254.255.255.255', scope.pseudoPrivate],
    ['126.255.255.255', scope.global],
    ['127.0.0.0', scope.loopback],
    ['169.253.255.255', scope.global],
    ['169.254.0.0', scope.linkLocal],
    ['9.255.255.255', scope.global],
    ['10.0.0.0', scope.private],
    ['11.0.0.0', scope.pseudoPrivate],
    ['172.15.255.255', scope.global],
    ['172.31.255.255', scope.private],
    ['172.32.0.0', scope.global],
    ['100.63.255.255', scope.global],
    ['100.127.255.255', scope.private],
    ['198.17.255.255', scope.global],
    ['198.19.255.255', scope.private],
    ['198.20.0.0', scope.global],
    ['192.0.3.0', scope.global],
    ['56.0.0.1', scope.pseudoPrivate],
    ['57.0.0.1', scope.global],
    ['::2', scope.global],
    ['::1:0:0:1', scope.global],
    ['fe7f::1', scope.global],
    ['fe80::1:0:1', scope.linkLocal],
    ['fdff::', scope.private],
    ['fe00::', scope.global],
    ['::ffff:10.0.0.1', scope.global],
    ['::ffff:127.1.2.3', scope.loopback],
  ])('of %s is %i', (ip, expected) => {
    expect(scopeOf(parseIp(ip)!)).toBe(expected)
    expect(scopeOfEndpoint({ address: ip, port: 1 })).toBe(expected)
  })

  it('of what is no address is none', () => {
    expect(scopeOfEndpoint({ address: 'nowhere', port: 1 })).toBe(scope.none)
  })
})

describe('a usable endpoint', () => {
  const open: PathPolicy = { allowLoopback: false, managed: [], blacklist: [] }
  const at = (ip: string) => ({ address: ip, port: 9993 })
  const prefix = (ip: string, bits: number) => ({ address: parseIp(ip)!, bits })

  it('is on this machine only where that is allowed', () => {
    expect(isUsable(at('127.0.0.1'), open)).toBe(false)
    expect(isUsable(at('127.0.0.1'), { ...open, allowLoopback: true })).toBe(true)
    expect(isUsable(at('::1'), { ...open, allowLoopback: true })).toBe(true)
  })

  it('is not in a network that we are a member of, nor on the blacklist', () => {
    const policy = { ...open, managed: [prefix('10.147.17.0', 24)], blacklist: [prefix('fd00::', 8)] }
    expect(isUsable(at('10.147.17.9'), policy)).toBe(false)
    expect(isUsable(at('10.147.18.9'), policy)).toBe(true)
    expect(isUsable(at('fd00::1'), policy)).toBe(false)
    expect(isUsable(at('fc00::1'), policy)).toBe(true)
  })

  it('of a root is one of those listed for it, whatever the port', () => {
    const pins = [at('8.8.8.8'), at('2606:4700::1')]
    expect(isUsable({ address: '8.8.8.8', port: 1 }, open, pins)).toBe(true)
    expect(isUsable(at('8.8.4.4'), open, pins)).toBe(false)
    expect(isUsable(at('8.8.4.4'), open, [])).toBe(true)
  })

  it('has an address', () => {
    expect(isUsable(at('nowhere'), open)).toBe(false)
  })
})

describe('the identity gate', () => {
  it('is the same for neighbours and another for others', () => {
    const gate = (ip: string) => gateOf({ address: ip, port: 1 })
    expect(gate('1.2.3.4')).toBe(519)
    expect(gate('1.2.3.200')).toBe(gate('1.2.3.4'))
    expect(gate('1.2.4.4')).not.toBe(gate('1.2.3.4'))
    expect(gate('2001:db8::1')).toBe(gate('2001:db8::2'))
    expect(gateOf(null)).toBe(0)
  })
})
