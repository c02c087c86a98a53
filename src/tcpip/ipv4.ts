import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import { checksumOf, isIntact, sum, updated } from './checksum.ts'
import type { StackDropReason } from './stack-io.ts'

/**
 * The IPv4 header (RFC 791), read and written where it stands.
 *
 *     version·IHL[1]   ToS[1]   total length[2]   identification[2]   flags·fragment offset[2]
 *     TTL[1]   protocol[1]   checksum[2]   source[4]   destination[4]   options[…]
 */
export const ihlOf = (b: Uint8Array): number => (b[0]! & 15) * 4
export const totalLengthOf = (b: Uint8Array): number => readU16(b, 2)
/** More-fragments flag and offset together: zero for a packet that is whole. */
export const fragmentFieldOf = (b: Uint8Array): number => readU16(b, 6) & 0x3fff
export const MORE_FRAGMENTS = 0x2000
export const DONT_FRAGMENT = 0x4000
export const IPV4_HEADER = 20
export const SOURCE_V4 = 12
export const DESTINATION_V4 = 16

/** What is wrong with the header of `b` (which may have padding behind the packet), or `undefined`. */
export const refuseIpv4 = (b: Uint8Array): StackDropReason | undefined => {
  const length = b.length
  if (length < IPV4_HEADER || b[0]! >>> 4 !== 4) return 'ip-malformed'
  const header = ihlOf(b)
  const total = totalLengthOf(b)
  if (header < IPV4_HEADER || total < header || total > length) return 'ip-malformed'
  if (!isIntact(sum(b, 0, header))) return 'ip-checksum'
  return header > IPV4_HEADER && !hasGoodOptions(b, header) ? 'ip-options' : undefined
}

/** Walks the options: none may leave the header, none may prescribe a route (RFC 6274 §3.13.2.3). */
const hasGoodOptions = (b: Uint8Array, header: number): boolean => {
  let at = IPV4_HEADER
  while (at < header) {
    const kind = b[at]!
    if (kind === 0) return true
    if (kind === 1) {
      at++
      continue
    }
    const length = b[at + 1]!
    if (at + 1 >= header || length < 2 || at + length > header) return false
    if (kind === LOOSE_SOURCE_ROUTE || kind === STRICT_SOURCE_ROUTE) return false
    at += length
  }
  return true
}
const LOOSE_SOURCE_ROUTE = 131
const STRICT_SOURCE_ROUTE = 137

/** Writes the 20-byte header of the packet that fills `b`. `fragment` is the flags and offset field. */
export const writeIpv4 = (
  b: Uint8Array,
  tos: number,
  identification: number,
  fragment: number,
  ttl: number,
  protocol: number,
  source: Uint8Array,
  destination: Uint8Array,
): void => {
  b[0] = 0x45
  b[1] = tos
  writeU16(b, 2, b.length)
  writeU16(b, 4, identification)
  writeU16(b, 6, fragment)
  b[8] = ttl
  b[9] = protocol
  b[10] = 0
  b[11] = 0
  for (let i = 0; i < 4; i++) {
    b[SOURCE_V4 + i] = source[i]!
    b[DESTINATION_V4 + i] = destination[i]!
  }
  writeU16(b, 10, checksumOf(sum(b, 0, IPV4_HEADER)))
}

/** Gives a packet that will be cut its identification. */
export const identifyIpv4 = (b: Uint8Array, identification: number): void => {
  writeU16(b, 10, updated(readU16(b, 10), readU16(b, 4), identification))
  writeU16(b, 4, identification)
}

/** Fills in what a header brought by a socket leaves zero: length, identification, checksum. */
export const completeIpv4 = (b: Uint8Array, identification: number): void => {
  if (readU16(b, 2) === 0) writeU16(b, 2, b.length)
  if (readU16(b, 4) === 0) writeU16(b, 4, identification)
  if (readU16(b, 10) === 0) writeU16(b, 10, checksumOf(sum(b, 0, ihlOf(b))))
}

export const ICMP = 1
export const IGMP = 2
export const TCP = 6
export const UDP = 17
