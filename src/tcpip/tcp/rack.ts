import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Loss } from './congestion/controller.ts'
import type { Connection } from './connection.ts'
import { OPEN } from './loss-detection.ts'
import {
  APP_LIMITED,
  DELIVERED,
  END,
  FLAGS,
  FLIGHT,
  LOST,
  LOST_BYTES,
  laterOf,
  NONE,
  ORDER,
  OUT,
  part,
  positionOf,
  QUEUE_LOST_BYTES,
  SENT_AT,
  SEQ,
  WIDE,
  WIDTH,
} from './send-queue.ts'

/**
 * RACK (RFC 8985 §6.2): a segment is lost when one sent later has arrived and a reordering window has passed since.
 * Marks the lost ones and returns whether there were any; arms the timer for those that may be lost soon.
 */
export const detectLosses = (c: Connection, rttOfAck: number, now: Millis): boolean => {
  const { loss } = c
  const q = c.snd.queue
  c.at.reorder = Infinity
  if (loss.rackRtt < 0) return false
  const window = reorderingWindow(c)
  let found = false
  let wait = 0
  for (let slot = q.first, later = NONE; slot !== NONE; slot = later) {
    if (((q.ints[slot * WIDTH + ORDER]! - loss.rackSent) | 0) >= 0) break
    later = laterOf(q, slot)
    const remaining = q.reals[slot * WIDE + SENT_AT]! + loss.rackRtt + window - now
    if (remaining <= 0) {
      markLost(c, slot, rttOfAck, now)
      const n = positionOf(q, slot)
      if (n < loss.hint) loss.hint = n
      found = true
    } else if (remaining > wait) wait = remaining
  }
  if (wait > 0) c.at.reorder = now + Math.max(wait, SHORTEST_WAIT)
  return found
}

/** One segment is lost: out of flight, waiting to be sent again, and the controller hears of it. */
export const markLost = (c: Connection, slot: number, rttOfAck: number, now: Millis): void => {
  const d = c.delivery
  const q = c.snd.queue
  const i = slot * WIDTH
  const r = slot * WIDE
  const flags = q.ints[i + FLAGS]!
  const length = (q.ints[i + END]! - q.ints[i + SEQ]!) | 0
  if ((flags & OUT) !== 0) d.inflight -= length
  if ((flags & (LOST | OUT)) === LOST) return
  q.ints[i + FLAGS] = (flags & ~OUT) | LOST
  part(q, slot)
  c.loss.pending++
  d.lost += length
  news.now = now
  news.length = length
  news.from = q.ints[i + SEQ]!
  news.to = q.ints[i + END]!
  news.rtt = rttOfAck
  news.delivered = q.reals[r + DELIVERED]!
  news.lost = q.reals[r + LOST_BYTES]!
  news.queueLost = q.reals[r + QUEUE_LOST_BYTES]!
  news.flightWhenSent = q.ints[i + FLIGHT]!
  news.appLimited = (flags & APP_LIMITED) !== 0
  news.totalLost = d.lost
  news.totalQueueLost = d.queueLost
  news.totalDelivered = d.delivered
  if (c.cc.onLoss(news)) d.queueLost += length
}

/** A tail loss probe repaired a loss: the only trace of it is that the probe was needed. */
export const tailLost = (c: Connection, length: number, now: Millis): void => {
  const d = c.delivery
  news.now = now
  news.length = length
  news.from = (c.loss.tlpEnd - length) | 0
  news.to = c.loss.tlpEnd
  news.rtt = -1
  news.delivered = d.delivered
  news.lost = d.lost
  news.queueLost = d.queueLost
  news.flightWhenSent = d.inflight + length
  news.appLimited = true
  d.lost += length
  news.totalLost = d.lost
  news.totalQueueLost = d.queueLost
  news.totalDelivered = d.delivered
  if (c.cc.onLoss(news)) d.queueLost += length
}

const reorderingWindow = (c: Connection): number => {
  const { loss } = c
  if (!loss.reorderingSeen && (loss.phase !== OPEN || loss.sacked >= DUPLICATE_THRESHOLD)) return 0
  return c.rtt.smallest < Infinity ? Math.min((loss.reoMult * c.rtt.smallest) / 4, c.rtt.smoothed) : 0
}

/** Handed to controllers, which read it at once. */
const news: Loss = {
  now: 0,
  length: 0,
  from: 0,
  to: 0,
  rtt: -1,
  delivered: 0,
  lost: 0,
  queueLost: 0,
  flightWhenSent: 0,
  appLimited: false,
  totalLost: 0,
  totalQueueLost: 0,
  totalDelivered: 0,
}
export const DUPLICATE_THRESHOLD = 3
const SHORTEST_WAIT = 0.01
