import type { SchedulerLike } from 'rxjs'
import type { SocketTable } from '../streams/sockets.ts'
import { waitFor } from './wait.ts'

/** FIN for every open connection, and up to `graceMs` for the peers to answer. */
export const sayGoodbye = (clock: SchedulerLike, tables: readonly SocketTable[], graceMs: number): Promise<void> => {
  const busy = tables.filter((sockets) => sockets.connections > 0)
  if (busy.length === 0) return Promise.resolve()
  return waitFor<void>(
    clock,
    { timeout: graceMs },
    () => new Error('late'),
    ({ resolve }) => {
      let left = busy.length
      for (const sockets of busy)
        sockets.sayGoodbye(() => {
          if (--left === 0) resolve()
        })
      return () => undefined
    },
  ).catch(() => undefined)
}
