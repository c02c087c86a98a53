import type { SchedulerLike } from 'rxjs'
import { socket as S } from '../constant/socket.ts'
import type { Descriptor } from './descriptor.ts'
import type { DescriptorTable } from './descriptor-table.ts'
import { waitUntilReady } from './readiness.ts'

/** `zts_pollfd`: `revents` is filled in. */
export interface PollFd {
  readonly fd: number
  readonly events: number
  revents: number
}

/** How many have something to say. `timeout` in ms; negative is for ever. */
export const poll = (
  clock: SchedulerLike,
  table: DescriptorTable,
  fds: readonly PollFd[],
  timeout: number,
): Promise<number> => {
  // the number may be given to another socket meanwhile
  const sockets = fds.map(({ fd }) => table.get(fd))
  const look = (isLast: boolean): number | undefined => {
    let n = 0
    fds.forEach((one, i) => {
      one.revents = one.fd < 0 ? 0 : eventsOf(sockets[i], one.events)
      if (one.revents !== 0) n++
    })
    return n > 0 || isLast ? n : undefined
  }
  const watched = sockets.filter((socket) => socket !== undefined)
  return waitUntilReady(clock, watched, timeout < 0 ? Number.POSITIVE_INFINITY : timeout, look)
}

/** Errors, hang-ups and descriptors that are none are told without being asked for. */
const eventsOf = (socket: Descriptor | undefined, asked: number): number => {
  if (socket === undefined || socket.closed) return S.ZTS_POLLNVAL
  const { readable, writable, error, hungUp } = socket.readiness
  const some = (is: boolean, bits: number): number => (is ? asked & bits : 0)
  return (
    some(readable, S.ZTS_POLLIN | S.ZTS_POLLRDNORM) |
    some(writable, S.ZTS_POLLOUT | S.ZTS_POLLWRNORM) |
    (error ? S.ZTS_POLLERR : 0) |
    (hungUp ? S.ZTS_POLLHUP : 0)
  )
}
