/**
 * LZ4 blocks (no frame, no size in front), the only compression of VL1 (`docs/protocol/vl1.md`, compression).
 *
 *     token[1] = literals[4 bits] match − 4[4 bits]   (255 255 … n, if literals = 15)   literal bytes
 *     distance[2, little-endian]   (255 255 … n, if match − 4 = 15)      … the last sequence ends with its literals
 *
 * The decoder measures first, refusing whatever is malformed or too large, and copies into a buffer of the exact size
 * afterwards. The encoder is greedy, with one table of recent positions, and strides faster through data that yields
 * nothing.
 */

import { HEADER } from '../vl1-io.ts'
import { bodyOf, COMPRESSED, isCompressed, MAX_PACKET } from './header.ts'

/** The block for `data`, or `undefined` where the protocol says not to compress: too short, or nothing gained. */
export const compress = (data: Uint8Array): Uint8Array | undefined => {
  if (data.length <= TOO_SHORT || data.length > MOST_PAYLOAD) return undefined
  const out = new Uint8Array(data.length - 1)
  const size = encodeBlock(data, 0, out, 0)
  return size < 0 ? undefined : out.subarray(0, size)
}

/** The data of a block, at most `most` bytes; `undefined` if it is no block, is larger, or says nothing at length. */
export const decompress = (data: Uint8Array, most: number): Uint8Array | undefined => {
  if (data.length === 0) return data
  const size = measure(data, most)
  return size <= 0 ? undefined : expand(data, new Uint8Array(size))
}

/** The packet with its payload compressed and the verb byte marked, or the packet itself where nothing is gained. */
export const compressPacket = (packet: Uint8Array): Uint8Array => {
  if (packet.length <= HEADER + TOO_SHORT || packet.length > MAX_PACKET) return packet
  const out = new Uint8Array(packet.length - 1)
  const end = encodeBlock(packet, HEADER, out, HEADER)
  if (end < 0) return packet
  out.set(packet.subarray(0, HEADER))
  out[27] = out[27]! | COMPRESSED
  return out.subarray(0, end)
}

/** What an opened packet says after its verb byte; `undefined` if it cannot be decompressed. */
export const payloadOf = (packet: Uint8Array): Uint8Array | undefined =>
  isCompressed(packet) ? decompress(bodyOf(packet), MOST_PAYLOAD) : bodyOf(packet)

/** Encodes `data` from `start` on and returns where the block ends, or −1 if it does not fit into `out`. */
const encodeBlock = (data: Uint8Array, start: number, out: Uint8Array, outAt: number): number => {
  recent.fill(0)
  const matchLimit = data.length - TAIL
  const lastStart = data.length - NO_MATCH_FROM
  let anchor = start
  let at = start
  let to = outAt
  let misses = 0
  while (at <= lastStart) {
    const word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    const key = Math.imul(word, 0x9e37_79b1) >>> (32 - KEY_BITS)
    const candidate = recent[key]! - 1 // stored plus one: zero is "nothing yet"
    recent[key] = at + 1
    if (
      candidate < start ||
      data[candidate] !== data[at] ||
      data[candidate + 1] !== data[at + 1] ||
      data[candidate + 2] !== data[at + 2] ||
      data[candidate + 3] !== data[at + 3]
    ) {
      at += 1 + (misses++ >>> STRIDE)
      continue
    }
    let length = MIN_MATCH
    while (at + length < matchLimit && data[candidate + length] === data[at + length]) length++
    to = writeSequence(data, anchor, at, out, to, length - MIN_MATCH)
    if (to < 0 || to + 2 > out.length) return -1
    const distance = at - candidate
    out[to++] = distance
    out[to++] = distance >>> 8
    to = writeMore(out, to, length - MIN_MATCH)
    if (to < 0) return -1
    at += length
    anchor = at
    misses = 0
  }
  return writeSequence(data, anchor, data.length, out, to, 0)
}

/** Token and literals; −1 if they do not fit. */
const writeSequence = (
  data: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  at: number,
  match: number,
): number => {
  const literals = end - from
  if (at >= out.length) return -1
  out[at] = (Math.min(literals, LONG) << 4) | Math.min(match, LONG)
  const to = writeMore(out, at + 1, literals)
  if (to < 0 || to + literals > out.length) return -1
  copy(data, from, out, to, literals)
  return to + literals
}

/** The bytes by which a length exceeds what the token holds; −1 if they do not fit. */
const writeMore = (out: Uint8Array, at: number, length: number): number => {
  if (length < LONG) return at
  let left = length - LONG
  let to = at
  if (to + Math.floor(left / 255) + 1 > out.length) return -1
  for (; left >= 255; left -= 255) out[to++] = 255
  out[to++] = left
  return to
}

/** The decompressed size, or −1 if the block is malformed or holds more than `most`. */
const measure = (data: Uint8Array, most: number): number => {
  const end = data.length
  let at = 0
  let size = 0
  while (at < end) {
    const token = data[at++]!
    let literals = token >>> 4
    if (literals === LONG)
      for (let more = 255; more === 255; literals += more) {
        if (at >= end) return -1
        more = data[at++]!
      }
    at += literals
    size += literals
    if (at > end || size > most) return -1
    if (at === end) return size
    if (at + 2 > end) return -1
    const distance = data[at]! | (data[at + 1]! << 8)
    at += 2
    if (distance === 0 || distance > size) return -1
    let match = (token & 0x0f) + MIN_MATCH
    if (match === LONG + MIN_MATCH)
      for (let more = 255; more === 255; match += more) {
        if (at >= end) return -1
        more = data[at++]!
      }
    size += match
    if (size > most) return -1
  }
  return -1 // a block ends with literals, never with a match
}

/** Copies out a block that `measure` has been through: no length or distance in it can be wrong. */
const expand = (data: Uint8Array, out: Uint8Array): Uint8Array => {
  let at = 0
  let to = 0
  for (;;) {
    const token = data[at++]!
    let literals = token >>> 4
    if (literals === LONG)
      for (let more = 255; more === 255; literals += more) {
        more = data[at++]!
      }
    copy(data, at, out, to, literals)
    at += literals
    to += literals
    if (at === data.length) return out
    const distance = data[at]! | (data[at + 1]! << 8)
    at += 2
    let match = (token & 0x0f) + MIN_MATCH
    if (match === LONG + MIN_MATCH)
      for (let more = 255; more === 255; match += more) {
        more = data[at++]!
      }
    to = repeat(out, to, distance, match)
  }
}

const copy = (from: Uint8Array, at: number, out: Uint8Array, to: number, size: number): void => {
  if (size > LOOP) out.set(from.subarray(at, at + size), to)
  else for (let i = 0; i < size; i++) out[to + i] = from[at + i]!
}

/** Copies a match, which may run over what it produces, and returns where it ends. */
const repeat = (out: Uint8Array, at: number, distance: number, size: number): number => {
  const end = at + size
  let to = at
  if (size <= LOOP) for (; to < end; to++) out[to] = out[to - distance]!
  // what is there doubles with each copy, so that none overlaps itself
  for (let n = distance; to < end; to += n, n = to - at + distance)
    out.copyWithin(to, at - distance, at - distance + Math.min(n, end - to))
  return end
}

/** The largest payload, decompressed. */
export const MOST_PAYLOAD = MAX_PACKET - HEADER
/** Payloads up to this are sent as they are. */
const TOO_SHORT = 64
const MIN_MATCH = 4
const LONG = 15
/** The last five bytes of a block are literals, and no match starts within the last twelve (LZ4 block format). */
const TAIL = 5
const NO_MATCH_FROM = 12
/** Up to here bytes are copied one by one: a call costs more. */
const LOOP = 32
/** Misses, as a power of two, after which the encoder takes longer strides. */
const STRIDE = 5
const KEY_BITS = 12
/** Scratch of the encoder, cleared at each use: a position fits 16 bits because a packet does. */
const recent = new Uint16Array(1 << KEY_BITS)
