import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import type { Millis } from '../../protocol/kernel/machine.ts'

/**
 * The clock of a node: Unix epoch in ms with a fraction, and never backwards within a run, because it is the process's
 * monotonic clock put on top of the wall clock at its start.
 */
export interface Clock extends SchedulerLike {
  /** Whether pending timers keep the process alive (they do, until `unref`). */
  ref(): void
  unref(): void
}

export const systemClock = (): Clock => {
  const pending = new Set<TimerAction<unknown>>()
  let held = true
  const hold = (on: boolean) => (): void => {
    held = on
    for (const action of pending) action.hold(on)
  }
  return {
    now: systemNow,
    schedule: <T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription =>
      new TimerAction<T>(work, pending as Set<unknown>, () => held).schedule(state, delay),
    ref: hold(true),
    unref: hold(false),
  }
}

export const systemNow = (): Millis => performance.timeOrigin + performance.now()

/** One piece of scheduled work: an RxJS action over `setTimeout`, and over the next turn where nothing is to be waited. */
class TimerAction<T> extends Subscription implements SchedulerAction<T> {
  readonly #work: (this: SchedulerAction<T>, state: T) => void
  readonly #pending: Set<unknown>
  readonly #held: () => boolean
  #timer: Timer | undefined

  constructor(work: (this: SchedulerAction<T>, state: T) => void, pending: Set<unknown>, held: () => boolean) {
    super()
    this.#work = work
    this.#pending = pending
    this.#held = held
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#clear()
    this.#pending.add(this)
    this.#timer = startTimer(() => this.#run(state as T), delay)
    if (!this.#held()) this.#timer.hold(false)
    return this
  }

  hold(on: boolean): void {
    this.#timer?.hold(on)
  }

  override unsubscribe(): void {
    this.#clear()
    super.unsubscribe()
  }

  #run(state: T): void {
    this.#timer = undefined
    this.#pending.delete(this)
    this.#work.call(this, state)
    if (this.#timer === undefined) super.unsubscribe()
  }

  #clear(): void {
    this.#timer?.stop()
    this.#timer = undefined
    this.#pending.delete(this)
  }
}

interface Timer {
  readonly stop: () => void
  readonly hold: (on: boolean) => void
}

/** Timers are late by up to a millisecond and never early by more than a fraction; under half a millisecond is "next turn". */
const startTimer = (work: () => void, delay: Millis): Timer => {
  if (delay < SOON && typeof setImmediate === 'function') {
    const immediate = setImmediate(work)
    return { stop: () => clearImmediate(immediate), hold: (on) => (on ? immediate.ref() : immediate.unref()) }
  }
  const timeout = setTimeout(work, Math.min(Math.ceil(delay), LONGEST))
  return {
    stop: () => clearTimeout(timeout),
    hold: (on) => {
      if (typeof timeout === 'object') on ? timeout.ref() : timeout.unref()
    },
  }
}

const SOON: Millis = 0.5
/** `setTimeout` holds 31 bits; what is later rings early and is set again. */
const LONGEST: Millis = 0x7fff_ffff
