import { describe, expect, it } from 'vitest'
import type { Frame } from '../../../src/protocol/kernel/frame.ts'
import { address, type Mac, networkId } from '../../../src/protocol/kernel/id.ts'
import { printIp } from '../../../src/protocol/kernel/ip.ts'
import { BROADCAST, macOf, macScheme } from '../../../src/protocol/network/mac.ts'
import { rfc4193, sixPlane } from '../../../src/protocol/network/managed-address.ts'
import { arpGroup, emulateNdp, ownIpv6 } from '../../../src/protocol/network/resolution.ts'
import { unhex } from '../../support/checker.ts'

const network = networkId(0x60ca6443caa56360n)
const scheme = macScheme(network)
const [self, peer] = [address(0x1a02b166b2), address(0x89dd1d2eaf)]
const own = ownIpv6([
  { address: '10.0.0.1', bits: 24 },
  { address: printIp(rfc4193(self, network)), bits: 88 },
  { address: printIp(sixPlane(self, network)), bits: 40 },
])
const solicitation = (target: Uint8Array): Frame => {
  const payload = new Uint8Array(72)
  payload[0] = 0x60
  payload[6] = 58
  payload[40] = 0x87
  payload.set(target, 48)
  return { to: 0x3333_ff00_0001 as Mac, from: macOf(scheme, self), etherType: 0x86dd, payload }
}
const answer = (target: Uint8Array) => emulateNdp(solicitation(target), own, self, network, scheme)

describe('neighbour discovery without asking', () => {
  it.each([
    ['6PLANE', sixPlane],
    ['RFC 4193', rfc4193],
  ] as const)('answers for a %s address in the name of the member it belongs to', (_kind, make) => {
    const target = make(peer, network)
    const found = answer(target)!
    expect([found.to, found.from, found.etherType]).toEqual([macOf(scheme, self), macOf(scheme, peer), 0x86dd])
    expect(found.payload.subarray(8, 24)).toEqual(target)
    expect(found.payload.subarray(48, 64)).toEqual(target)
  })

  it('gives a checksum that adds up', () => {
    const { payload } = answer(sixPlane(peer, network))!
    let sum = 32 + 58
    for (let i = 8; i < 72; i += 2) sum += (payload[i]! << 8) | payload[i + 1]!
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
    expect(sum).toBe(0xffff)
  })

  it('leaves everything else to the network', () => {
    expect(answer(sixPlane(self, network))).toBeUndefined()
    expect(answer(sixPlane(address(0), network))).toBeUndefined()
    expect(answer(new Uint8Array(16))).toBeUndefined()
    const target = sixPlane(peer, network)
    const asked = solicitation(target)
    for (const frame of [
      { ...asked, etherType: 0x0800 },
      { ...asked, to: BROADCAST },
      { ...asked, payload: asked.payload.subarray(0, 63) },
    ])
      expect(emulateNdp(frame, own, self, network, scheme)).toBeUndefined()
  })
})

describe('the group of an ARP request', () => {
  const frame: Frame = {
    to: BROADCAST,
    from: macOf(scheme, self),
    etherType: 0x0806,
    payload: unhex('00010800060400010203040506070a000001000000000000' + '0a000002'),
  }

  it('is broadcast, told apart by the address asked for', () => {
    expect(arpGroup(frame)).toEqual({ mac: BROADCAST, adi: 0x0a000002 })
  })

  it('is that of no other frame', () => {
    const reply = frame.payload.slice()
    reply[7] = 2
    expect(arpGroup({ ...frame, payload: reply })).toBeUndefined()
    expect(arpGroup({ ...frame, payload: frame.payload.subarray(0, 27) })).toBeUndefined()
    expect(arpGroup({ ...frame, etherType: 0x0800 })).toBeUndefined()
    expect(arpGroup({ ...frame, to: macOf(scheme, peer) })).toBeUndefined()
  })
})
