import { readU32, writeU16 } from '../kernel/codec.ts'
import type { Frame, MulticastGroup } from '../kernel/frame.ts'
import type { Address } from '../kernel/id.ts'
import { type Mac, type NetworkId, writeU48 } from '../kernel/id.ts'
import { parseIp } from '../kernel/ip.ts'
import type { IpPrefix } from './config.ts'
import { BROADCAST, type MacScheme, macOf } from './mac.ts'
import { embeddedAddress } from './managed-address.ts'

/** An own static IPv6 address, as bytes. */
export interface OwnIpv6 {
  readonly ip: Uint8Array
  readonly bits: number
}

/**
 * The multicast group of an ARP request: the broadcast MAC, told apart by the IPv4 address asked for, so that the
 * question reaches only its owner (`docs/protocol/vl2.md` §13.1). `undefined` if the frame is no such request.
 */
export const arpGroup = (frame: Frame): MulticastGroup | undefined => {
  const p = frame.payload
  if (frame.to !== BROADCAST || frame.etherType !== ETHERTYPE_ARP || p.length < ARP_LENGTH) return undefined
  const request = p[2] === 0x08 && p[3] === 0x00 && p[4] === 6 && p[5] === 4 && p[7] === 1
  return request ? { mac: BROADCAST, adi: readU32(p, 24) } : undefined
}

export const ownIpv6 = (staticIps: readonly IpPrefix[]): readonly OwnIpv6[] =>
  staticIps.flatMap(({ address, bits }) => {
    const ip = parseIp(address)
    return ip?.length === 16 ? [{ ip, bits }] : []
  })

/**
 * The neighbour advertisement that answers a solicitation for a managed address, which itself says who owns it;
 * `undefined` if the frame is anything else and has to go out (`docs/protocol/vl2.md` §13.2).
 *
 *     IPv6[40]   type[1] = 136   0[1]   checksum[2]   flags[4] = solicited, override   target[16]   2[1] 1[1] MAC[6]
 */
export const emulateNdp = (
  frame: Frame,
  own: readonly OwnIpv6[],
  self: Address,
  network: NetworkId,
  scheme: MacScheme,
): Frame | undefined => {
  const p = frame.payload
  if (frame.etherType !== ETHERTYPE_IPV6 || p.length < 64 || frame.to === BROADCAST) return undefined
  if (p[6] !== ICMPV6 || p[40] !== NEIGHBOUR_SOLICITATION) return undefined
  const target = p.subarray(48, 64)
  for (const { ip, bits } of own) {
    const owner = embeddedAddress(ip, bits, target, network)
    if (owner === undefined) continue
    if (owner === 0 || owner === self) return undefined
    const from = macOf(scheme, owner)
    return { to: frame.from, from, etherType: ETHERTYPE_IPV6, payload: advertisement(target, ip, from) }
  }
  return undefined
}

const advertisement = (target: Uint8Array, to: Uint8Array, mac: Mac): Uint8Array => {
  const out = new Uint8Array(72)
  out[0] = 0x60
  out[5] = 32
  out[6] = ICMPV6
  out[7] = 255
  out.set(target, 8)
  out.set(to, 24)
  out[40] = NEIGHBOUR_ADVERTISEMENT
  out[44] = 0x60
  out.set(target, 48)
  out[64] = 2
  out[65] = 1
  writeU48(out, 66, mac)
  // RFC 4443 §2.3: the pseudo-header is both addresses, the length and the next header; the rest is the message
  let sum = 32 + ICMPV6
  for (let i = 8; i < 72; i += 2) sum += (out[i]! << 8) | out[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  writeU16(out, 42, ~sum & 0xffff)
  return out
}

const ARP_LENGTH = 28
const ETHERTYPE_ARP = 0x0806
const ETHERTYPE_IPV6 = 0x86dd
const ICMPV6 = 58
const NEIGHBOUR_SOLICITATION = 0x87
const NEIGHBOUR_ADVERTISEMENT = 0x88
