import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { isTight, withhold } from './receive-pool.ts'

/**
 * The receive window (RFC 9293 §3.8.6): its right edge never moves left, moves right only by amounts worth telling
 * (silly window avoidance), and only because the reader took bytes.
 */

/** The window to put into a segment; remembers the edge it promises. */
export const windowField = (c: Connection): number => {
  const rcv = c.rcv
  if (growth(c) >= worthTelling(c)) {
    if (isTight(rcv.pool)) withhold(c)
    else rcv.adv = (rcv.nxt + rcv.buffer - rcv.unread) | 0
  }
  const span = (rcv.adv - rcv.nxt) | 0
  if (span <= 0) return 0
  // rounded up, lest the edge moves left by the bits that scaling cuts
  const field = Math.min(0xffff, (span + (1 << rcv.scale) - 1) >>> rcv.scale)
  const promised = (rcv.nxt + (field << rcv.scale)) | 0
  if (((promised - rcv.adv) | 0) > 0) rcv.adv = promised
  return field
}

/** The reader took `bytes`; true if the peer should hear of the larger window without waiting for other news. */
export const consume = (c: Connection, bytes: number, now: Millis): boolean => {
  const rcv = c.rcv
  const taken = Math.min(bytes, rcv.unread)
  rcv.unread -= taken
  rcv.pool.used -= taken
  rcv.taken += bytes
  tune(c, now)
  const left = (rcv.adv - rcv.nxt) | 0
  if (growth(c) < worthTelling(c) || (left >= c.snd.mss && left >= rcv.buffer / 2)) return false
  if (!isTight(rcv.pool)) return true
  withhold(c)
  return false
}

/** Bytes up to `end` wait behind a hole: while it is repaired, as many more are on their way. */
export const widen = (c: Connection, end: number): void => {
  const rcv = c.rcv
  const wanted = 2 * ((end - rcv.nxt) | 0)
  // without SACK a change of the window would hide that an ACK is a duplicate
  if (c.loss.sack && wanted > rcv.buffer) rcv.buffer = Math.min(rcv.most, wanted)
}

/** An ACK at the end of this turn of the event loop: a program that answers at once gets its data into the same segment. */
export const ackSoon = (c: Connection, now: Millis): void => {
  c.at.ack = now
}

/** A segment with our ACK and window left. */
export const ackCarried = (c: Connection): void => {
  const rcv = c.rcv
  rcv.lastAckSent = rcv.nxt
  rcv.unackedBytes = 0
  rcv.unackedSegments = 0
  rcv.ackNow = false
  c.at.ack = Infinity
}

const growth = (c: Connection): number => (c.rcv.nxt + c.rcv.buffer - c.rcv.unread - c.rcv.adv) | 0
const worthTelling = (c: Connection): number => Math.min(c.rcv.buffer / 2, 2 * c.rcv.largest)

/** Dynamic right-sizing: the buffer follows twice what the reader takes in a round trip. */
const tune = (c: Connection, now: Millis): void => {
  const rcv = c.rcv
  if (rcv.buffer >= rcv.most) return
  const round = c.rtt.smoothed > 0 ? c.rtt.smoothed : rcv.rtt
  if (now - rcv.roundAt < round) return
  const taken = rcv.taken - rcv.takenMark
  if (2 * taken > rcv.buffer) rcv.buffer = Math.min(rcv.most, 2 * taken)
  rcv.takenMark = rcv.taken
  rcv.roundAt = now
}
