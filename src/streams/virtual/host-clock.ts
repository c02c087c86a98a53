import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs'
import type { Millis } from '../../protocol/kernel/machine.ts'
import { atLeast, refuse } from '../option.ts'

/** The clock of one host, which can be put forward while timers count on as before: the `scheduler` of its node. */
export class HostClock implements SchedulerLike {
  readonly #time: SchedulerLike
  #ahead: Millis = 0

  constructor(time: SchedulerLike) {
    this.#time = time
  }

  now(): Millis {
    return this.#time.now() + this.#ahead
  }

  /** It shows `ms` more from now on. Clocks of nodes do not go back. */
  jump(ms: Millis): void {
    if (!atLeast(0).is(ms)) refuse('ms', ms, 'use a time of 0 or more')
    this.#ahead += ms
  }

  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay: number, state: T): Subscription
  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription
  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay?: number, state?: T): Subscription {
    return this.#time.schedule(work, delay as number, state as T)
  }
}
