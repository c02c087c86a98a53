import type { Subscription } from 'rxjs'
import type { RunningNetwork } from '../../streams/network.ts'
import type { SocketId, SocketNews, SocketSink } from '../../streams/sockets.ts'
import type { StackCall } from '../../tcpip/stack-io.ts'
import type { ToProgram, WireCall } from './message.ts'
import { plainError } from './plain-error.ts'
import { ArrivedBytes, UnfinishedWrites } from './socket-bytes.ts'
import { alone } from './thread-port.ts'

/** What the host of a network asks of the host of its node. */
export interface HostPorts {
  readonly now: () => number
  readonly tell: (message: ToProgram, transfer?: Uint8Array<ArrayBuffer>) => void
  /** Whether there is room for something that may be lost. */
  readonly admits: (cost: number) => boolean
}

/** The end of a network on the node's thread: does the calls of the other thread's sockets, and sends their news. */
export class NetworkHost {
  readonly #network: RunningNetwork
  readonly #ports: HostPorts
  readonly #watching: Subscription
  readonly #open = new Set<SocketId>()
  readonly #writes = new UnfinishedWrites((id, data) => this.#network.call({ call: 'write', id, data }))
  readonly #arrived = new ArrivedBytes((id, data) =>
    this.#ports.tell({ _tag: 'News', network: this.#network.id, news: { _tag: 'Data', id, data } }, data),
  )
  #next: SocketId

  /** The other end numbers what it opens from `first`, this one what listeners accept. */
  constructor(network: RunningNetwork, ports: HostPorts, first: SocketId) {
    this.#network = network
    this.#next = first + SOCKETS_OPENED
    this.#ports = ports
    const { id } = network
    this.#watching = network.state$.subscribe((state) => {
      const [servers, configured] = [network.advertisedServers, network.config !== undefined]
      if (network.ended === undefined) ports.tell({ _tag: 'Network', network: id, state, servers, configured })
      else ports.tell({ _tag: 'NetworkEnded', network: id, state, reason: plainError(network.ended) })
    })
  }

  call(wire: WireCall): void {
    const network = this.#network
    const call = this.#callOf(wire)
    const { id } = call
    if (OPENING.has(call.call)) this.#opened(id)
    if (call.call === 'write') this.#writes.begin(id, call.data)
    else network.call(call)
    // the other end has no more use for it, whatever the stack still has to do
    if (call.call === 'abort' || call.call === 'close') this.#drop(id)
  }

  end(): void {
    this.#watching.unsubscribe()
    this.#open.clear()
  }

  /** The other end is no more, and the network goes on without it. */
  abandon(): void {
    for (const id of [...this.#open]) {
      this.#drop(id)
      this.#network.call({ call: 'abort', id })
    }
    this.end()
  }

  #opened(id: SocketId): void {
    this.#open.add(id)
    this.#network.sockets.add(id, this.#sink)
  }
  #drop(id: SocketId): void {
    this.#open.delete(id)
    this.#writes.drop(id)
    this.#network.sockets.drop(id)
  }

  #callOf(wire: WireCall): StackCall {
    if (wire.call === 'connect') {
      const { within, ...rest } = wire
      return { ...rest, deadline: this.#ports.now() + within }
    }
    return wire.call === 'listen' ? { ...wire, nextId: () => this.#next++ } : wire
  }

  readonly #sink: SocketSink = {
    news: (news) => {
      if (news._tag === 'Accepted') this.#opened(news.id)
      if (news._tag === 'State' && news.state === 'TIME-WAIT') this.#drop(news.id)
      if (news._tag === 'Failed' || news._tag === 'Closed') {
        this.#open.delete(news.id)
        this.#writes.drop(news.id)
      }
      if (news._tag === 'Data') this.#arrived.add(news.id, news.data)
      else {
        this.#arrived.flush(news.id)
        this.#forward(news)
      }
    },
    // the other end hears of it with the network
    gone: () => undefined,
  }

  #forward(news: SocketNews): void {
    const network = this.#network.id
    switch (news._tag) {
      case 'Wrote':
      case 'Writable': {
        const told = this.#writes.hear(news)
        if (told !== undefined) this.#ports.tell({ _tag: 'News', network, news: told })
        return
      }
      case 'Datagram':
      case 'Packet': {
        const bytes = news._tag === 'Datagram' ? news.data : news.packet
        const cost = bytes.length + OVERHEAD
        if (!this.#ports.admits(cost)) {
          this.#network.dropped('udp-queue')
          return
        }
        const copy = alone(bytes)
        const carried = news._tag === 'Datagram' ? { ...news, data: copy } : { ...news, packet: copy }
        this.#ports.tell({ _tag: 'News', network, news: carried, cost }, copy)
        return
      }
      case 'Opened':
      case 'Accepted': {
        const owner = news.remote === undefined ? undefined : this.#network.ownerOf(news.remote.address)
        this.#ports.tell({ _tag: 'News', network, news, ...(owner === undefined ? {} : { owner }) })
        return
      }
      default:
        this.#ports.tell({ _tag: 'News', network, news })
    }
  }
}

const OPENING: ReadonlySet<StackCall['call']> = new Set(['connect', 'listen', 'bind', 'open-raw', 'echo'])
/** Numbers for what one end opens, before those of what its listeners accept. */
const SOCKETS_OPENED: SocketId = 2 ** 32
/** Bytes that a message costs beside what it carries, about. */
export const OVERHEAD = 256
