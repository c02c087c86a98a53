import { result } from '../constant/result.ts'
import { socket as S } from '../constant/socket.ts'
import type { ZtsSockaddr } from '../sockaddr.ts'
import type { Calls } from './calls.ts'
import type { Descriptor, Received } from './descriptor.ts'
import { type Place, readPlace, sockaddrOf } from './place.ts'
import { gathered, type Iov, isIov, receive, scattered, transmit } from './transfer.ts'

/** `zts_msghdr` of a message to be sent. */
export interface ZtsOutgoing {
  /** Where to; on a connection there is none. */
  readonly name?: ZtsSockaddr
  readonly iov: Iov
}
export interface ZtsReceived {
  /** Bytes, or a result code. */
  readonly n: number
  /** Who sent them; `undefined` where nothing came. */
  readonly addr: ZtsSockaddr | undefined
}
export interface ZtsReceivedMessage extends ZtsReceived {
  /** `ZTS_MSG_TRUNC` if the buffers did not hold all of the datagram. */
  readonly flags: number
  /** With `ZTS_IP_PKTINFO`: where it was sent to, and by which network, by number and by ID. */
  readonly info?: { readonly ipi_ifindex: number; readonly ipi_addr: string; readonly net_id: bigint }
}

/** Calls that move bytes. Lengths are those of the buffers. */
export const bsdTransferFunctions = (calls: Calls) => {
  const send = async (fd: number, data: unknown, flags: number, to: Place | undefined): Promise<number> => {
    if (!(data instanceof Uint8Array) || !Number.isInteger(flags)) return calls.badArgument
    return calls.during(fd, (socket, ground) => transmit(ground, socket, data, flags, to))
  }
  const read = async (fd: number, iov: unknown, flags: number): Promise<Reading> => {
    const socket = calls.find(fd)
    if (typeof socket === 'number') return { n: socket, received: {}, socket: undefined }
    if (!isIov(iov) || !Number.isInteger(flags)) return { n: result.ZTS_ERR_ARG, received: {}, socket: undefined }
    const { n, received } = await scattered(iov, (into) => receive(calls.ground!, socket, into, flags))
    return { n: calls.say(n), received, socket }
  }
  /** Who sent it: of a connection, the other end. */
  const senderOf = ({ n, received, socket }: Reading): ZtsSockaddr | undefined => {
    const from = received.from ?? socket?.remote
    return n < 0 || from === undefined || socket === undefined ? undefined : sockaddrOf(socket.family, from)
  }
  const infoOf = ({ received, socket }: Reading): Pick<ZtsReceivedMessage, 'info'> => {
    const { to, netId } = received
    if (socket?.options.packetInfo !== true || to === undefined || netId === undefined) return {}
    const index = calls.ground?.networks.all.findIndex(({ id }) => id === netId) ?? -1
    return { info: { ipi_ifindex: index + 1, ipi_addr: sockaddrOf(socket.family, to).addr, net_id: netId } }
  }

  return {
    /**
     * Bytes that were sent. A connection that blocks takes all of `buf`; one that does not takes what fits, or gives
     * `EAGAIN`. A datagram goes whole or not at all.
     */
    zts_bsd_send: (fd: number, buf: Uint8Array, flags = 0): Promise<number> => send(fd, buf, flags, undefined),
    zts_bsd_sendto: async (fd: number, buf: Uint8Array, flags: number, addr: ZtsSockaddr): Promise<number> => {
      const place = readPlace(addr)
      return place === undefined ? calls.badArgument : send(fd, buf, flags, place)
    },
    zts_bsd_sendmsg: async (fd: number, msg: ZtsOutgoing, flags = 0): Promise<number> => {
      const place = msg?.name === undefined ? undefined : readPlace(msg.name)
      if (!isIov(msg?.iov) || (msg.name !== undefined && place === undefined)) return calls.badArgument
      return send(fd, gathered(msg.iov), flags, place)
    },
    zts_bsd_write: (fd: number, buf: Uint8Array): Promise<number> => send(fd, buf, 0, undefined),
    zts_bsd_writev: async (fd: number, iov: Iov): Promise<number> =>
      isIov(iov) ? send(fd, gathered(iov), 0, undefined) : calls.badArgument,

    /** Bytes that were read into `buf`; 0 at the end of a connection. Of a datagram, what `buf` does not hold is lost. */
    zts_bsd_recv: async (fd: number, buf: Uint8Array, flags = 0): Promise<number> => (await read(fd, [buf], flags)).n,
    zts_bsd_recvfrom: async (fd: number, buf: Uint8Array, flags = 0): Promise<ZtsReceived> => {
      const reading = await read(fd, [buf], flags)
      return { n: reading.n, addr: senderOf(reading) }
    },
    zts_bsd_recvmsg: async (fd: number, msg: { readonly iov: Iov }, flags = 0): Promise<ZtsReceivedMessage> => {
      const reading = await read(fd, msg?.iov, flags)
      const { n, received } = reading
      const told = received.truncated === true ? S.ZTS_MSG_TRUNC : 0
      return { n, addr: senderOf(reading), flags: told, ...infoOf(reading) }
    },
    zts_bsd_read: async (fd: number, buf: Uint8Array): Promise<number> => (await read(fd, [buf], 0)).n,
    zts_bsd_readv: async (fd: number, iov: Iov): Promise<number> => (await read(fd, iov, 0)).n,
  }
}

interface Reading {
  readonly n: number
  readonly received: Received
  readonly socket: Descriptor | undefined
}
