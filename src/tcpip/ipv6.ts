import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import type { StackDropReason } from './stack-io.ts'

/**
 * The IPv6 header and its extension headers (RFC 8200).
 *
 *     version·class·flow label[4]   payload length[2]   next header[1]   hop limit[1]   source[16]   destination[16]
 */
export const payloadLengthOf = (b: Uint8Array): number => readU16(b, 4)
export const IPV6_HEADER = 40
export const SOURCE_V6 = 8
export const DESTINATION_V6 = 24

/** What is wrong with the fixed header of `b` (which may have padding behind the packet), or `undefined`. */
export const refuseIpv6 = (b: Uint8Array): StackDropReason | undefined => {
  if (b.length < IPV6_HEADER || b[0]! >>> 4 !== 6) return 'ip-malformed'
  const payload = payloadLengthOf(b)
  // zero would announce a jumbogram (RFC 2675), which no link here can carry
  if (IPV6_HEADER + payload > b.length || (payload === 0 && b[6] === HOP_BY_HOP)) return 'ip-malformed'
  return isMapped(b, SOURCE_V6) || isMapped(b, DESTINATION_V6) ? 'ip-source' : undefined
}
/** ::ffff:a.b.c.d, a notation that must not be met on a wire (RFC 6890). */
const isMapped = (b: Uint8Array, at: number): boolean => {
  if (b[at + 10] !== 0xff || b[at + 11] !== 0xff) return false
  for (let i = 0; i < 10; i++) if (b[at + i] !== 0) return false
  return true
}

/** Writes the fixed header of the packet that fills `b`. `label` is 20 bits. */
export const writeIpv6 = (
  b: Uint8Array,
  trafficClass: number,
  label: number,
  next: number,
  hopLimit: number,
  source: Uint8Array,
  destination: Uint8Array,
): void => {
  b[0] = 0x60 | (trafficClass >>> 4)
  b[1] = ((trafficClass & 15) << 4) | (label >>> 16)
  writeU16(b, 2, label)
  writeU16(b, 4, b.length - IPV6_HEADER)
  b[6] = next
  b[7] = hopLimit
  for (let i = 0; i < 16; i++) {
    b[SOURCE_V6 + i] = source[i]!
    b[DESTINATION_V6 + i] = destination[i]!
  }
}

/** Where the walk through the extension headers ended. One record is reused for all packets of a stack. */
export interface Chain {
  /** The upper protocol, or `FRAGMENT`, or `NO_NEXT_HEADER`. */
  protocol: number
  /** Where its header begins. */
  at: number
  /** Offset of the byte that named it. */
  named: number
  /** Code of the ICMPv6 Parameter Problem to answer with, and where it points; -1: none. */
  problem: number
  pointer: number
  /** The problem is reported even where the packet was multicast (option type 10…). */
  always: boolean
}
export const chain = (): Chain => ({ protocol: 0, at: 0, named: 0, problem: -1, pointer: 0, always: false })

/**
 * Walks from the fixed header to the upper header (or a fragment header, where the caller decides). Returns why the
 * packet must be dropped, else `undefined`. RFC 8200 §4, limits of RFC 8504 §5.3.
 */
export const walk = (b: Uint8Array, c: Chain): StackDropReason | undefined => {
  c.protocol = b[6]!
  c.at = IPV6_HEADER
  c.named = 6
  c.problem = -1
  c.always = false
  for (let headers = 0; ; headers++) {
    const next = c.protocol
    if (next !== HOP_BY_HOP && next !== ROUTING && next !== DESTINATION_OPTIONS) return undefined
    if (next === HOP_BY_HOP && headers > 0) return problem(c, UNKNOWN_NEXT_HEADER, c.named)
    if (headers === MOST_HEADERS) return 'ip-options'
    const length = c.at + 8 <= b.length ? (b[c.at + 1]! + 1) * 8 : Infinity
    if (c.at + length > b.length) return 'ip-malformed'
    if (next === ROUTING) {
      // with segments left this host would have to forward; type 0 is forbidden (RFC 5095)
      if (b[c.at + 3] !== 0) return problem(c, ERRONEOUS_FIELD, c.at + 2)
    } else {
      const refused = refuseOptions(b, c, c.at + 2, c.at + length)
      if (refused !== undefined) return refused
    }
    c.protocol = b[c.at]!
    c.named = c.at
    c.at += length
  }
}

const refuseOptions = (b: Uint8Array, c: Chain, from: number, end: number): StackDropReason | undefined => {
  let at = from
  let options = 0
  while (at < end) {
    const type = b[at]!
    if (type === PAD1) {
      at++
      continue
    }
    const length = at + 1 < end ? b[at + 1]! : Infinity
    if (at + 2 + length > end) return 'ip-options'
    if (type === PADN) {
      if (length > MOST_PADDING) return 'ip-options'
      for (let i = at + 2; i < at + 2 + length; i++) if (b[i] !== 0) return 'ip-options'
    } else {
      if (++options > MOST_OPTIONS) return 'ip-options'
      if (type !== ROUTER_ALERT && type >>> 6 !== 0) {
        if (type >>> 6 === 1) return 'ip-options'
        c.always = type >>> 6 === 2
        return problem(c, UNKNOWN_OPTION, at)
      }
    }
    at += 2 + length
  }
  return undefined
}

const problem = (c: Chain, code: number, pointer: number): StackDropReason => {
  c.problem = code
  c.pointer = pointer
  return 'ip-options'
}

export const HOP_BY_HOP = 0
export const ROUTING = 43
export const FRAGMENT = 44
export const ICMPV6 = 58
export const NO_NEXT_HEADER = 59
export const DESTINATION_OPTIONS = 60
/** Codes of Parameter Problem (RFC 4443 §3.4, RFC 7112). */
export const ERRONEOUS_FIELD = 0
export const UNKNOWN_NEXT_HEADER = 1
export const UNKNOWN_OPTION = 2
export const INCOMPLETE_CHAIN = 3
const PAD1 = 0
const PADN = 1
const ROUTER_ALERT = 5
const MOST_HEADERS = 8
const MOST_OPTIONS = 8
/** PadN never needs more: with its own two bytes it fills seven. */
const MOST_PADDING = 5
