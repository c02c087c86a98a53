import type { SchedulerLike } from 'rxjs'
import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import { type DescriptorTable, MOST_DESCRIPTORS } from './descriptor-table.ts'
import { readTime } from './option-value.ts'
import type { SysResult } from './perform.ts'
import { waitUntilReady } from './readiness.ts'

/** Which descriptors are ready, and how many that is over all three. */
export interface Selected {
  readonly n: number
  readonly r: Set<number>
  readonly w: Set<number>
  readonly x: Set<number>
}

/** What `select` is asked: `undefined` sets are empty. */
export interface Selection {
  readonly r: ReadonlySet<number> | undefined
  readonly w: ReadonlySet<number> | undefined
  readonly x: ReadonlySet<number> | undefined
}

/**
 * As POSIX has it: readable is what a read would not wait for (also an error, an end, a connection to accept), writable
 * likewise; exceptional is a pending error. `time` is `zts_timeval`, nothing for ever.
 */
export const select = async (
  clock: SchedulerLike,
  table: DescriptorTable,
  nfds: number,
  { r, w, x }: Selection,
  time: unknown,
): Promise<Selected | SysResult> => {
  const timeout = time === undefined || time === null ? Number.POSITIVE_INFINITY : readTime(time)
  if (!Number.isInteger(nfds) || nfds < 0 || nfds > MOST_DESCRIPTORS || timeout === undefined) return -E.ZTS_EINVAL
  const watched = new Map<number, Descriptor>()
  for (const fd of [...(r ?? []), ...(w ?? []), ...(x ?? [])]) {
    if (fd >= nfds) continue
    const socket = table.get(fd)
    if (socket === undefined) return -E.ZTS_EBADF
    watched.set(fd, socket)
  }
  const look = (isLast: boolean): Selected | SysResult | undefined => {
    const found = { r: new Set<number>(), w: new Set<number>(), x: new Set<number>() }
    for (const [fd, socket] of watched) {
      if (socket.closed) return -E.ZTS_EBADF
      const { readable, writable, error } = socket.readiness
      if (readable && r?.has(fd)) found.r.add(fd)
      if (writable && w?.has(fd)) found.w.add(fd)
      if (error && x?.has(fd)) found.x.add(fd)
    }
    const n = found.r.size + found.w.size + found.x.size
    return n > 0 || isLast ? { n, ...found } : undefined
  }
  return waitUntilReady(clock, watched.values(), timeout, look)
}
