import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address, mac, networkId, parseMac, parseNetworkId } from '../../../src/protocol/kernel/id.ts'
import {
  addressOf,
  BROADCAST,
  compareGroups,
  isMulticast,
  isNodeMac,
  macOf,
  macScheme,
  resolutionGroup,
} from '../../../src/protocol/network/mac.ts'
import { embeddedAddress, rfc4193, sixPlane } from '../../../src/protocol/network/managed-address.ts'

const anyAddress = fc.integer({ min: 1, max: 0xfe_ffff_ffff }).map(address)
const anyNetwork = fc.bigInt({ min: 1n, max: 0xffff_ffff_ffff_ffffn }).map(networkId)

describe('MACs of a network', () => {
  it('lead back to the node they belong to', () => {
    fc.assert(
      fc.property(anyAddress, anyNetwork, (node, network) => {
        const scheme = macScheme(network)
        const found = macOf(scheme, node)
        expect(addressOf(scheme, found)).toBe(node)
        expect(isNodeMac(scheme, found)).toBe(true)
        expect(isMulticast(found)).toBe(false)
      }),
    )
  })

  it('never begin with 52, which hypervisors use', () => {
    expect(macScheme(parseNetworkId('8056c2e21c000052')!).first).toBe(0x32)
    expect(macScheme(parseNetworkId('8056c2e21c000053')!).first).toBe(0x32)
  })

  it('are told from those of devices behind bridges by the first octet', () => {
    expect(isNodeMac(macScheme(parseNetworkId('8056c2e21c000000')!), parseMac('32:e9:30:0c:27:01')!)).toBe(false)
  })

  it('are multicast if the lowest bit of the first octet is set', () => {
    expect([BROADCAST, parseMac('33:33:00:00:00:01')!, parseMac('32:33:00:00:00:01')!].map(isMulticast)).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('groups', () => {
  it('ask for an IPv4 address by ARP and for IPv6 at its solicited node', () => {
    expect(resolutionGroup(Uint8Array.of(255, 1, 2, 3))).toEqual({ mac: BROADCAST, adi: 0xff010203 })
    const ip = new Uint8Array(16).fill(0xab)
    expect(resolutionGroup(ip)).toEqual({ mac: parseMac('33:33:ff:ab:ab:ab'), adi: 0 })
  })

  it('are ordered by MAC, then ADI', () => {
    const groups = [
      { mac: mac(2), adi: 0 },
      { mac: mac(1), adi: 9 },
      { mac: mac(1), adi: 3 },
    ]
    expect(groups.sort(compareGroups).map((g) => [g.mac, g.adi])).toEqual([
      [1, 3],
      [1, 9],
      [2, 0],
    ])
  })
})

describe('managed addresses', () => {
  it('name the node that they belong to', () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, anyNetwork, (mine, theirs, network) => {
        expect(embeddedAddress(rfc4193(mine, network), 88, rfc4193(theirs, network), network)).toBe(theirs)
        expect(embeddedAddress(sixPlane(mine, network), 40, sixPlane(theirs, network), network)).toBe(theirs)
      }),
    )
  })

  it('name nobody where the prefix differs or is not of that kind', () => {
    const [network, other] = [networkId(0x8056c2e21c000001n), networkId(0x8056c2e21c000002n)]
    const [a, b] = [address(1), address(2)]
    expect(embeddedAddress(rfc4193(a, network), 88, rfc4193(b, other), network)).toBeUndefined()
    expect(embeddedAddress(sixPlane(a, network), 40, sixPlane(b, other), network)).toBeUndefined()
    expect(embeddedAddress(sixPlane(a, network), 64, sixPlane(b, network), network)).toBeUndefined()
    expect(embeddedAddress(Uint8Array.of(10, 0, 0, 1), 24, Uint8Array.of(10, 0, 0, 2), network)).toBeUndefined()
  })
})
