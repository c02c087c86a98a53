import type { Socket } from 'node:net'
import type { Network } from '../../../api/network.ts'
import type { TcpSocket } from '../../../api/tcp-socket.ts'
import { FAR } from './forward-tcp.ts'
import type { Place } from './host-listener.ts'

/** A connection in the network for a client of this machine, given up when the client goes before it stands. */
export const connectFor = async (client: Socket, network: Network, to: Place): Promise<TcpSocket> => {
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  client.once('close', leave)
  try {
    return await network.connect({ ...to, ...FAR, signal: gone.signal })
  } finally {
    client.removeListener('close', leave)
  }
}
