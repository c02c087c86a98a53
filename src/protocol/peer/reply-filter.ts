/**
 * Remembers which packets we sent, so that nobody confirms what was never asked (`docs/protocol/vl1.md`, limits).
 *
 * Kept is the upper half of the *wire* packet ID, in 256 rings of the 32 most recent each, chosen by the lowest byte of
 * that half. Nothing expires; newer packets push out older ones.
 */
export interface ReplyFilter {
  readonly rings: Uint32Array
  readonly next: Uint8Array
}

export const replyFilter = (): ReplyFilter => ({
  rings: new Uint32Array(RINGS * RING),
  next: new Uint8Array(RINGS),
})

/** `high` is the upper half of the wire ID of a packet just sealed. */
export const expectReply = (filter: ReplyFilter, high: number): void => {
  const ring = high & (RINGS - 1)
  const at = filter.next[ring]!
  filter.rings[ring * RING + at] = high
  filter.next[ring] = (at + 1) % RING
}

/** Whether a reply naming this ID answers a packet of ours. */
export const isExpected = (filter: ReplyFilter, high: number): boolean => {
  const from = (high & (RINGS - 1)) * RING
  for (let i = from; i < from + RING; i++) if (filter.rings[i] === high) return true
  return false
}

const RINGS = 256
const RING = 32
