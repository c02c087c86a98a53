import type { SchedulerLike } from 'rxjs'
import { ArgumentError } from '../streams/error.ts'

/** How long a caller is ready to wait: `timeout` in ms, 0 for no limit. */
export interface WaitOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
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
  { signal, timeout = 0 }: { readonly signal?: AbortSignal | undefined; readonly timeout?: number | undefined },
  late: () => Error,
  begin: (settle: Settle<T>) => () => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    if (!(timeout >= 0))
      return reject(
        new ArgumentError('ERR_ZT_INVALID_OPTION', `timeout ${timeout} is no time — use ms, or 0 for no limit`),
      )
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
