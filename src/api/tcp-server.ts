import { Observable, type SchedulerLike, Subject } from 'rxjs'
import { SocketError, type ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import type { NodeId } from '../streams/public-id.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import type { TcpOptions } from '../tcpip/stack-io.ts'
import type { SocketAddress } from './address.ts'
import { SocketLife } from './socket-life.ts'
import { Takers } from './takers.ts'
import { type TcpSocket, VirtualTcpSocket } from './tcp-socket.ts'

/** Accepts TCP connections. Closing it leaves accepted connections alone. */
export interface TcpServer extends AsyncIterable<TcpSocket>, AsyncDisposable {
  /** Where it listens; `::` for every address of the network (`0.0.0.0` where there is no IPv6). */
  readonly address: SocketAddress
  /** The other way to take connections: those that nobody took yet, then each new one. */
  readonly connections$: Observable<TcpSocket>
  /** Stops accepting; connections that nobody took are reset. Idempotent. */
  close(): Promise<void>
}

/** Only `true` lets a connection in. It is asked at once, so it cannot wait for anything. */
export type Accept = (remote: SocketAddress, peer: NodeId | undefined) => boolean

export class VirtualTcpServer implements TcpServer, SocketSink {
  readonly address: SocketAddress
  readonly connections$: Observable<TcpSocket>
  readonly #network: NetworkCore
  readonly #clock: SchedulerLike
  readonly #id: SocketId
  readonly #options: TcpOptions
  readonly #accept: Accept | undefined
  readonly #queue: VirtualTcpSocket[] = []
  readonly #takers = new Takers<TcpSocket>(() => this.#take())
  readonly #live = new Subject<TcpSocket>()
  readonly #life: SocketLife

  constructor(
    network: NetworkCore,
    clock: SchedulerLike,
    id: SocketId,
    address: SocketAddress,
    options: TcpOptions,
    accept: Accept | undefined,
  ) {
    this.#network = network
    this.#clock = clock
    this.#id = id
    this.#options = options
    this.#accept = accept
    this.address = address
    this.#life = new SocketLife(network, id, (reason) => {
      for (const socket of this.#queue.splice(0)) socket.reset()
      this.#takers.end(reason)
      this.#live.complete()
    })
    this.connections$ = new Observable((out) => {
      for (let waiting = this.#take(); waiting !== undefined; waiting = this.#take()) out.next(waiting)
      if (this.#life.ended) out.complete()
      return this.#live.subscribe(out)
    })
    network.sockets.add(id, this)
  }

  close(): Promise<void> {
    return this.#life.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<TcpSocket> {
    return this.#takers.iterator(() => this.close())
  }

  /** Called back when the server is closed, by whomever. */
  whenClosed(then: () => void): void {
    this.#life.whenEnded(then)
  }

  news(news: SocketNews): void {
    if (news._tag === 'Accepted') this.#accepted(news)
    else if (news._tag === 'Failed') this.#life.end(new SocketError(news.code, 'listen', this.address))
    else if (news._tag === 'Closed') this.#life.end()
  }

  gone(reason: ZtError): void {
    this.#life.end(reason)
  }

  #accepted({ id, local, remote }: Extract<SocketNews, { _tag: 'Accepted' }>): void {
    const socket = new VirtualTcpSocket(this.#network, this.#clock, id, local, remote, this.#options)
    this.#queue.push(socket)
    if (this.#life.ended || !this.#welcome(socket)) this.#take()?.reset()
    else if (this.#live.observed) this.#live.next(this.#take()!)
    else if (this.#takers.waiting > 0) this.#takers.give(this.#take()!)
  }

  /** The connection that waits longest. The stack lets no more than the backlog wait, and is told of each that goes. */
  #take(): VirtualTcpSocket | undefined {
    const socket = this.#queue.shift()
    if (socket !== undefined) this.#network.call({ call: 'accept', id: this.#id })
    return socket
  }

  /** A filter that fails, or that gives a promise, lets nobody in. */
  #welcome({ remote, peer }: VirtualTcpSocket): boolean {
    if (this.#accept === undefined) return true
    try {
      const answer: unknown = this.#accept(remote, peer)
      if (typeof answer === 'boolean') return answer
      this.#network.note('error', `accept() gave ${typeof answer}, not true or false: connection refused`)
    } catch (error) {
      this.#network.note('error', 'accept() failed: connection refused', { error: String(error) })
    }
    return false
  }
}
