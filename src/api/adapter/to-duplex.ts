import { ArgumentError } from '../../streams/error.ts'
import { type TcpSocket, VirtualTcpSocket } from '../tcp-socket.ts'
import { ConnectionDuplex, type DuplexOptions, type VirtualDuplex } from './duplex.ts'

/**
 * A connection as a stream for libraries that want one.
 * @throws {SocketError} `ERR_ZT_LOCKED` if the connection is read in another way already
 * @example sshClient.connect({ sock: toDuplex(await network.connect({ host, port: 22 })), username })
 */
export const toDuplex = (socket: TcpSocket, options: DuplexOptions = {}): VirtualDuplex => {
  const own = asVirtual(socket)
  const duplex = new ConnectionDuplex(own.clock, options)
  duplex.attach(own)
  return duplex
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const asVirtual = (socket: TcpSocket): VirtualTcpSocket => {
  if (!(socket instanceof VirtualTcpSocket))
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      'socket is no connection of this library — pass what connect() gave',
    )
  return socket
}
