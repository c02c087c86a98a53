import type { SchedulerLike } from 'rxjs'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { familyOf } from '../streams/snapshot.ts'

/**
 * Tries several addresses of one host (RFC 8305 §5): the next one starts when the last has failed, or after 250 ms
 * without an answer; the first that stands wins and calls the others off. If all fail, the first failure is told.
 */
export const firstToStand = <T>(
  clock: SchedulerLike,
  addresses: readonly IpAddress[],
  signal: AbortSignal | undefined,
  attempt: (address: IpAddress, signal: AbortSignal) => Promise<T>,
  /** One that stood when another had won. */
  discard: (late: T) => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const queue = alternating(addresses).slice(0, MOST_ATTEMPTS)
    const losers = new AbortController()
    const either = signal === undefined ? losers.signal : AbortSignal.any([signal, losers.signal])
    let running = 0
    let isSettled = false
    let failure: { readonly reason: unknown } | undefined
    let alarm: { unsubscribe(): void } | undefined

    const settle = (): boolean => {
      if (isSettled) return false
      isSettled = true
      alarm?.unsubscribe()
      return true
    }
    const next = (): void => {
      alarm?.unsubscribe()
      const address = queue.shift()
      if (isSettled || address === undefined) return
      running++
      if (queue.length > 0) alarm = clock.schedule(next, ATTEMPT_DELAY)
      attempt(address, either).then(
        (stands) => {
          if (settle()) {
            losers.abort()
            resolve(stands)
          } else discard(stands)
        },
        (reason: unknown) => {
          running--
          failure ??= { reason }
          if (signal?.aborted === true || (running === 0 && queue.length === 0)) {
            if (settle()) reject(signal?.aborted === true ? signal.reason : failure.reason)
          } else next()
        },
      )
    }
    next()
  })

/** One family after the other, beginning with that of the first (RFC 8305 §4). */
const alternating = (addresses: readonly IpAddress[]): IpAddress[] => {
  const first = addresses.filter((one) => familyOf(one) === familyOf(addresses[0]!))
  const second = addresses.filter((one) => !first.includes(one))
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((one) => one !== undefined)
}

const ATTEMPT_DELAY = 250
const MOST_ATTEMPTS = 8
