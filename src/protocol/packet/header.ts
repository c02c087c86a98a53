/**
 * The VL1 packet header (`docs/protocol/vl1.md`, packet format), read and written in place.
 *
 *     packet ID[8]   destination[5]   source[5]   flags/cipher/hops[1]   MAC[8]   verb[1]   payload…
 *
 *     byte 18:  0x80 set iff suite 1 | 0x40 head of a fragmented packet | 0x38 cipher suite | 0x07 hops
 *     byte 27:  0x80 payload is an LZ4 block | 0x1f verb
 *
 * Plain functions on bytes, because every packet passes here: no objects, no bigints unless asked for. All but
 * `classify` expect a datagram that `classify` called a packet (28 bytes or more).
 */
import { readU32, readU64 } from '../kernel/codec.ts'
import { type Address, address, type PacketId, packetId, readU40, writeU40 } from '../kernel/id.ts'
import { HEADER } from '../vl1-io.ts'

export type DatagramKind = 'packet' | 'fragment' | 'beacon' | 'ignored'

/** What a datagram claims to be, by its length and the mark at byte 13. A beacon is the LAN greeting of old nodes. */
export const classify = (datagram: Uint8Array): DatagramKind => {
  if (datagram.length === BEACON) return 'beacon'
  if (datagram.length <= FRAGMENT_HEADER) return 'ignored'
  if (datagram[13] === FRAGMENT_MARK) return 'fragment'
  return datagram.length >= HEADER ? 'packet' : 'ignored'
}

export const packetIdOf = (packet: Uint8Array): PacketId => packetId(readU64(packet, 0))
/** The upper 32 bits of the wire packet ID: what the reply filter remembers. */
export const packetIdHigh = (packet: Uint8Array): number => readU32(packet, 0)
export const packetIdLow = (packet: Uint8Array): number => readU32(packet, 4)
/** Also true of fragments, which have no source. */
export const destinationOf = (datagram: Uint8Array): Address => address(readU40(datagram, 8))
export const sourceOf = (packet: Uint8Array): Address => address(readU40(packet, 13))
export const hopsOf = (packet: Uint8Array): number => packet[18]! & HOPS
/** 0–3 exist, 4–7 are reserved. */
export const cipherOf = (packet: Uint8Array): number => (packet[18]! & CIPHER) >>> 3
export const isFragmentedHead = (packet: Uint8Array): boolean => (packet[18]! & FRAGMENTED) !== 0
/** Readable once the packet is open, and at any time under suite 0. */
export const verbOf = (packet: Uint8Array): number => packet[27]! & VERB
export const isCompressed = (packet: Uint8Array): boolean => (packet[27]! & COMPRESSED) !== 0
/** The trusted path ID of suite 2, where the other suites have their MAC. */
export const trustedPathOf = (packet: Uint8Array): bigint => readU64(packet, 19)
/** A view of what follows the verb byte, compressed or not. */
export const bodyOf = (packet: Uint8Array): Uint8Array => packet.subarray(HEADER)

/**
 * Fills the 28 bytes in front of a payload: `id` is 8 random bytes, suite and hops are zero, the MAC is left for
 * sealing. `verb` may carry the compressed bit.
 */
export const writeHeader = (packet: Uint8Array, id: Uint8Array, to: Address, from: Address, verb: number): void => {
  for (let i = 0; i < 8; i++) packet[i] = id[i]!
  writeU40(packet, 8, to)
  writeU40(packet, 13, from)
  packet.fill(0, 18, 27)
  packet[27] = verb
}

/** Says that fragments follow. Before sealing, since the MAC covers it. */
export const markFragmented = (packet: Uint8Array): void => {
  packet[18] = packet[18]! | FRAGMENTED
}

/** Suite 2: no cryptography, the trusted path ID in place of a MAC. */
export const sealTrusted = (packet: Uint8Array, high: number, low: number): void => {
  packet[18] = (packet[18]! & ~(LEGACY | CIPHER)) | (2 << 3)
  for (let i = 0; i < 4; i++) {
    packet[19 + i] = high >>> (24 - 8 * i)
    packet[23 + i] = low >>> (24 - 8 * i)
  }
}

/** What a relay does to a packet; the MAC does not cover these bits. */
export const addHop = (packet: Uint8Array): void => {
  packet[18] = (packet[18]! & ~HOPS) | ((packet[18]! + 1) & HOPS)
}

export const FRAGMENT_HEADER = 16
export const FRAGMENT_MARK = 0xff
/** Packets that have come this far are not forwarded again. */
export const MAX_RELAY_HOPS = 3
/** The largest packet, assembled, header included. */
export const MAX_PACKET = 10_024
export const COMPRESSED = 0x80
const BEACON = 13
const LEGACY = 0x80
const FRAGMENTED = 0x40
const CIPHER = 0x38
const HOPS = 0x07
const VERB = 0x1f
