import type { SchedulerLike, Subscription } from 'rxjs'
import { waitFor } from '../../api/wait.ts'

/** Looks again and again until it is so, or the time is up. Resolves with whether it was. */
export const pollUntil = (
  clock: SchedulerLike,
  limit: number,
  signal: AbortSignal | undefined,
  isIt: () => boolean,
): Promise<boolean> => {
  const end = clock.now() + limit
  const late = (): Error => new Error('the wait has no limit of its own')
  return waitFor<boolean>(clock, { signal }, late, ({ resolve, reject }) => {
    let alarm: Subscription | undefined
    const look = (): void => {
      try {
        if (isIt()) resolve(true)
        else if (clock.now() >= end) resolve(false)
        else alarm = clock.schedule(look, INTERVAL)
      } catch (error) {
        reject(error)
      }
    }
    look()
    return () => alarm?.unsubscribe()
  })
}

const INTERVAL = 50
