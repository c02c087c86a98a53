import type { Millis } from '../../../protocol/kernel/machine.ts'
import type { CongestionControl } from '../../stack-io.ts'
import type { Controller, RateSample, Start } from './controller.ts'
import { growthOn, type HyStart, restart } from './hystart.ts'
import { begin, type Proportional, proportional, windowAfter } from './proportional.ts'

/**
 * Slow start, recovery by proportional rate reduction, timeout, undo and restart after idle: what RFC 5681 asks of every
 * controller whose answer to loss is a smaller window. Growth only while the window is what limits sending. What tells
 * one of them from another is how it shrinks and grows.
 */
export abstract class WindowBased implements Controller {
  abstract readonly name: CongestionControl
  smss = 0
  cwnd = 0
  pacingRate = Infinity
  quantum = 0
  ssthresh = Infinity
  phase = 'slow start'
  minRtt = Infinity
  readonly restrained = false

  #initial = 0
  #lastSend: Millis = 0
  #srtt = 0
  #lossSeen = false
  #minRttAt: Millis = 0
  #savedCwnd = 0
  #savedThreshold = 0
  readonly #prr: Proportional = proportional()
  /** Guards slow start. */
  readonly #hystart: HyStart | undefined

  constructor(hystart: HyStart | undefined) {
    this.#hystart = hystart
  }

  /** The new ssthresh on loss; remembers what it needs of `cwnd`. */
  protected abstract reduce(flight: number): number
  /** Congestion avoidance: grows `cwnd`. */
  protected abstract grow(sample: RateSample): void
  /** The pause before this send was not the network's doing. */
  protected abstract resume(pause: number): void
  protected abstract save(): void
  protected abstract restore(): void
  protected abstract timedOut(): void

  init(start: Start): void {
    this.smss = start.smss
    this.#initial = start.initialCwnd
    this.cwnd = this.#initial
    this.#srtt = start.srtt
    this.minRtt = start.srtt > 0 ? start.srtt : Infinity
    this.#minRttAt = start.now
    this.#lastSend = start.now
    this.#pace()
  }

  onSend(now: Millis, length: number, inflight: number): void {
    const prr = this.#prr
    if (prr.active) prr.sent += length
    else if (inflight === 0) {
      const idle = now - this.#lastSend
      if (idle > Math.max(200, 2 * this.#srtt)) this.cwnd = Math.max(Math.min(this.#initial, this.cwnd), this.smss)
      this.resume(idle)
    }
    this.#lastSend = now
  }

  onAck(sample: RateSample): void {
    const prr = this.#prr
    this.#srtt = sample.srtt
    if (sample.rtt >= 0 && (sample.rtt <= this.minRtt || sample.now > this.#minRttAt + MIN_RTT_WINDOW)) {
      this.minRtt = sample.rtt
      this.#minRttAt = sample.now
    }
    if (prr.active) {
      const isClean = sample.advanced && sample.newlyLost === 0
      this.cwnd = windowAfter(prr, sample.newlyAcked, sample.inflight, this.smss, isClean)
    } else if (this.cwnd < this.ssthresh) this.#slowStart(sample)
    else if (sample.cwndLimited && sample.newlyAcked > 0) this.grow(sample)
    this.phase = prr.active ? 'recovery' : this.cwnd < this.ssthresh ? 'slow start' : 'avoidance'
    this.#pace()
  }

  onLoss(): boolean {
    this.#lossSeen = true
    return true
  }

  onRecovery(entered: boolean, _now: Millis, inflight: number): void {
    const prr = this.#prr
    if (entered) {
      this.#remember()
      this.ssthresh = this.reduce(inflight)
      begin(prr, this.ssthresh, inflight)
    } else if (prr.active) {
      prr.active = false
      this.cwnd = Math.max(this.ssthresh, this.smss)
    }
  }

  onRto(_now: Millis, flight: number, first: boolean): void {
    const prr = this.#prr
    if (first) {
      this.#remember()
      if (!prr.active) this.ssthresh = this.reduce(flight)
    }
    prr.active = false
    this.timedOut()
    this.cwnd = this.smss
    this.phase = 'slow start'
    this.#pace()
  }

  onUndo(): void {
    this.#prr.active = false
    this.cwnd = Math.max(this.cwnd, this.#savedCwnd)
    this.ssthresh = Math.max(this.ssthresh, this.#savedThreshold)
    this.restore()
    this.#pace()
  }

  onPathHint(): void {
    if (this.#hystart !== undefined) restart(this.#hystart)
    this.minRtt = Infinity
  }

  onMss(_now: Millis, smss: number): void {
    // the window keeps its number of segments: a narrower path is no congestion
    this.cwnd = Math.max(smss, (this.cwnd / this.smss) * smss)
    this.smss = smss
  }

  #remember(): void {
    this.#savedCwnd = this.cwnd
    this.#savedThreshold = this.ssthresh
    this.save()
  }

  #pace(): void {
    const gain = this.cwnd < this.ssthresh ? SLOW_START_GAIN : AVOIDANCE_GAIN
    this.pacingRate = this.#srtt > 0 ? (gain * this.cwnd) / this.#srtt : Infinity
    this.quantum = Math.max(2 * this.smss, Math.min(LARGEST_QUANTUM, this.pacingRate))
  }

  #slowStart(sample: RateSample): void {
    const hystart = this.#hystart
    const share =
      hystart === undefined || this.#lossSeen
        ? 1
        : growthOn(hystart, sample.priorDelivered, sample.totalDelivered, sample.rtt)
    if (share === 0) this.ssthresh = this.cwnd
    else if (sample.cwndLimited) {
      const most = this.minRtt < FAST_PATH ? BURST_LIMIT * this.smss : Infinity
      this.cwnd += Math.min(sample.newlyAcked, most) * share
    }
  }
}

const SLOW_START_GAIN = 2
const AVOIDANCE_GAIN = 1.2
/** Bytes per ACK that count in slow start while nothing is paced, in segments (RFC 9406 L). */
const BURST_LIMIT = 8
const LARGEST_QUANTUM = 65_536
/** Below this RTT nothing is paced. */
const FAST_PATH = 0.5
const MIN_RTT_WINDOW = 10_000
