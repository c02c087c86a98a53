import type { SchedulerLike } from 'rxjs'
import type { Waiters } from './waiters.ts'

/**
 * Waits until `look` finds something, at most `timeout` ms (`Infinity`: for ever), in which case it is what `look` says
 * then. `look` is asked again whenever something happens to one of the sockets.
 */
export const waitUntilReady = <T>(
  clock: SchedulerLike,
  sockets: Iterable<{ readonly waiters: Waiters }>,
  timeout: number,
  look: (isLast: boolean) => T | undefined,
): Promise<T> => {
  const now = look(timeout === 0)
  if (now !== undefined) return Promise.resolve(now)
  return new Promise((resolve) => {
    const forgets: (() => void)[] = []
    const settle = (found: T | undefined): void => {
      if (found === undefined) return
      alarm?.unsubscribe()
      for (const forget of forgets.splice(0)) forget()
      resolve(found)
    }
    for (const { waiters } of sockets) forgets.push(waiters.add(() => settle(look(false))))
    const alarm = timeout === Number.POSITIVE_INFINITY ? undefined : clock.schedule(() => settle(look(true)), timeout)
  })
}
