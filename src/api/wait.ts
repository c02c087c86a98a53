import { type Observable, type SchedulerLike, Subject, takeUntil } from 'rxjs'
import { aSignal, aTimeout, type OptionRules } from '../streams/option.ts'

/** How long a caller is ready to wait: `timeout` in ms, 0 for no limit. */
export interface WaitOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
}

/** The rules of `WaitOptions`. */
export const waitRules: OptionRules<WaitOptions> = { signal: aSignal, timeout: aTimeout }

interface Waiting {
  readonly signal?: AbortSignal | undefined
  readonly timeout?: number | undefined
}

export interface Settle<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/**
 * A promise for something that `begin` sets going and that `begin`'s answer calls off. It is called off when the
 * signal aborts (rejects with its reason) or when the time is up (rejects with `late()`); later news is ignored.
 */
export const waitFor = <T>(
  clock: SchedulerLike,
  { signal, timeout = 0 }: Waiting,
  late: () => Error,
  begin: (settle: Settle<T>) => () => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    let settled = false
    let callOff: (() => void) | undefined
    const finish = (): boolean => {
      if (settled) return false
      settled = true
      alarm?.unsubscribe()
      signal?.removeEventListener('abort', abort)
      return true
    }
    const stop = (reason: unknown): void => {
      if (!finish()) return
      callOff?.()
      reject(reason)
    }
    const abort = (): void => stop(signal?.reason)
    const limited = timeout > 0 && Number.isFinite(timeout)
    const alarm = limited ? clock.schedule(() => stop(late()), timeout) : undefined
    signal?.addEventListener('abort', abort, { once: true })
    callOff = begin({
      resolve: (value) => {
        if (finish()) resolve(value)
      },
      reject: (reason) => {
        if (finish()) reject(reason)
      },
    })
  })

/**
 * Waits until `isIt` says yes to a state. It throws what makes waiting pointless; `ended` says why, if the states end.
 */
export const waitForState = <T>(
  clock: SchedulerLike,
  wait: Waiting,
  late: () => Error,
  state$: Observable<T>,
  isIt: (state: T) => boolean,
  ended: () => unknown,
): Promise<void> =>
  waitFor<void>(clock, wait, late, ({ resolve, reject }) => {
    const settled = new Subject<void>()
    state$.pipe(takeUntil(settled)).subscribe({
      next: (state) => {
        try {
          if (!isIt(state)) return
          resolve()
        } catch (error) {
          reject(error)
        }
        settled.next()
      },
      error: reject,
      complete: () => reject(ended()),
    })
    return () => settled.next()
  })
