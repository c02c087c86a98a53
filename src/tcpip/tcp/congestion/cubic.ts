import type { Controller, RateSample } from './controller.ts'
import { hyStart } from './hystart.ts'
import { WindowBased } from './window-based.ts'

/**
 * CUBIC (RFC 9438): after a loss the window follows a cubic curve of time through the size at which the loss happened,
 * and never grows slower than Reno would. Windows in segments, time in seconds.
 */
class Cubic extends WindowBased {
  readonly name = 'cubic'
  #curve: Curve = { most: 0, prior: 0, k: 0, estimate: 0, origin: NONE }
  #saved: Curve = this.#curve

  constructor() {
    super(hyStart())
  }

  protected reduce(): number {
    const s = this.#curve
    const size = this.cwnd / this.smss
    s.prior = size
    s.most = size < s.most ? (size * (1 + BETA)) / 2 : size
    s.origin = NONE
    return Math.max(BETA * this.cwnd, 2 * this.smss)
  }

  protected grow(sample: RateSample): void {
    const s = this.#curve
    const size = this.cwnd / this.smss
    const seconds = sample.now / 1000
    if (s.origin === NONE) {
      s.origin = seconds
      s.estimate = size
      s.k = size < s.most ? Math.cbrt((s.most - size) / C) : 0
      if (size >= s.most) s.most = size
    }
    // one ACK for many segments grows by no more than a round would
    const acked = Math.min(sample.newlyAcked / this.smss, size)
    s.estimate += ((s.estimate < s.prior ? ALPHA : 1) * acked) / size
    const t = seconds - s.origin
    if (C * (t - s.k) ** 3 + s.most < s.estimate) this.cwnd = Math.max(size, s.estimate) * this.smss
    else {
      const target = C * (t + sample.srtt / 1000 - s.k) ** 3 + s.most
      this.cwnd += ((Math.min(1.5 * size, Math.max(size, target)) - size) * acked * this.smss) / size
    }
  }

  protected resume(pause: number): void {
    if (this.#curve.origin !== NONE) this.#curve.origin += pause / 1000
  }

  protected save(): void {
    this.#saved = { ...this.#curve }
  }

  protected restore(): void {
    this.#curve = { ...this.#saved }
  }

  protected timedOut(): void {
    this.#curve.origin = NONE
  }
}

export const cubic = (): Controller => new Cubic()

interface Curve {
  /** W_max: where the last loss happened, lowered by fast convergence. */
  most: number
  /** cwnd before the last reduction. */
  prior: number
  /** Seconds until the curve is back at `most`. */
  k: number
  /** W_est: the window Reno would have. */
  estimate: number
  /** Start of the epoch, or `NONE`. */
  origin: number
}

const NONE = -1
const C = 0.4
const BETA = 0.7
const ALPHA = (3 * (1 - BETA)) / (1 + BETA)
