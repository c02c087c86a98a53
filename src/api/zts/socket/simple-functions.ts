import { socket as S } from '../constant/socket.ts'
import { familyNumber, isPort, readSockaddr, type ZtsSockaddr } from '../sockaddr.ts'
import type { BsdFunctions } from './bsd-functions.ts'
import type { Calls } from './calls.ts'
import { connectWithin } from './connect.ts'

/** An address as text beside the structure that older programs ask for. */
export interface ZtsNameText {
  readonly err: number
  readonly addr: ZtsSockaddr | undefined
  readonly str: string
  readonly port: number
}
export interface ZtsAcceptedText {
  /** The descriptor of the connection, or a result code. */
  readonly fd: number
  readonly addr: ZtsSockaddr | undefined
  readonly str: string
  readonly port: number
}

export type SimpleFunctions = ReturnType<typeof simpleFunctions>

/** The calls that take addresses as text; with structures, as before 2021-05, they are those of the same name in `zts_bsd_*`. */
export const simpleFunctions = (calls: Calls, bsd: BsdFunctions) => {
  const open = (type: number, ip: unknown): number => {
    const place = readText(ip, 0)
    return place === undefined ? calls.badArgument : bsd.zts_bsd_socket(familyNumber(place.addr), type, 0)
  }
  /** Closes what is of no use, and says why it is not. */
  const orClose = (fd: number, outcome: number): number => {
    if (outcome >= 0) return fd
    const { errno } = calls.instance
    bsd.zts_bsd_close(fd)
    calls.instance.setErrno(errno)
    return outcome
  }
  const bind = (fd: number, ip: string | ZtsSockaddr, port = 0): number => {
    const addr = typeof ip === 'string' ? readText(ip, port) : ip
    return addr === undefined ? calls.badArgument : bsd.zts_bsd_bind(fd, addr)
  }
  const connect = async (fd: number, ip: string | ZtsSockaddr, port = 0, timeout = 0): Promise<number> => {
    if (typeof ip !== 'string') return bsd.zts_bsd_connect(fd, ip)
    const place = readSockaddr(readText(ip, port))
    if (place === undefined || !Number.isFinite(timeout) || timeout < 0) return calls.badArgument
    return calls.during(fd, (socket, ground) => connectWithin(ground, socket, place, timeout || CONNECT_TIMEOUT))
  }
  const accepted = async (fd: number): Promise<ZtsAcceptedText> => {
    const { fd: own, addr } = await bsd.zts_bsd_accept(fd)
    return { fd: own, ...textOf(addr) }
  }

  return {
    zts_socket: bsd.zts_bsd_socket,
    /** Tries for `timeout` ms, 0 for 30 s. A socket that does not block gives `EINPROGRESS`. */
    zts_connect: connect,
    zts_bind: bind,
    zts_listen: bsd.zts_bsd_listen,
    zts_accept: accepted,
    zts_send: bsd.zts_bsd_send,
    zts_recv: bsd.zts_bsd_recv,
    zts_read: bsd.zts_bsd_read,
    zts_write: bsd.zts_bsd_write,
    zts_close: bsd.zts_bsd_close,
    zts_shutdown_rd: (fd: number): number => bsd.zts_bsd_shutdown(fd, S.ZTS_SHUT_RD),
    zts_shutdown_wr: (fd: number): number => bsd.zts_bsd_shutdown(fd, S.ZTS_SHUT_WR),
    zts_shutdown_rdwr: (fd: number): number => bsd.zts_bsd_shutdown(fd, S.ZTS_SHUT_RDWR),
    zts_getpeername: (fd: number): ZtsNameText => nameText(bsd.zts_bsd_getpeername(fd)),
    zts_getsockname: (fd: number): ZtsNameText => nameText(bsd.zts_bsd_getsockname(fd)),

    /** The descriptor of a connection, made within 30 s. */
    zts_tcp_client: async (ip: string, port: number): Promise<number> => {
      const fd = open(S.ZTS_SOCK_STREAM, ip)
      return fd < 0 ? fd : orClose(fd, await connect(fd, ip, port))
    },
    /** The descriptor of the first connection that comes in; nobody listens afterwards. */
    zts_tcp_server: async (ip: string, port: number): Promise<ZtsAcceptedText> => {
      const fd = open(S.ZTS_SOCK_STREAM, ip)
      if (fd < 0) return { fd, ...textOf(undefined) }
      const bound = bind(fd, ip, port)
      const listening = bound < 0 ? bound : bsd.zts_bsd_listen(fd, 1)
      if (listening < 0) return { fd: orClose(fd, listening), ...textOf(undefined) }
      const first = await accepted(fd)
      if (first.fd < 0) orClose(fd, first.fd)
      else bsd.zts_bsd_close(fd)
      return first
    },
    zts_udp_server: (ip: string, port: number): number => {
      const fd = open(S.ZTS_SOCK_DGRAM, ip)
      return fd < 0 ? fd : orClose(fd, bind(fd, ip, port))
    },
    zts_udp_client: (ip: string): number => open(S.ZTS_SOCK_DGRAM, ip),
  }
}

const readText = (ip: unknown, port: unknown): ZtsSockaddr | undefined => {
  const place = typeof ip === 'string' && isPort(port) ? readSockaddr({ addr: ip, port }) : undefined
  return place === undefined
    ? undefined
    : { family: familyNumber(place.address), addr: place.address, port: place.port }
}

const textOf = (addr: ZtsSockaddr | undefined): Omit<ZtsAcceptedText, 'fd'> => ({
  addr,
  str: addr?.addr ?? '',
  port: addr?.port ?? 0,
})
const nameText = ({ err, addr }: { readonly err: number; readonly addr: ZtsSockaddr | undefined }): ZtsNameText => ({
  err,
  ...textOf(addr),
})

/** ms. */
const CONNECT_TIMEOUT = 30_000
