import type { Controller, RateSample } from './controller.ts'
import { WindowBased } from './window-based.ts'

/** RFC 5681: half the flight on loss, one segment more per round. */
class Reno extends WindowBased {
  readonly name = 'reno'
  /** Acknowledged since the window last grew. */
  #counted = 0

  constructor() {
    super(undefined)
  }

  protected reduce(flight: number): number {
    this.#counted = 0
    return Math.max(flight / 2, 2 * this.smss)
  }

  protected grow(sample: RateSample): void {
    this.#counted += sample.newlyAcked
    if (this.#counted < this.cwnd) return
    this.#counted -= this.cwnd
    this.cwnd += this.smss
  }

  protected resume(): void {}
  protected save(): void {}
  protected restore(): void {}

  protected timedOut(): void {
    this.#counted = 0
  }
}

export const reno = (): Controller => new Reno()
