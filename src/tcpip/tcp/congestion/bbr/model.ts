import type { RateSample } from '../controller.ts'
import { lowerShortBounds, noteTurn, roundCounts } from './loss.ts'
import { type BbrState, EXTRA_ROUNDS } from './state.ts'

/** What each ACK says of the path: steps 2–5, 10 and 12 of the congestion notes §2.3. */

export const takeSignals = (b: BbrState, sample: RateSample): void => {
  noteTurn(b, sample.now)
  b.delivered = sample.totalDelivered
  b.roundDelivered += sample.newlyAcked
  if (sample.rate > b.bwLatest) b.bwLatest = sample.rate
  if (sample.delivered > b.inflightLatest) b.inflightLatest = sample.delivered
  b.lossRoundStart = sample.priorDelivered >= b.lossRoundEnd
  if (b.lossRoundStart) b.lossRoundEnd = b.delivered
}

export const takeRate = (b: BbrState, sample: RateSample): void => {
  b.roundStart = sample.priorDelivered >= b.roundEnd
  if (b.roundStart) {
    b.roundEnd = b.delivered
    b.rounds++
    b.roundsSinceUp++
    forgetExtra(b)
    if (b.staleBw && sample.sentAt >= b.hintAt) {
      b.staleBw = false
      b.presentBw = 0
      b.previousBw = 0
      b.maxBw = 0
    }
  }
  if (sample.rate > 0 && (sample.rate >= b.maxBw || !sample.appLimited)) {
    if (sample.rate > b.presentBw) b.presentBw = sample.rate
    b.maxBw = Math.max(b.presentBw, b.previousBw)
  }
}

/** A probe cycle is over: what was measured before it is forgotten, unless there is nothing newer. */
export const nextCycle = (b: BbrState): void => {
  if (b.presentBw === 0) return
  b.previousBw = b.presentBw
  b.presentBw = 0
  b.maxBw = b.previousBw
}

/** Outside of probes a round with loss lowers the short-term bounds. */
export const adaptToLoss = (b: BbrState): void => {
  if (!b.lossRoundStart) return
  const isProbe = b.phase === 'startup' || b.phase === 'refill' || b.phase === 'up'
  if (b.lossInRound && !isProbe && roundCounts(b)) lowerShortBounds(b)
  b.lossInRound = false
}

/** How much more than the rate explains the ACKs deliver at once: relays and receivers bundle them. */
export const takeAggregation = (b: BbrState, sample: RateSample): void => {
  let expected = b.bw * (sample.now - b.extraAt)
  if (b.extraDelivered <= expected) {
    b.extraAt = sample.now
    b.extraDelivered = 0
    expected = 0
  }
  b.extraDelivered += sample.newlyAcked
  const extra = Math.min(b.extraDelivered - expected, b.cwnd)
  if (b.extraByRound.length === 0) b.extraByRound = new Array<number>(EXTRA_ROUNDS + 1).fill(0)
  const slot = b.rounds % b.extraByRound.length
  if (extra > b.extraByRound[slot]!) b.extraByRound[slot] = extra
  if (extra > b.extraAcked) b.extraAcked = extra
}

/** A new round takes the place of the oldest. */
const forgetExtra = (b: BbrState): void => {
  const { length } = b.extraByRound
  if (length === 0) return
  b.extraByRound[b.rounds % length] = 0
  const window = b.fullBwReached ? EXTRA_ROUNDS : 1
  b.extraAcked = 0
  for (let age = 1; age <= window && age <= b.rounds; age++) {
    const extra = b.extraByRound[(b.rounds - age) % length]!
    if (extra > b.extraAcked) b.extraAcked = extra
  }
}

/** The two filters of the smallest RTT; true if 5 s have passed without a smaller one. */
export const takeRtt = (b: BbrState, sample: RateSample): boolean => {
  const { now, rtt } = sample
  const expired = now > b.probeRttMinAt + PROBE_RTT_INTERVAL
  const isOfThisPath = rtt >= 0 && sample.sentAt >= b.hintAt
  if (isOfThisPath) {
    // ACKs that are read together tell of one moment: between them there is no noise to see
    if (now !== b.lastRttAt) {
      if (b.lastRtt >= 0) b.jitter += (Math.abs(rtt - b.lastRtt) - b.jitter) / 64
      b.lastRtt = rtt
      b.lastRttAt = now
    }
    if (rtt < b.probeRttMin || expired) {
      b.probeRttMin = rtt
      b.probeRttMinAt = now
    }
  }
  // right after idle both filters are empty at once, and a queue of others would pass for the path
  const mayRise = sample.priorDelivered > b.idleMark
  if (b.probeRttMin < b.minRtt || (mayRise && now > b.minRttAt + MIN_RTT_WINDOW)) {
    if (b.probeRttMin > LONGER * b.minRtt) b.probeSoon = true
    b.minRtt = b.probeRttMin
    b.minRttAt = b.probeRttMinAt
  }
  return expired
}

export const endLossRound = (b: BbrState, sample: RateSample): void => {
  if (!b.lossRoundStart) return
  b.bwLatest = sample.rate
  b.inflightLatest = sample.delivered
  b.roundLost = 0
  b.roundQueueLost = 0
  b.roundDelivered = 0
  b.lostRanges = 0
}

const PROBE_RTT_INTERVAL = 5000
/** Held to a window for a shorter path, the rate has been measured too low. */
const LONGER = 1.5
const MIN_RTT_WINDOW = 10_000
