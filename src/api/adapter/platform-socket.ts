import type { IpAddress } from '../../protocol/kernel/ip.ts'
import { isRecord, refuse } from '../../streams/option.ts'
import type { Bytes } from '../bytes.ts'
import type { TcpSocket } from '../tcp-socket.ts'

/** What `opened` gives: the ends and both streams, as the Direct Sockets draft has it. */
export interface PlatformSocketInfo {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Bytes>
  readonly remoteAddress: IpAddress
  readonly remotePort: number
  readonly localAddress: IpAddress
  readonly localPort: number
}

/** A connection in the shape that platforms without `node:net` give it (the `connect()` of edge workers, Direct Sockets). */
export interface PlatformSocket {
  readonly opened: Promise<PlatformSocketInfo>
  /** Resolves when both directions have ended in order, rejects with what ended the connection otherwise. */
  readonly closed: Promise<void>
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Bytes>
  close(): Promise<void>
}

/**
 * A connection for code that was written for those platforms. Its read side is `socket.readable`: of that, iteration and
 * `data$` only one may be used.
 * @throws {SocketError} `ERR_ZT_LOCKED` if the connection is read in another way already
 * @example const { readable, writable } = toPlatformSocket(await net.connect({ host, port }))
 */
export const toPlatformSocket = (socket: TcpSocket): PlatformSocket => {
  if (!isRecord(socket) || !isRecord(socket['remote'])) refuse('socket', socket, 'pass what connect() gave')
  const { readable, writable, closed, local, remote } = socket
  return {
    ...{ readable, writable, closed },
    opened: Promise.resolve({
      ...{ readable, writable },
      ...{ remoteAddress: remote.address, remotePort: remote.port },
      ...{ localAddress: local.address, localPort: local.port },
    }),
    close: () => socket.close(),
  }
}
