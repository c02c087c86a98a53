import type { Mac } from '../kernel/id.ts'
import { BROADCAST, isMulticast } from './mac.ts'
import { word32 } from './rule-program.ts'
import { ETHERTYPE_ARP, familyOf, PROTOCOL_ICMPV6, PROTOCOL_TCP, type Scene } from './rule-scene.ts'

/**
 * Whether a frame has any characteristic of a mask, given in halves (`docs/protocol/vl2.md` §8.4). Only what the mask
 * asks for is looked at.
 *
 *     63 inbound   62 multicast   61 broadcast   60 sender IP authenticated   59 sender MAC authenticated
 *     11..0 TCP: reserved, ns, cwr ece urg ack psh rst syn fin
 */
export const hasCharacteristic = (s: Scene, high: number, low: number): boolean =>
  ((high & INBOUND) !== 0 && s.inbound) ||
  ((high & MULTICAST) !== 0 && isMulticast(s.to as Mac)) ||
  ((high & BROADCAST_BIT) !== 0 && s.to === BROADCAST) ||
  ((low & TCP_BITS) !== 0 && (tcpFlags(s) & low) !== 0) ||
  ((high & MAC_AUTHENTICATED) !== 0 && (s.inbound ? s.remote : s.own).macs.has(s.from)) ||
  ((high & IP_AUTHENTICATED) !== 0 && isSenderAuthenticated(s))

/** The 12 bits; bytes beyond the end of an IPv4 frame read as 0. */
const tcpFlags = (s: Scene): number => {
  const p = s.payload
  const family = familyOf(s)
  if (s.protocol !== PROTOCOL_TCP) return 0
  const at = s.upperAt
  if (family === 6) return p.length > at + 14 ? ((p[at + 12]! & 15) << 8) | p[at + 13]! : 0
  const flags = at + 13 < p.length ? p[at + 13]! : 0
  return at + 12 < p.length ? ((p[at + 12]! & 15) << 8) | flags : flags
}

const isSenderAuthenticated = (s: Scene): boolean => {
  const p = s.payload
  const family = familyOf(s)
  if (family === 4) return ownsIpv4(s, 12)
  if (family !== 6) return s.etherType === ETHERTYPE_ARP && p.length >= ARP_LENGTH && ownsIpv4(s, 14)
  if (p.length >= 64 && p[6] === PROTOCOL_ICMPV6) {
    if (p[40] === NEIGHBOUR_SOLICITATION) return true
    if (p[40] === NEIGHBOUR_ADVERTISEMENT) return ownsIpv6(s, 48)
  }
  return ownsIpv6(s, 8)
}

const ownsIpv4 = (s: Scene, at: number): boolean => {
  const ip = word32(s.payload, at)
  return ip !== 0 && (s.inbound ? s.remote : s.own).ipv4.has(ip)
}

const ownsIpv6 = (s: Scene, at: number): boolean => {
  const p = s.payload
  if (s.inbound) for (const prefix of s.emulatedPrefixes) if (isAt(prefix, p, at)) return true
  if (word32(p, at) === 0 && word32(p, at + 4) === 0 && word32(p, at + 8) === 0 && word32(p, at + 12) === 0)
    return false
  for (const ip of (s.inbound ? s.remote : s.own).ipv6) if (isAt(ip, p, at)) return true
  return false
}

const isAt = (wanted: Uint8Array, p: Uint8Array, at: number): boolean => {
  for (let i = 0; i < wanted.length; i++) if (p[at + i] !== wanted[i]) return false
  return true
}

const INBOUND = 0x8000_0000
const MULTICAST = 0x4000_0000
const BROADCAST_BIT = 0x2000_0000
const IP_AUTHENTICATED = 0x1000_0000
const MAC_AUTHENTICATED = 0x0800_0000
const TCP_BITS = 0xfff
const ARP_LENGTH = 28
const NEIGHBOUR_SOLICITATION = 0x87
const NEIGHBOUR_ADVERTISEMENT = 0x88
