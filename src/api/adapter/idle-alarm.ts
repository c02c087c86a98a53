import type { SchedulerLike, Subscription } from 'rxjs'

/**
 * The idle timer of a `net.Socket`: rings once after so many ms in which nothing happened, and again only after
 * something did. One timer that moves on when it rings early, and none while no time is set.
 */
export class IdleAlarm {
  readonly #clock: SchedulerLike
  readonly #written: () => number
  readonly #ring: () => void
  #ms = 0
  #activeAt = 0
  #writtenBefore = 0
  #timer: Subscription | undefined

  /** `written` counts bytes that left: a large write that makes headway is not idle. */
  constructor(clock: SchedulerLike, written: () => number, ring: () => void) {
    this.#clock = clock
    this.#written = written
    this.#ring = ring
  }

  /** 0 turns it off. */
  set(ms: number): void {
    this.stop()
    this.#ms = ms
    this.active()
  }

  active(): void {
    if (this.#ms === 0) return
    this.#activeAt = this.#clock.now()
    this.#writtenBefore = this.#written()
    if (this.#timer === undefined) this.#watch(this.#ms)
  }

  stop(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    this.#ms = 0
  }

  #watch(delay: number): void {
    this.#timer = this.#clock.schedule(() => {
      const written = this.#written()
      if (written !== this.#writtenBefore) this.#activeAt = this.#clock.now()
      this.#writtenBefore = written
      const left = this.#activeAt + this.#ms - this.#clock.now()
      this.#timer = undefined
      if (left > 0) this.#watch(left)
      else this.#ring()
    }, delay)
  }
}
