/**
 * Fragments of a packet larger than a path takes (`docs/protocol/vl1.md`, fragmentation).
 *
 *     packet ID[8]   destination[5]   0xff[1]   pieces[4 bits] number[4 bits]   hops[1]   next bytes of the packet…
 *
 * The head is the first bytes of the armored packet itself. A fragment has no source and no MAC: only the assembled
 * packet is authenticated. Its ID is the wire ID of the head, so packets are cut after sealing.
 */
import { FRAGMENT_HEADER, FRAGMENT_MARK, MAX_PACKET } from './header.ts'

/** All pieces of the packet, head included. */
export const piecesOf = (fragment: Uint8Array): number => fragment[14]! >>> 4
/** 1 for the piece that follows the head. */
export const numberOf = (fragment: Uint8Array): number => fragment[14]! & 0x0f
export const fragmentHopsOf = (fragment: Uint8Array): number => fragment[15]! & 0x07
export const addFragmentHop = (fragment: Uint8Array): void => {
  fragment[15] = (fragment[15]! & ~0x07) | ((fragment[15]! + 1) & 0x07)
}

/** Whether a receiver can use it; `number < pieces` is our strictness, native nodes do not look. */
export const isPlausibleFragment = (fragment: Uint8Array): boolean => {
  const pieces = piecesOf(fragment)
  const number = numberOf(fragment)
  return number >= 1 && pieces >= 2 && pieces <= MAX_PIECES && number < pieces
}

/** Datagrams that a sealed packet of `size` bytes makes for paths that take `mtu` bytes of UDP payload. */
export const piecesNeeded = (size: number, mtu: number): number =>
  size <= mtu ? 1 : 1 + Math.ceil((size - mtu) / (mtu - FRAGMENT_HEADER))

/** The largest packet that receivers can put together again: 9928 bytes at the usual 1432. */
export const largestPacket = (mtu: number): number =>
  Math.min(MAX_PACKET, mtu + (MAX_PIECES - 1) * (mtu - FRAGMENT_HEADER))

/**
 * The datagrams of a sealed packet, head first: a view of the packet, then views of one new buffer. The caller has kept
 * to `largestPacket`; the format itself ends at 15 pieces.
 */
export const fragment = (packet: Uint8Array, mtu: number): readonly Uint8Array[] => {
  if (packet.length <= mtu) return [packet]
  const pieces = piecesNeeded(packet.length, mtu)
  const step = mtu - FRAGMENT_HEADER
  const datagrams = [packet.subarray(0, mtu)]
  const all = new Uint8Array(packet.length - mtu + (pieces - 1) * FRAGMENT_HEADER)
  for (let number = 1, from = mtu, at = 0; number < pieces; number++, from += step, at += mtu) {
    const piece = all.subarray(at, at + Math.min(mtu, packet.length - from + FRAGMENT_HEADER))
    for (let i = 0; i < 13; i++) piece[i] = packet[i]!
    piece[13] = FRAGMENT_MARK
    piece[14] = (pieces << 4) | number
    piece.set(packet.subarray(from, from + piece.length - FRAGMENT_HEADER), FRAGMENT_HEADER)
    datagrams.push(piece)
  }
  return datagrams
}

/** Pieces a receiver accepts, head included, of the 15 the format could number. */
export const MAX_PIECES = 7
/** UDP payload a path is taken to carry, unless configured from 1400 to 10324. */
export const PHYSICAL_MTU = 1432
