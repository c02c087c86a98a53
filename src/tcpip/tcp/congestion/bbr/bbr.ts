import type { Controller } from '../controller.ts'
import { probeBandwidth, startDown, startRefill } from './cycle.ts'
import { judgeProbe, noteLoss } from './loss.ts'
import { adaptToLoss, endLossRound, takeAggregation, takeRate, takeRtt, takeSignals } from './model.ts'
import { probeRtt, saveWindow, tryToLeaveProbeRtt } from './probe-rtt.ts'
import { leaveDrain, leaveStartup, testFullBw } from './startup.ts'
import { type BbrState, bbrState, enter, isProbingBandwidth, resetFullBw, resetShortBounds } from './state.ts'
import { bdpOf, capWindow, paceAtModel, setInitialRate, setRate, setWindow } from './volume.ts'

/**
 * BBR as its IETF draft has it ("BBRv3"), and a distinction of our own between loss by a full queue and loss by a noisy
 * line (congestion notes §2): sends at the rate that the path has shown to deliver, keeps about a round trip of it in
 * flight, and from time to time tries for more or empties its queue to see how short the path is.
 */
export const bbr = (lossTolerance: number = LOSS_TOLERANCE): Controller & BbrState => {
  const b: BbrState = bbrState(lossTolerance)
  return Object.assign(b, {
    init: (start) => {
      const { now } = start
      b.smss = start.smss
      b.initialCwnd = start.initialCwnd
      b.cwnd = start.initialCwnd
      b.sack = start.sack
      b.random = start.random
      b.guessed = start.srtt <= 0
      b.minRtt = start.srtt > 0 ? start.srtt : Infinity
      b.minRttAt = now
      b.probeRttMinAt = now
      b.extraAt = now
      enter(b, 'startup')
      setInitialRate(b, start.srtt)
    },

    onSend: (now, _length, inflight, appLimited) => {
      if (inflight === 0 && appLimited) {
        b.idleRestart = true
        b.idleMark = b.delivered
        b.longIdle = now - b.lastSendAt > LONG_IDLE
        if (b.longIdle) b.cwnd = Math.min(b.cwnd, Math.max(b.initialCwnd, bdpOf(b, b.bw, 1)))
        b.extraAt = now
        if (isProbingBandwidth(b)) paceAtModel(b)
        else if (b.phase === 'probe-rtt') tryToLeaveProbeRtt(b, now)
      }
      b.lastSendAt = now
    },

    onAck: (sample) => {
      if (sample.newlyAcked > 0) {
        takeSignals(b, sample)
        takeRate(b, sample)
        adaptToLoss(b)
        takeAggregation(b, sample)
        testFullBw(b, sample)
        leaveStartup(b, sample)
        leaveDrain(b, sample)
        probeBandwidth(b, sample)
        const expired = takeRtt(b, sample)
        probeRtt(b, sample, expired)
        endLossRound(b, sample)
        if (b.guessed && sample.rtt >= 0) {
          b.guessed = false
          if (!b.fullBwReached) setInitialRate(b, sample.rtt)
        }
      }
      b.bw = Math.min(b.maxBw, b.bwShort)
      setRate(b)
      setWindow(b, sample)
    },

    onLoss: (loss) => {
      const isQueue = noteLoss(b, loss)
      if (b.probeSample && judgeProbe(b, loss, isQueue) && b.phase === 'up') {
        b.undoPhase = 'up'
        startDown(b, loss.now)
      }
      return isQueue
    },

    onRecovery: (entered) => {
      if (entered) {
        saveWindow(b)
        b.inRecovery = true
        b.recoveryMark = b.delivered
      } else {
        b.inRecovery = false
        b.cwnd = Math.max(b.cwnd, b.priorCwnd)
        capWindow(b)
      }
    },

    onRto: (_now, _flight, _first, inflight) => {
      saveWindow(b)
      b.inRecovery = true
      b.recoveryMark = b.delivered
      b.cwnd = inflight + b.smss
    },

    onUndo: () => {
      b.inRecovery = false
      b.cwnd = Math.max(b.cwnd, b.priorCwnd)
      b.lossInRound = false
      resetFullBw(b, 0)
      b.bwShort = Math.max(b.bwShort, b.savedBwShort)
      b.inflightShort = Math.max(b.inflightShort, b.savedInflightShort)
      b.inflightLong = Math.max(b.inflightLong, b.savedInflightLong)
      if (b.undoPhase === 'startup') b.fullBwReached = false
      if (b.phase !== 'probe-rtt') {
        if (b.undoPhase === 'startup') enter(b, 'startup')
        else if (b.undoPhase === 'up') startRefill(b)
      }
      b.undoPhase = 'none'
    },

    onPathHint: (now) => {
      if (now - b.hintAt < HINT_INTERVAL) return
      b.hintAt = now
      b.minRtt = Infinity
      b.minRttAt = now
      b.probeRttMin = Infinity
      b.probeRttMinAt = now
      b.lastRtt = -1
      resetShortBounds(b)
      b.inflightLong = Infinity
      b.prevTooHigh = false
      b.fullBwReached = false
      resetFullBw(b, 0)
      b.staleBw = true
      enter(b, 'startup')
    },

    onMss: (_now, smss) => {
      b.smss = smss
      b.cwnd = Math.max(b.cwnd, smss)
    },
  } satisfies Omit<Controller, keyof BbrState>)
}

/** Share of lost bytes that is taken for noise while no queue shows. */
const LOSS_TOLERANCE = 0.15
const LONG_IDLE = 10_000
const HINT_INTERVAL = 1000
