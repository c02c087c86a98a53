import type { Subscription } from 'rxjs'
import type { RunningNetwork } from '../../streams/network.ts'
import type { SocketId, SocketNews, SocketSink } from '../../streams/sockets.ts'
import type { StackCall } from '../../tcpip/stack-io.ts'
import type { ToProgram, WireCall } from './message.ts'
import { plainError } from './plain-error.ts'
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
  #next = FIRST_ACCEPTED

  constructor(network: RunningNetwork, ports: HostPorts) {
    this.#network = network
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
    if (OPENING.has(call.call)) network.sockets.add(id, this.#sink)
    network.call(call)
    // the other end has no more use for it, whatever the stack still has to do
    if (call.call === 'abort' || call.call === 'close') network.sockets.drop(id)
  }

  end(): void {
    this.#watching.unsubscribe()
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
      if (news._tag === 'Accepted') this.#network.sockets.add(news.id, this.#sink)
      if (news._tag === 'State' && news.state === 'TIME-WAIT') this.#network.sockets.drop(news.id)
      this.#forward(news)
    },
    // the other end hears of it with the network
    gone: () => undefined,
  }

  #forward(news: SocketNews): void {
    const network = this.#network.id
    switch (news._tag) {
      case 'Data': {
        const data = alone(news.data)
        this.#ports.tell({ _tag: 'News', network, news: { ...news, data } }, data)
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
/** The other thread numbers what it opens from 1, this one what listeners accept. */
const FIRST_ACCEPTED: SocketId = 2 ** 32
/** Bytes that a message costs beside what it carries, about. */
export const OVERHEAD = 256
