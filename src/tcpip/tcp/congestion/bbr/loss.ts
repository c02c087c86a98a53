import type { Millis } from '../../../../protocol/kernel/machine.ts'
import type { Loss } from '../controller.ts'
import type { BbrState } from './state.ts'
import { bdpOf } from './volume.ts'

/**
 * What a loss means (congestion notes §2.6). A full queue shows in the RTT of the segment that was sent right behind the
 * lost one; noise on the line does not. Few losses without a queue are no reason to go slower: the delivery rate has
 * them in it already.
 */

/**
 * Did the queue show when this was found lost? A timer has no RTT to tell by. Where no ACK came for a while and then
 * several at once, an end of the path was busy: that wait is no queue, unless it is half a round trip long.
 */
export const showsQueue = (b: BbrState, rtt: number): boolean =>
  rtt < 0 || !b.sack || b.lossTolerance <= 0 || rtt - Math.min(b.ackGap, b.minRtt / 2) - b.minRtt > evidence(b)

/** ACKs are read at `now`: how much later than two segments behind those before? */
export const noteTurn = (b: BbrState, now: Millis): void => {
  if (now === b.ackAt) return
  b.ackGap = b.bw > 0 ? Math.max(0, now - b.ackAt - (2 * b.smss) / b.bw) : 0
  b.ackAt = now
}

/** How much longer than the smallest an RTT must be to be the work of a queue. */
export const evidence = (b: BbrState): number => Math.max(b.minRtt / 16, 1, Math.min(4 * b.jitter, b.minRtt / 4 + 1))

/** Of `flight` bytes `lost` were lost, `queueLost` of them to a queue: more than a path in good order loses? */
export const isTooHigh = (b: BbrState, flight: number, lost: number, queueLost: number): boolean =>
  queueLost > LOSS_LIMIT * flight || isBeyondNoise(b, flight, lost)

/** Two standard deviations above the tolerance: a few losses in a small flight say little. */
export const isBeyondNoise = (b: BbrState, flight: number, lost: number): boolean =>
  b.lossTolerance > 0 && lost > b.lossTolerance * flight + 2 * Math.sqrt(b.lossTolerance * flight * b.smss)

/** Does the loss of this round lower the short-term bounds? */
export const roundCounts = (b: BbrState): boolean =>
  b.roundQueueLost > b.roundLost / 2 || isBeyondNoise(b, b.roundLost + b.roundDelivered, b.roundLost)

/** A segment is lost. Returns the class of the loss. */
export const noteLoss = (b: BbrState, loss: Loss): boolean => {
  if (loss.rtt >= 0) noteTurn(b, loss.now)
  const isQueue = showsQueue(b, loss.rtt)
  b.delivered = loss.totalDelivered
  b.roundLost += loss.length
  if (isQueue) b.roundQueueLost += loss.length
  if (loss.from !== b.lastLostEnd || b.lostRanges === 0) b.lostRanges++
  b.lastLostEnd = loss.to
  if (!b.lossInRound) {
    b.lossInRound = true
    b.lossRoundEnd = b.delivered
    saveBounds(b)
  }
  return isQueue
}

/** What an undo gives back. */
const saveBounds = (b: BbrState): void => {
  b.undoPhase = 'none'
  b.saved = { bwShort: b.bwShort, inflightShort: b.inflightShort, inflightLong: b.inflightLong }
}

/** Was the probe that `loss` answers to too much? Then it teaches the long-term bound, once. */
export const judgeProbe = (b: BbrState, loss: Loss, isQueue: boolean): boolean => {
  const flight = loss.flightWhenSent
  const lost = loss.totalLost - loss.lost
  const queueLost = loss.totalQueueLost + (isQueue ? loss.length : 0) - loss.queueLost
  if (!isTooHigh(b, flight, lost, queueLost)) return false
  b.prevTooHigh = true
  b.probeSample = false
  if (!loss.appLimited) {
    const byQueue = queueLost > LOSS_LIMIT * flight
    const at = crossing(flight, loss.length, byQueue ? queueLost : lost, byQueue ? LOSS_LIMIT : b.lossTolerance)
    b.inflightLong = Math.max(at, BETA * Math.min(bdpOf(b, b.bw, 1), b.cwnd))
  }
  return true
}

/** Within the lost segment, how much flew when the share of the lost crossed `limit`. */
const crossing = (flight: number, length: number, lost: number, limit: number): number => {
  const before = flight - length
  const inside = (limit * before - (lost - length)) / (1 - limit)
  return before + Math.max(-length, Math.min(length, inside))
}

/** At the end of a round with loss outside of probes: not faster and not more than what got through. */
export const lowerShortBounds = (b: BbrState): void => {
  if (b.bwShort === Infinity) b.bwShort = b.maxBw
  if (b.inflightShort === Infinity) b.inflightShort = b.cwnd
  b.bwShort = Math.max(b.bwLatest, BETA * b.bwShort)
  b.inflightShort = Math.max(b.inflightLatest, BETA * b.inflightShort)
}

const LOSS_LIMIT = 0.02
const BETA = 0.7
