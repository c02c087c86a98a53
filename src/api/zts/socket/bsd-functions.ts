import { isRecord } from '../../../streams/option.ts'
import { result } from '../constant/result.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import type { ZtsSockaddr } from '../sockaddr.ts'
import { accept } from './accept.ts'
import { bsdTransferFunctions } from './bsd-transfer.ts'
import type { Calls } from './calls.ts'
import { connect } from './connect.ts'
import { fcntl, ioctl } from './control.ts'
import { createSocket } from './create-socket.ts'
import type { Descriptor } from './descriptor.ts'
import { hostByName, type ZtsHostent } from './host-names.ts'
import { anywhere, isUnspecified, type Place, readPlace, sockaddrOf } from './place.ts'
import { type PollFd, poll } from './poll.ts'
import { type Selected, select } from './select.ts'
import { getOption, setOption } from './socket-options.ts'

/** An address of a socket, or why there is none. */
export interface ZtsName {
  readonly err: number
  readonly addr: ZtsSockaddr | undefined
}
export interface ZtsAccepted {
  /** The descriptor of the connection, or a result code. */
  readonly fd: number
  readonly addr: ZtsSockaddr | undefined
}

export type BsdFunctions = ReturnType<typeof bsdFunctions>

/** `zts_bsd_*`. Structures are objects, addresses `{ family, addr, port }`. */
export const bsdFunctions = (calls: Calls) => {
  const { instance, table } = calls
  const name = (fd: number, of: (socket: Descriptor) => Place | undefined): ZtsName => {
    let addr: ZtsSockaddr | undefined
    const err = calls.on(fd, (socket) => {
      const place = of(socket)
      if (place === undefined) return -E.ZTS_ENOTCONN
      addr = sockaddrOf(socket.family, place)
      return 0
    })
    return { err, addr }
  }

  return {
    ...bsdTransferFunctions(calls),
    /** The lowest descriptor that is free. */
    zts_bsd_socket: (family: number, type: number, protocol = 0): number => {
      const { ground } = calls
      if (ground === undefined) return result.ZTS_ERR_SERVICE
      if (table.isFull) return calls.fail(E.ZTS_EMFILE)
      const made = createSocket(ground, family, type, protocol)
      return calls.say(typeof made === 'number' ? made : table.add(made))
    },
    /** A datagram socket is disconnected by an address of family `ZTS_AF_UNSPEC`. */
    zts_bsd_connect: async (fd: number, addr: ZtsSockaddr | { readonly family: number }): Promise<number> => {
      const place = readPlace(addr)
      if (isUnspecified(addr)) return calls.during(fd, (socket) => socket.disconnect())
      return place === undefined ? calls.badArgument : calls.during(fd, (socket) => connect(socket, place))
    },
    zts_bsd_bind: (fd: number, addr: ZtsSockaddr): number => {
      const place = readPlace(addr)
      return place === undefined ? calls.badArgument : calls.on(fd, (socket) => socket.bind(place))
    },
    zts_bsd_listen: (fd: number, backlog: number): number =>
      Number.isInteger(backlog) ? calls.on(fd, (socket) => socket.listen(backlog)) : calls.badArgument,
    zts_bsd_accept: async (fd: number): Promise<ZtsAccepted> => {
      const accepted = await calls.during(fd, (socket, ground) => accept(ground, table, socket))
      return { fd: accepted, addr: accepted < 0 ? undefined : name(accepted, ({ acceptedFrom }) => acceptedFrom).addr }
    },
    zts_bsd_getsockname: (fd: number): ZtsName =>
      name(fd, ({ local, family }) => local ?? { address: anywhere(family), port: 0 }),
    zts_bsd_getpeername: (fd: number): ZtsName => name(fd, ({ remote }) => remote),
    /** What waits for the socket ends with `EBADF`; what was written is still sent. */
    zts_bsd_close: (fd: number): number => calls.on(fd, () => table.close(fd)),
    zts_bsd_shutdown: (fd: number, how: number): number =>
      calls.on(fd, (socket) =>
        how === S.ZTS_SHUT_RD || how === S.ZTS_SHUT_WR || how === S.ZTS_SHUT_RDWR
          ? socket.shutdown(how !== S.ZTS_SHUT_WR, how !== S.ZTS_SHUT_RD)
          : -E.ZTS_EINVAL,
      ),

    /** `value`: a number or boolean; of times, linger and memberships an object with the names that C has. */
    zts_bsd_setsockopt: (fd: number, level: number, optname: number, value: unknown): number =>
      value === undefined || value === null
        ? calls.badArgument
        : calls.on(fd, (socket) => setOption(socket, level, optname, value)),
    zts_bsd_getsockopt: (
      fd: number,
      level: number,
      optname: number,
    ): { readonly err: number; readonly value: unknown } => {
      let value: unknown
      const err = calls.on(fd, (socket) => {
        const got = getOption(socket, level, optname)
        if (typeof got === 'number') return got
        value = got.value
        return 0
      })
      return { err, value }
    },

    /** Sets of descriptors, null for none; `timeout` is `{ tv_sec, tv_usec }`, null for ever. */
    zts_bsd_select: async (
      nfds: number,
      readfds: ReadonlySet<number> | null,
      writefds: ReadonlySet<number> | null,
      exceptfds: ReadonlySet<number> | null,
      timeout: { readonly tv_sec: number; readonly tv_usec: number } | null,
    ): Promise<Selected> => {
      const none = { r: new Set<number>(), w: new Set<number>(), x: new Set<number>() }
      const { ground } = calls
      if (ground === undefined) return { n: result.ZTS_ERR_SERVICE, ...none }
      const sets = { r: readfds ?? undefined, w: writefds ?? undefined, x: exceptfds ?? undefined }
      if (!Object.values(sets).every((set) => set === undefined || set instanceof Set))
        return { n: result.ZTS_ERR_ARG, ...none }
      const selected = await select(ground.clock, table, nfds, sets, timeout)
      return typeof selected === 'number' ? { n: calls.say(selected), ...none } : selected
    },
    /** How many have `revents`, which are filled in. `timeout` in ms, -1 for ever. */
    zts_bsd_poll: async (fds: readonly PollFd[], timeout: number): Promise<number> => {
      const { ground } = calls
      if (ground === undefined) return result.ZTS_ERR_SERVICE
      if (!Array.isArray(fds) || !Number.isFinite(timeout) || !fds.every(isPollFd)) return result.ZTS_ERR_ARG
      return poll(ground.clock, table, fds, timeout)
    },
    zts_bsd_fcntl: (fd: number, cmd: number, flags = 0): number => calls.on(fd, (socket) => fcntl(socket, cmd, flags)),
    /** `value` is what `ZTS_FIONREAD` asks for. */
    zts_bsd_ioctl: (fd: number, request: number, argp?: number): { readonly err: number; readonly value: number } => {
      if (request === S.ZTS_FIONBIO && (argp === undefined || argp === null))
        return { err: calls.badArgument, value: 0 }
      const got = calls.on(fd, (socket) => ioctl(socket, request, argp))
      return got < 0 ? { err: got, value: 0 } : { err: result.ZTS_ERR_OK, value: got }
    },
    /** Null if there is no such name, or no node. */
    zts_bsd_gethostbyname: (name: string): Promise<ZtsHostent | null> => hostByName(instance, name),
  }
}

const isPollFd = (one: unknown): one is PollFd =>
  isRecord(one) && Number.isInteger(one['fd']) && Number.isInteger(one['events']) && !Object.isFrozen(one)
