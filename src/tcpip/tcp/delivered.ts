import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { tsClock } from './emit.ts'
import type { TcpEnv } from './env.ts'
import {
  APP_LIMITED,
  DELIVERED,
  DELIVERED_AT,
  END,
  FIRST_SENT_AT,
  FLAGS,
  FLIGHT,
  LOST,
  LOST_BYTES,
  ORDER,
  OUT,
  QUEUE_LOST_BYTES,
  RETRANSMITTED,
  SENT_AT,
  WIDE,
  WIDTH,
} from './send-queue.ts'

/** What one ACK delivers, gathered segment by segment: the base of the rate sample, RTT for RACK and for the RTO. */
export interface Progress {
  newly: number
  baseSentAt: Millis
  baseSent: number
  baseFirstSentAt: Millis
  baseDeliveredAt: Millis
  baseDelivered: number
  baseLost: number
  baseQueueLost: number
  baseFlight: number
  baseAppLimited: boolean
  /** The base may be the original or the retransmission: no rate, no RTT. */
  baseDoubtful: boolean
  /** Of the oldest segment newly acknowledged and never sent twice; −1: none. */
  oldestRtt: number
  /** Something sent twice is among it: times measured here may span the repair, timestamps do not. */
  repaired: boolean
  /** … and the timestamp is older than its last copy: what was lost was the ACK, and nothing here tells the RTT. */
  ambiguous: boolean
  /** What had been the highest delivered before this ACK, whose blocks come in any order. */
  fack: number
}

export const progress: () => Progress = () => ({
  newly: 0,
  baseSentAt: -1,
  baseSent: 0,
  baseFirstSentAt: 0,
  baseDeliveredAt: 0,
  baseDelivered: 0,
  baseLost: 0,
  baseQueueLost: 0,
  baseFlight: 0,
  baseAppLimited: false,
  baseDoubtful: false,
  oldestRtt: -1,
  repaired: false,
  ambiguous: false,
  fack: 0,
})

/** For losses found by a timer: no ACK, nothing delivered. */
export const noProgress: Progress = progress()

export const beginProgress = (p: Progress, fack: number): void => {
  p.newly = 0
  p.baseSentAt = -1
  p.oldestRtt = -1
  p.repaired = false
  p.ambiguous = false
  p.fack = fack
}

/**
 * The segment in `slot` arrived (`bytes` of it are news): takes it out of flight, makes it the base of the sample if it
 * is the latest sent so far, and lets RACK know (RFC 8985 §6.2 steps 1–2).
 */
export const deliver = (
  c: Connection,
  p: Progress,
  slot: number,
  bytes: number,
  tsEcho: number,
  hasTs: boolean,
  now: Millis,
): void => {
  const { loss, delivery: d } = c
  const q = c.snd.queue
  const i = slot * WIDTH
  const r = slot * WIDE
  const flags = q.ints[i + FLAGS]!
  const end = q.ints[i + END]!
  const sent = q.ints[i + ORDER]!
  const sentAt = q.reals[r + SENT_AT]!
  if ((flags & OUT) !== 0) d.inflight -= bytes
  if ((flags & (LOST | OUT)) === LOST && ((end - q.ints[i]!) | 0) === bytes) loss.pending--
  d.delivered += bytes
  d.deliveredAt = now
  p.newly += bytes
  const again = (flags & RETRANSMITTED) !== 0
  const took = now - sentAt
  // which copy was it? A timestamp older than the retransmission, or an impossible RTT, says: the original
  const original = again && (took <= SAME * c.rtt.smallest || (hasTs && ((tsEcho - tsClock(c, sentAt)) | 0) < 0))
  if (again) {
    p.repaired = true
    if (original) p.ambiguous = true
  } else if (p.oldestRtt < 0) p.oldestRtt = took
  if (p.baseSentAt < 0 || ((sent - p.baseSent) | 0) > 0) {
    p.baseSentAt = sentAt
    p.baseSent = sent
    p.baseFirstSentAt = q.reals[r + FIRST_SENT_AT]!
    p.baseDeliveredAt = q.reals[r + DELIVERED_AT]!
    p.baseDelivered = q.reals[r + DELIVERED]!
    p.baseLost = q.reals[r + LOST_BYTES]!
    p.baseQueueLost = q.reals[r + QUEUE_LOST_BYTES]!
    p.baseFlight = q.ints[i + FLIGHT]!
    p.baseAppLimited = (flags & APP_LIMITED) !== 0
    p.baseDoubtful = again && (original || !c.ts.on)
  }
  if (!original && (loss.rackRtt < 0 || ((sent - loss.rackSent) | 0) > 0)) {
    loss.rackSent = sent
    loss.rackRtt = took
  }
  if (((end - loss.fack) | 0) > 0) loss.fack = end
  else if (((end - p.fack) | 0) < 0 && !again) loss.reorderingSeen = true
}

/** Completes the rate sample of this ACK (congestion notes §1.3). */
export const finishSample = (
  env: TcpEnv,
  c: Connection,
  p: Progress,
  lostBefore: number,
  queueLostBefore: number,
  now: Millis,
): void => {
  const s = env.sample
  const d = c.delivery
  s.now = now
  s.newlyAcked = p.newly
  s.newlyLost = d.lost - lostBefore
  s.newlyQueueLost = d.queueLost - queueLostBefore
  s.rtt = -1
  s.srtt = c.rtt.smoothed
  s.rate = 0
  s.delivered = 0
  s.inflight = d.inflight
  s.totalDelivered = d.delivered
  if (p.baseSentAt < 0) {
    s.sentAt = 0
    s.priorDelivered = d.delivered
    s.appLimited = d.appLimited > 0
    s.flightWhenSent = 0
    s.lostSince = 0
    s.queueLostSince = 0
  } else {
    d.firstSentAt = p.baseSentAt
    s.sentAt = p.baseSentAt
    s.priorDelivered = p.baseDelivered
    s.appLimited = p.baseAppLimited
    s.flightWhenSent = p.baseFlight
    s.lostSince = d.lost - p.baseLost
    s.queueLostSince = d.queueLost - p.baseQueueLost
    s.delivered = d.delivered - p.baseDelivered
    if (!p.baseDoubtful) {
      s.rtt = now - p.baseSentAt
      const interval = Math.max(p.baseSentAt - p.baseFirstSentAt, now - p.baseDeliveredAt)
      if (interval > 0 && interval >= ROUNDING * c.rtt.smallest) s.rate = s.delivered / interval
    }
  }
  s.cwndLimited = s.priorDelivered <= d.limitedAt
  if (d.appLimited > 0 && d.delivered > d.appLimited) d.appLimited = 0
}

/** An RTT up to this share of the smallest ever seen cannot be one, nor can none at all; equal ones differ by rounding. */
const SAME = 0.9
/** Differences of clock readings are off by a little. */
const ROUNDING = 0.99
