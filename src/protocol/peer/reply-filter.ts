import type { Address } from '../kernel/id.ts'
import { packetIdHigh, packetIdLow } from '../packet/header.ts'

/**
 * Remembers what we asked, so that nobody confirms what was never asked (`docs/protocol/vl1.md`, limits).
 *
 * Kept are the *wire* packet ID, the verb and the peer, in 256 rings of the 32 most recent each, chosen by the byte of the
 * ID that native nodes choose theirs by. These keep half of the ID and nothing else, so that one reply in a few hundred
 * thousand that are guessed is taken, and one that names the ID of a packet to somebody else always. Nothing expires;
 * newer packets push out older ones.
 */
export interface ReplyFilter {
  /** Three words each: upper and lower half of the ID, then peer and verb. */
  readonly rings: Uint32Array
  readonly next: Uint8Array
}

export const replyFilter = (): ReplyFilter => ({
  rings: new Uint32Array(RINGS * RING * WORDS),
  next: new Uint8Array(RINGS),
})

/** Enters a packet just sealed. */
export const expectReply = (filter: ReplyFilter, packet: Uint8Array, to: Address, verb: number): void => {
  const high = packetIdHigh(packet)
  const ring = high & (RINGS - 1)
  const place = filter.next[ring]!
  const at = (ring * RING + place) * WORDS
  filter.rings[at] = high
  filter.rings[at + 1] = packetIdLow(packet)
  filter.rings[at + 2] = asked(to, verb)
  filter.next[ring] = (place + 1) % RING
}

/** Whether what this peer says of a packet with this ID and verb answers one of ours. */
export const isExpected = (filter: ReplyFilter, high: number, low: number, from: Address, verb: number): boolean => {
  if (verb >= 2 ** VERB_BITS) return false
  const { rings } = filter
  const third = asked(from, verb)
  const start = (high & (RINGS - 1)) * RING * WORDS
  for (let at = start; at < start + RING * WORDS; at += WORDS)
    if (rings[at] === high && rings[at + 1] === low && rings[at + 2] === third) return true
  return false
}

/** 27 bits of the address and 5 of the verb. */
const asked = (peer: Address, verb: number): number => (((peer % PEERS) << VERB_BITS) | verb) >>> 0

const RINGS = 256
const RING = 32
const WORDS = 3
const VERB_BITS = 5
const PEERS = 2 ** (32 - VERB_BITS)
