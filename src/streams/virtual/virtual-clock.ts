import { VirtualAction, VirtualTimeScheduler } from 'rxjs'
import type { Millis } from '../../protocol/kernel/machine.ts'

/** Time that only moves when it is told to. Starts at a fixed moment, so that timestamps on the wire repeat. */
export class VirtualClock extends VirtualTimeScheduler {
  readonly start: Millis

  constructor(start: Millis = EPOCH) {
    super(VirtualAction, start)
    this.start = start
    this.frame = start
  }

  /** When the next piece of work is due. */
  get next(): Millis | undefined {
    return this.actions[0]?.delay
  }

  /** Does what is due until `time`, in order, and stands there. Time does not go back. */
  runTo(time: Millis): void {
    this.maxFrames = Math.max(time, this.frame)
    this.flush()
    this.frame = this.maxFrames
  }
}

/** 2025-01-01T00:00:00Z. */
export const EPOCH: Millis = 1_735_689_600_000
