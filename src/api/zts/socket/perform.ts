import type { SchedulerLike } from 'rxjs'
import { errno as E } from '../errno.ts'
import type { Waiters } from './waiters.ts'

/**
 * What calls give inside: as system calls do, a value of 0 or more, or an errno negated. At the edge the errno goes to
 * `errno`, and the call gives -1.
 */
export type SysResult = number

/** Something a caller wants done to a socket, perhaps bit by bit. */
export interface Work {
  /** Does what can be done now; `-EAGAIN` if that is not all. */
  readonly attempt: () => SysResult
  /** Bytes that were moved so far: what a call says that is cut short. */
  readonly done: () => number
}

/** One direction of a socket: those who block in it are served in the order they came, each until it has all. */
export class Turns {
  readonly #queue: Work[] = []

  get taken(): boolean {
    return this.#queue.length > 0
  }
  enter(work: Work): void {
    this.#queue.push(work)
  }
  leave(work: Work): void {
    this.#queue.splice(this.#queue.indexOf(work), 1)
  }
  isOf(work: Work): boolean {
    return this.#queue[0] === work
  }
}

/** What is waited for, and for how long. */
export interface Patience {
  readonly blocking: boolean
  /** ms; 0 is for ever. */
  readonly timeout: number
}

interface Busy {
  readonly waiters: Waiters
  readonly closed: boolean
}

/** Does `work` now, or waits until it is done, the time is up, or the socket is closed. */
export const perform = async (
  clock: SchedulerLike,
  socket: Busy,
  turns: Turns,
  { blocking, timeout }: Patience,
  work: Work,
): Promise<SysResult> => {
  if (!turns.taken) {
    const result = work.attempt()
    if (result !== AGAIN) return result
  }
  return blocking ? waited(clock, socket, turns, timeout, work) : cutShort(work, AGAIN)
}

const waited = (clock: SchedulerLike, socket: Busy, turns: Turns, timeout: number, work: Work): Promise<SysResult> =>
  new Promise((resolve) => {
    const settle = (result: SysResult): void => {
      forget()
      alarm?.unsubscribe()
      turns.leave(work)
      // it is the turn of the next
      socket.waiters.wake()
      resolve(result)
    }
    const forget = socket.waiters.add(() => {
      if (socket.closed) settle(cutShort(work, -E.ZTS_EBADF))
      else if (turns.isOf(work)) {
        const result = work.attempt()
        if (result !== AGAIN) settle(result)
      }
    })
    turns.enter(work)
    const alarm = timeout > 0 ? clock.schedule(() => settle(cutShort(work, AGAIN)), timeout) : undefined
  })

const cutShort = (work: Work, why: SysResult): SysResult => work.done() || why

const AGAIN = -E.ZTS_EAGAIN

/** What is done at once or not at all. */
export const whole = (attempt: () => SysResult): Work => ({ attempt, done: () => 0 })
