import type { Millis } from '../../../../protocol/kernel/machine.ts'
import type { RateSample } from '../controller.ts'
import { startDown } from './cycle.ts'
import { type BbrState, enter, resetShortBounds, startRound } from './state.ts'
import { probeRttWindow } from './volume.ts'

/** ProbeRTT (congestion notes §2.5): for a moment so little flies that every queue of our own is empty. */
export const probeRtt = (b: BbrState, sample: RateSample, expired: boolean): void => {
  if (b.phase !== 'probe-rtt') {
    if (expired && !b.idleRestart) enterProbeRtt(b)
  }
  if (b.phase === 'probe-rtt') {
    if (b.probeRttDoneAt === 0) {
      if (sample.inflight <= probeRttWindow(b)) {
        b.probeRttDoneAt = sample.now + HOLD
        b.probeRttRound = false
        startRound(b)
      }
    } else {
      if (b.roundStart) b.probeRttRound = true
      if (b.probeRttRound) tryToLeaveProbeRtt(b, sample.now)
    }
  }
  if (sample.delivered > 0) b.idleRestart = false
}

const enterProbeRtt = (b: BbrState): void => {
  saveWindow(b)
  b.probeRttDoneAt = 0
  b.ackPhase = 'stopping'
  startRound(b)
  enter(b, 'probe-rtt')
}

export const tryToLeaveProbeRtt = (b: BbrState, now: Millis): void => {
  if (b.probeRttDoneAt === 0 || now <= b.probeRttDoneAt) return
  b.probeRttMinAt = now
  b.cwnd = Math.max(b.cwnd, b.priorCwnd)
  resetShortBounds(b)
  if (b.fullBwReached) {
    startDown(b, now)
    enter(b, 'cruise')
  } else enter(b, 'startup')
}

/** Remembers the window that a reduction for its own reasons must not lose. */
export const saveWindow = (b: BbrState): void => {
  b.priorCwnd = b.inRecovery || b.phase === 'probe-rtt' ? Math.max(b.priorCwnd, b.cwnd) : b.cwnd
}

const HOLD = 200
