import type { Millis } from '../../../../protocol/kernel/machine.ts'
import type { Controller, Loss, RateSample, Start } from '../controller.ts'
import { probeBandwidth, startDown, startRefill } from './cycle.ts'
import { judgeProbe, noteLoss } from './loss.ts'
import { adaptToLoss, endLossRound, takeAggregation, takeRate, takeRtt, takeSignals } from './model.ts'
import { probeRtt, saveWindow, tryToLeaveProbeRtt } from './probe-rtt.ts'
import { leaveDrain, leaveStartup, testFullBw } from './startup.ts'
import { BbrState, enter, isProbingBandwidth, resetFullBw, resetShortBounds } from './state.ts'
import { bdpOf, capWindow, paceAtModel, setInitialRate, setRate, setWindow } from './volume.ts'

/**
 * BBR as its IETF draft has it ("BBRv3"), and a distinction of our own between loss by a full queue and loss by a noisy
 * line (congestion notes §2): sends at the rate that the path has shown to deliver, keeps about a round trip of it in
 * flight, and from time to time tries for more or empties its queue to see how short the path is.
 */
class Bbr extends BbrState implements Controller {
  init(start: Start): void {
    const { now } = start
    this.smss = start.smss
    this.initialCwnd = start.initialCwnd
    this.cwnd = start.initialCwnd
    this.sack = start.sack
    this.random = start.random
    this.guessed = start.srtt <= 0
    this.minRtt = start.srtt > 0 ? start.srtt : Infinity
    this.minRttAt = now
    this.probeRttMinAt = now
    this.extraAt = now
    this.ackAt = now
    enter(this, 'startup')
    setInitialRate(this, start.srtt)
  }

  onSend(now: Millis, _length: number, inflight: number, appLimited: boolean): void {
    if (inflight === 0 && appLimited) {
      this.idleRestart = true
      this.idleMark = this.delivered
      this.longIdle = now - this.lastSendAt > LONG_IDLE
      if (this.longIdle) this.cwnd = Math.min(this.cwnd, Math.max(this.initialCwnd, bdpOf(this, this.bw, 1)))
      this.extraAt = now
      if (isProbingBandwidth(this)) paceAtModel(this)
      else if (this.phase === 'probe-rtt') tryToLeaveProbeRtt(this, now)
    }
    this.lastSendAt = now
  }

  onAck(sample: RateSample): void {
    if (sample.newlyAcked > 0) {
      takeSignals(this, sample)
      takeRate(this, sample)
      adaptToLoss(this)
      takeAggregation(this, sample)
      testFullBw(this, sample)
      leaveStartup(this, sample)
      leaveDrain(this, sample)
      probeBandwidth(this, sample)
      const expired = takeRtt(this, sample)
      probeRtt(this, sample, expired)
      endLossRound(this, sample)
      if (this.guessed && sample.rtt >= 0) {
        this.guessed = false
        if (!this.fullBwReached) setInitialRate(this, sample.rtt)
      }
    }
    this.bw = Math.min(this.maxBw, this.bwShort)
    setRate(this)
    setWindow(this, sample)
  }

  onLoss(loss: Loss): boolean {
    const isQueue = noteLoss(this, loss)
    if (this.probeSample && judgeProbe(this, loss, isQueue) && this.phase === 'up') {
      this.undoPhase = 'up'
      startDown(this, loss.now)
    }
    return isQueue
  }

  onRecovery(entered: boolean): void {
    if (entered) {
      saveWindow(this)
      this.inRecovery = true
      this.recoveryMark = this.delivered
    } else {
      this.inRecovery = false
      this.cwnd = Math.max(this.cwnd, this.priorCwnd)
      capWindow(this)
    }
  }

  onRto(_now: Millis, _flight: number, _first: boolean, inflight: number): void {
    saveWindow(this)
    this.inRecovery = true
    this.recoveryMark = this.delivered
    this.cwnd = inflight + this.smss
  }

  onUndo(): void {
    this.inRecovery = false
    this.cwnd = Math.max(this.cwnd, this.priorCwnd)
    this.lossInRound = false
    resetFullBw(this, 0)
    this.bwShort = Math.max(this.bwShort, this.saved?.bwShort ?? Infinity)
    this.inflightShort = Math.max(this.inflightShort, this.saved?.inflightShort ?? Infinity)
    this.inflightLong = Math.max(this.inflightLong, this.saved?.inflightLong ?? Infinity)
    if (this.undoPhase === 'startup') this.fullBwReached = false
    if (this.phase !== 'probe-rtt') {
      if (this.undoPhase === 'startup') enter(this, 'startup')
      else if (this.undoPhase === 'up') startRefill(this)
    }
    this.undoPhase = 'none'
  }

  onPathHint(now: Millis): void {
    if (now - this.hintAt < HINT_INTERVAL) return
    this.hintAt = now
    this.minRtt = Infinity
    this.minRttAt = now
    this.probeRttMin = Infinity
    this.probeRttMinAt = now
    this.lastRtt = -1
    resetShortBounds(this)
    this.inflightLong = Infinity
    this.prevTooHigh = false
    this.fullBwReached = false
    resetFullBw(this, 0)
    this.staleBw = true
    enter(this, 'startup')
  }

  onMss(_now: Millis, smss: number): void {
    this.smss = smss
    this.cwnd = Math.max(this.cwnd, smss)
  }
}

export const bbr = (lossTolerance: number = LOSS_TOLERANCE): Controller & BbrState => new Bbr(lossTolerance)

/** Share of lost bytes that is taken for noise while no queue shows. */
const LOSS_TOLERANCE = 0.15
const LONG_IDLE = 10_000
const HINT_INTERVAL = 1000
