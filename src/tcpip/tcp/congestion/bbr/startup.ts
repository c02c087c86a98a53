import type { RateSample } from '../controller.ts'
import { startDown } from './cycle.ts'
import { isBeyondNoise, isTooHigh } from './loss.ts'
import { type BbrState, enter, resetFullBw } from './state.ts'
import { bdpOf, budget } from './volume.ts'

/** Finding the bandwidth, and emptying the queue this made: steps 6–8 of the congestion notes §2.3. */

/** The pipe is full when three rounds in a row have not brought a quarter more. */
export const testFullBw = (b: BbrState, sample: RateSample): void => {
  if (!b.roundStart || sample.appLimited || b.fullBwNow || sample.rate <= 0) return
  if (sample.rate >= b.fullBw * 1.25) {
    resetFullBw(b, sample.rate)
    return
  }
  if (++b.fullBwCount < 3) return
  b.fullBwNow = true
  b.fullBwReached = true
}

export const leaveStartup = (b: BbrState, sample: RateSample): void => {
  if (b.phase !== 'startup') return
  if (b.lossRoundStart && overflows(b, sample)) {
    b.undoPhase = 'startup'
    b.fullBwReached = true
    b.inflightLong = Math.max(bdpOf(b, b.maxBw, 1), b.inflightLatest)
  }
  if (!b.fullBwReached) return
  enter(b, 'drain')
  b.drainRound = b.rounds
}

/**
 * Startup makes a queue even where there is room, so that noise looks like overflow in it: while the rate still grows,
 * only what is more than noise counts.
 */
const overflows = (b: BbrState, sample: RateSample): boolean => {
  if (!b.inRecovery || sample.priorDelivered < b.recoveryMark || b.lostRanges < LOST_RANGES) return false
  const flight = b.roundLost + b.roundDelivered
  const grows = b.lossTolerance > 0 && b.fullBwCount === 0
  return grows ? isBeyondNoise(b, flight, b.roundLost) : isTooHigh(b, flight, b.roundLost, b.roundQueueLost)
}

export const leaveDrain = (b: BbrState, sample: RateSample): void => {
  if (b.phase !== 'drain') return
  if (sample.inflight <= budget(b, bdpOf(b, b.bw, 1)) || b.rounds > b.drainRound + DRAIN_ROUNDS)
    startDown(b, sample.now)
}

const LOST_RANGES = 6
const DRAIN_ROUNDS = 3
