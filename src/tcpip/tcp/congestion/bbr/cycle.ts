import type { Millis } from '../../../../protocol/kernel/machine.ts'
import type { RateSample } from '../controller.ts'
import { isTooHigh } from './loss.ts'
import { nextCycle } from './model.ts'
import { type BbrState, enter, isProbingBandwidth, resetFullBw, resetShortBounds, startRound } from './state.ts'
import { bdpOf, budget, withHeadroom } from './volume.ts'

/**
 * ProbeBW (congestion notes §2.4): go a little slower than the path (DOWN), then as fast as it (CRUISE), fill it again
 * (REFILL), and try for more (UP), every few seconds or as often as a Reno flow would.
 */

export const startDown = (b: BbrState, now: Millis): void => {
  b.lossInRound = false
  b.bwLatest = 0
  b.inflightLatest = 0
  b.upIncrement = Infinity
  b.probeWait = WAIT + b.random() * EXTRA_WAIT
  b.roundsSinceUp = b.random() < 0.5 ? 0 : 1
  b.cycleAt = now
  b.ackPhase = 'stopping'
  startRound(b)
  enter(b, 'down')
}

export const startRefill = (b: BbrState): void => {
  resetShortBounds(b)
  b.upRounds = 0
  b.upAcked = 0
  b.prevCautious = false
  b.probeSoon = false
  b.ackPhase = 'refilling'
  startRound(b)
  enter(b, 'refill')
}

const startUp = (b: BbrState, rate: number): void => {
  b.probeSample = true
  b.ackPhase = 'starting'
  startRound(b)
  resetFullBw(b, rate)
  enter(b, 'up')
  raiseSlope(b)
}

export const probeBandwidth = (b: BbrState, sample: RateSample): void => {
  if (!b.fullBwReached || followProbe(b, sample)) return
  switch (b.phase) {
    case 'down':
      if (isTimeToProbe(b, sample.now)) startRefill(b)
      else if (sample.inflight <= Math.min(withHeadroom(b), budget(b, bdpOf(b, b.maxBw, 1)))) enter(b, 'cruise')
      return
    case 'cruise':
      if (isTimeToProbe(b, sample.now)) startRefill(b)
      return
    case 'refill':
      if (b.roundStart) startUp(b, sample.rate)
      return
    case 'up':
      endUp(b, sample)
      return
    default:
      return
  }
}

/** Which ACKs answer to the probe, and what they allow; true if the next probe begins at once. */
const followProbe = (b: BbrState, sample: RateSample): boolean => {
  if (b.roundStart) {
    if (b.ackPhase === 'starting') b.ackPhase = 'feedback'
    else if (b.ackPhase === 'stopping') {
      b.ackPhase = 'init'
      b.probeSample = false
      if (isProbingBandwidth(b)) {
        if (!sample.appLimited) nextCycle(b)
        if (b.prevCautious && !b.prevTooHigh) {
          startRefill(b)
          return true
        }
      }
    }
  }
  if (b.inflightLong === Infinity) return false
  if (isTooHigh(b, sample.flightWhenSent, sample.lostSince, sample.queueLostSince)) return false
  if (sample.flightWhenSent > b.inflightLong) b.inflightLong = sample.flightWhenSent
  if (b.phase === 'up') raiseLongBound(b, sample)
  return false
}

/** Faster and faster beyond the old bound: one segment in the first round, two in the second, four … */
const raiseLongBound = (b: BbrState, sample: RateSample): void => {
  if (sample.cwndLimited && b.cwnd >= b.inflightLong) {
    b.upAcked += sample.newlyAcked
    if (b.upAcked >= b.upIncrement) {
      const segments = Math.floor(b.upAcked / b.upIncrement)
      b.upAcked -= segments * b.upIncrement
      b.inflightLong += segments * b.smss
    }
  }
  if (b.roundStart) raiseSlope(b)
}

const raiseSlope = (b: BbrState): void => {
  b.upIncrement = Math.max(b.cwnd / 2 ** b.upRounds, b.smss)
  b.upRounds = Math.min(b.upRounds + 1, MOST_UP_ROUNDS)
}

const endUp = (b: BbrState, sample: RateSample): void => {
  if (b.prevTooHigh && sample.inflight >= b.inflightLong) b.prevCautious = true
  else if (sample.cwndLimited && b.cwnd >= b.inflightLong) {
    resetFullBw(b, sample.rate)
    return
  } else if (!b.fullBwNow) return
  b.prevTooHigh = false
  startDown(b, sample.now)
}

const isTimeToProbe = (b: BbrState, now: Millis): boolean =>
  b.probeSoon ||
  now > b.cycleAt + b.probeWait ||
  b.roundsSinceUp >= Math.min(bdpOf(b, b.bw, 1) / b.smss, b.cwnd / b.smss, MOST_ROUNDS)

const WAIT = 2000
const EXTRA_WAIT = 1000
/** A Reno flow of this many segments would have probed after as many rounds. */
const MOST_ROUNDS = 63
const MOST_UP_ROUNDS = 30
