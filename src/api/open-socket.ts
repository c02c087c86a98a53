import type { SchedulerLike } from 'rxjs'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { SocketError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import type { StackCall } from '../tcpip/stack-io.ts'
import { waitFor } from './wait.ts'

export type Opened = Extract<SocketNews, { readonly _tag: 'Opened' }>

/** A call that opens a socket: its first news is the answer, and from then on the socket hears the rest. */
export const openSocket = <T>(
  network: NetworkCore,
  clock: SchedulerLike,
  syscall: string,
  where: { readonly address: IpAddress; readonly port: number },
  wait: { readonly signal: AbortSignal | undefined; readonly timeout: number },
  late: (() => SocketError) | undefined,
  plan: (id: SocketId) => { readonly call: StackCall; readonly make: (news: Opened) => T },
): Promise<T> => {
  if (network.ended !== undefined) return Promise.reject(network.ended)
  return waitFor<T>(
    clock,
    wait,
    late ?? (() => new SocketError('ETIMEDOUT', syscall, where)),
    ({ resolve, reject }) => {
      const id = network.sockets.nextId()
      const { call, make } = plan(id)
      const opening: SocketSink = {
        news: (news: SocketNews) => {
          if (news._tag === 'Opened') resolve(make(news))
          else if (news._tag === 'Failed') reject(new SocketError(news.code, syscall, where))
          else if (news._tag === 'Closed') reject(new SocketError('ECONNABORTED', syscall, where))
        },
        gone: reject,
      }
      network.sockets.add(id, opening)
      network.call(call)
      return () => {
        network.call({ call: 'abort', id })
        network.sockets.drop(id)
      }
    },
  )
}

export const closeOnAbort = (
  socket: { close(): Promise<void>; whenClosed(then: () => void): void },
  signal: AbortSignal | undefined,
): void => {
  if (signal === undefined) return
  const abort = (): void => void socket.close()
  signal.addEventListener('abort', abort, { once: true })
  socket.whenClosed(() => signal.removeEventListener('abort', abort))
}
