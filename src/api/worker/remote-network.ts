import { BehaviorSubject, type Observable, ReplaySubject } from 'rxjs'
import type { Mac, NetworkId as NetworkBits } from '../../protocol/kernel/id.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Random } from '../../protocol/kernel/rng.ts'
import { addressOf, isNodeMac, type MacScheme, macScheme } from '../../protocol/network/mac.ts'
import { Bridging } from '../../streams/bridging.ts'
import type { Counts } from '../../streams/counters.ts'
import type { ZtError } from '../../streams/error.ts'
import type { NetworkCore } from '../../streams/network-core.ts'
import { OwnRoutes } from '../../streams/own-routes.ts'
import { type NodeId, publicNodeId } from '../../streams/public-id.ts'
import type { IpPrefix, Neighbor, NetworkState, Route } from '../../streams/snapshot.ts'
import { type SocketId, SocketTable } from '../../streams/sockets.ts'
import { Tap } from '../../streams/tap.ts'
import type { FrameTrace, TraceRecord } from '../../streams/trace.ts'
import type { StackCall, StackDropReason } from '../../tcpip/stack-io.ts'
import type { TcpInfo } from '../../tcpip/tcp/inspect.ts'
import type { Question, TapItem, TapName, ToNode, ToProgram } from './message.ts'
import { alone } from './thread-port.ts'

/** What a network on another thread asks of the node it belongs to. */
export interface RemotePorts {
  readonly now: () => number
  readonly random: Random
  readonly tell: (message: ToNode, transfer?: Uint8Array<ArrayBuffer>) => void
  readonly ask: <T>(question: Question) => Promise<T>
  readonly dropped: (reason: StackDropReason) => void
  readonly note: (level: TraceRecord['level'], message: string, data: TraceRecord['data']) => void
}

/**
 * A network whose stack is on another thread. Socket calls go there and their answers come back, in order; they are
 * what holds a sender back, there as here: bytes are acknowledged when somebody here takes them, and one write of a
 * connection is under way at a time.
 */
export class RemoteNetwork implements NetworkCore {
  readonly id: NetworkBits
  readonly sockets: SocketTable
  readonly state$: BehaviorSubject<NetworkState>
  readonly frames$: Observable<FrameTrace>
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  readonly bridging: Bridging
  readonly canBridge = false
  advertisedServers: readonly IpAddress[] = []
  config: true | undefined
  ended: ZtError | undefined
  readonly #ports: RemotePorts
  readonly #scheme: MacScheme
  readonly #frames: Tap<FrameTrace>
  readonly #members: Tap<ReadonlyMap<NodeId, Neighbor>>
  readonly #owners = new Map<IpAddress, NodeId>()
  readonly #routes = new OwnRoutes()
  readonly #tcp = new Map<SocketId, TcpInfo>()
  #stats: Counts = {}

  constructor(id: NetworkBits, state: NetworkState, ports: RemotePorts, firstSocket: SocketId) {
    this.id = id
    this.sockets = new SocketTable(firstSocket)
    this.#ports = ports
    this.#scheme = macScheme(id)
    this.state$ = new BehaviorSubject(state)
    this.#frames = new Tap((on) => this.#tap('frames', on))
    this.frames$ = this.#frames.item$
    this.#members = new Tap(
      (on) => this.#tap('members', on),
      () => new ReplaySubject(1),
    )
    this.members$ = this.#members.item$
    this.bridging = new Bridging({ turn: noBridge, send: noBridge, malformed: noBridge })
  }

  get random(): Random {
    return this.#ports.random
  }
  get state(): NetworkState {
    return this.state$.value
  }

  /** As they were when somebody looked last: each look asks for the next. */
  get stats(): Counts {
    this.#look<Counts>({ _tag: 'NetworkStats', network: this.id }, (stats) => {
      this.#stats = stats
    })
    return this.#stats
  }
  /** The same; `undefined` at the first look. */
  tcpInfo(id: SocketId): TcpInfo | undefined {
    this.#look<TcpInfo | undefined>({ _tag: 'TcpInfo', network: this.id, id }, (info) => {
      if (info === undefined) this.#tcp.delete(id)
      else this.#tcp.set(id, info)
    })
    return this.#tcp.get(id)
  }

  call(call: StackCall): void {
    if (this.ended !== undefined) return
    const network = this.id
    if (call.call === 'write' || call.call === 'send' || call.call === 'send-raw') {
      const data = alone(call.data)
      this.#ports.tell({ _tag: 'Call', network, call: { ...call, data } }, data)
    } else if (call.call === 'connect') {
      const { deadline, ...rest } = call
      this.#ports.tell({ _tag: 'Call', network, call: { ...rest, within: deadline - this.#ports.now() } })
    } else if (call.call === 'listen') {
      const { nextId: _, ...rest } = call
      this.#ports.tell({ _tag: 'Call', network, call: rest })
    } else this.#ports.tell({ _tag: 'Call', network, call })
  }

  settled(): Promise<void> {
    return this.ended === undefined ? this.#ports.ask<void>({ _tag: 'Settle' }) : Promise.resolve()
  }

  ownerOf(address: IpAddress): NodeId | undefined {
    return this.#owners.get(address)
  }
  nodeOf(mac: Mac): NodeId | undefined {
    return isNodeMac(this.#scheme, mac) ? publicNodeId(addressOf(this.#scheme, mac)) : undefined
  }

  dropped(reason: StackDropReason): void {
    this.#ports.dropped(reason)
  }
  note(level: TraceRecord['level'], message: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#ports.note(level, message, { network: this.state.id, ...data })
  }

  /** The state shows it as soon as the other thread has it. */
  addRoute(route: Route): void {
    this.#routes.add(route)
    this.#ports.tell({ _tag: 'AddRoute', network: this.id, route })
  }
  removeRoute(target: IpPrefix): void {
    this.#routes.remove(target)
    this.#ports.tell({ _tag: 'RemoveRoute', network: this.id, target })
  }

  configure({ state, servers, configured }: Extract<ToProgram, { readonly _tag: 'Network' }>): void {
    this.advertisedServers = servers
    this.config = configured ? true : undefined
    this.state$.next(state)
  }

  hear({ news, owner }: Extract<ToProgram, { readonly _tag: 'News' }>): void {
    if (owner !== undefined && 'remote' in news && news.remote !== undefined) this.#owns(news.remote.address, owner)
    if (news._tag === 'Failed' || news._tag === 'Closed') this.#tcp.delete(news.id)
    this.sockets.deliver(news)
  }
  tapped(item: Extract<TapItem, { readonly network: NetworkBits }>): void {
    if (item.tap === 'frames') this.#frames.next(item.value)
    else this.#members.next(item.value)
  }

  end(reason: ZtError, state: NetworkState): void {
    if (this.ended !== undefined) return
    this.ended = reason
    this.sockets.end(reason, () => undefined)
    this.state$.next(state)
    this.state$.complete()
    this.#frames.end()
    this.#members.end()
    this.bridging.end()
  }

  #tap(tap: TapName, on: boolean): void {
    this.#ports.tell({ _tag: 'Tap', tap, network: this.id, on })
  }

  #look<T>(question: Question, then: (answer: T) => void): void {
    if (this.ended === undefined) this.#ports.ask<T>(question).then(then, () => undefined)
  }

  /** Only connections are asked for, and only at their birth: what is older may go. */
  #owns(address: IpAddress, node: NodeId): void {
    const oldest = this.#owners.size >= MOST_OWNERS ? this.#owners.keys().next() : undefined
    if (oldest !== undefined && !oldest.done) this.#owners.delete(oldest.value)
    this.#owners.set(address, node)
  }
}

const noBridge = (): void => undefined

const MOST_OWNERS = 1024
