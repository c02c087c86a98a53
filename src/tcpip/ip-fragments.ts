import { readU16, writeU16, writeU32 } from '../protocol/kernel/codec.ts'
import { checksumOf, sum } from './checksum.ts'
import { blank } from './host.ts'
import { IPV4_HEADER, ihlOf, MORE_FRAGMENTS } from './ipv4.ts'
import { FRAGMENT, IPV6_HEADER } from './ipv6.ts'

/**
 * Cutting packets that are larger than the path: IPv4 in place of its offset field (RFC 791 §3.2), IPv6 with a
 * fragment header behind the fixed one (RFC 8200 §4.5):
 *
 *     next header[1]   0[1]   offset·reserved·more[2]   identification[4]
 *
 * Every piece but the last has a payload of whole 8-byte units. Packets of ours carry no options to copy.
 */
export const fragmentIpv4 = (packet: Uint8Array, mtu: number): readonly Uint8Array[] => {
  const payload = packet.length - IPV4_HEADER
  const room = (mtu - IPV4_HEADER) & ~7
  const pieces: Uint8Array[] = []
  for (let from = 0; from < payload; from += room) {
    const length = Math.min(room, payload - from)
    const piece = blank(IPV4_HEADER + length)
    piece.set(packet.subarray(0, IPV4_HEADER))
    piece.set(packet.subarray(IPV4_HEADER + from, IPV4_HEADER + from + length), IPV4_HEADER)
    writeU16(piece, 2, piece.length)
    writeU16(piece, 6, (from >>> 3) | (from + length < payload ? MORE_FRAGMENTS : 0))
    writeU16(piece, 10, 0)
    writeU16(piece, 10, checksumOf(sum(piece, 0, IPV4_HEADER)))
    pieces.push(piece)
  }
  return pieces
}

export const fragmentIpv6 = (packet: Uint8Array, mtu: number, identification: number): readonly Uint8Array[] => {
  const payload = packet.length - IPV6_HEADER
  const room = (mtu - IPV6_HEADER - FRAGMENT_HEADER) & ~7
  const pieces: Uint8Array[] = []
  for (let from = 0; from < payload; from += room) {
    const length = Math.min(room, payload - from)
    const piece = blank(IPV6_HEADER + FRAGMENT_HEADER + length)
    piece.set(packet.subarray(0, IPV6_HEADER))
    writeU16(piece, 4, FRAGMENT_HEADER + length)
    piece[6] = FRAGMENT
    piece[IPV6_HEADER] = packet[6]!
    writeU16(piece, IPV6_HEADER + 2, from | (from + length < payload ? 1 : 0))
    writeU32(piece, IPV6_HEADER + 4, identification)
    piece.set(packet.subarray(IPV6_HEADER + from, IPV6_HEADER + from + length), IPV6_HEADER + FRAGMENT_HEADER)
    pieces.push(piece)
  }
  return pieces
}

/** The whole IPv4 packet, with the header of its first fragment. */
export const joinIpv4 = (first: Uint8Array, parts: readonly Uint8Array[], total: number): Uint8Array => {
  const header = ihlOf(first)
  const packet = new Uint8Array(header + total)
  packet.set(first.subarray(0, header))
  place(packet, header, parts)
  writeU16(packet, 2, packet.length)
  writeU16(packet, 6, 0)
  writeU16(packet, 10, 0)
  writeU16(packet, 10, checksumOf(sum(packet, 0, header)))
  return packet
}

/**
 * The whole IPv6 packet: everything of the first fragment in front of its fragment header (at `at`, named by the byte
 * at `named`), then the parts.
 */
export const joinIpv6 = (
  first: Uint8Array,
  at: number,
  named: number,
  parts: readonly Uint8Array[],
  total: number,
): Uint8Array => {
  const packet = new Uint8Array(at + total)
  packet.set(first.subarray(0, at))
  packet[named] = first[at]!
  writeU16(packet, 4, packet.length - IPV6_HEADER)
  place(packet, at, parts)
  return packet
}

const place = (packet: Uint8Array, from: number, parts: readonly Uint8Array[]): void => {
  let at = from
  for (const part of parts) {
    packet.set(part, at)
    at += part.length
  }
}

/** The upper header that a first fragment must hold whole (RFC 7112, RFC 1858): its least length. */
export const leastUpperHeader = (protocol: number): number => (protocol === 6 ? 20 : 8)

export const FRAGMENT_HEADER = 8
export const offsetOf = (field: number): number => field & 0xfff8
export const fragmentFieldV6 = (b: Uint8Array, at: number): number => readU16(b, at + 2)
