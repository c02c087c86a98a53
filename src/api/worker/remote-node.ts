import { BehaviorSubject, distinctUntilChanged, type Observable } from 'rxjs'
import { type NetworkId as NetworkBits, parseNetworkId } from '../../protocol/kernel/id.ts'
import type { Random } from '../../protocol/kernel/rng.ts'
import type { Drop } from '../../streams/drop-log.ts'
import { NodeError, SocketError, ZtError } from '../../streams/error.ts'
import type { ZtEvent } from '../../streams/event.ts'
import { EventLog } from '../../streams/event-log.ts'
import type { Clock } from '../../streams/io/clock.ts'
import { checkOptions } from '../../streams/option.ts'
import type { NetworkId, NodeId, WorldId } from '../../streams/public-id.ts'
import { endedState, type NetworkState, type NodeInfo, type Peer } from '../../streams/snapshot.ts'
import type { SocketId } from '../../streams/sockets.ts'
import { Tap } from '../../streams/tap.ts'
import type { PacketTrace, TraceRecord } from '../../streams/trace.ts'
import { sayGoodbye } from '../goodbye.ts'
import { asNetworkId, asNodeId, asWorldId } from '../id.ts'
import { type Identity, parseIdentity } from '../identity.ts'
import { type JoinOptions, joinRules } from '../join-options.ts'
import { type Network, VirtualNetwork } from '../network.ts'
import { closedError, closeRules, GRACE, type NodeStats, type ZtNode } from '../node.ts'
import { type WaitOptions, waitRules } from '../wait.ts'
import type { Question, TapItem, TapName, ToNode, ToProgram, WireStats } from './message.ts'
import { revivedError } from './plain-error.ts'
import { RemoteNetwork } from './remote-network.ts'
import { type Mailbox, Questions } from './thread-port.ts'

/** What a node on another thread needs of this one. */
export interface ProgramHands {
  readonly clock: Clock
  readonly random: Random
  readonly mailbox: Mailbox<ToNode>
  /** Whether the thread keeps the process alive. */
  readonly hold: (on: boolean) => void
  /** The node has ended: the thread may go, and the store with it. */
  readonly release: () => Promise<void>
}
type Up = Extract<ToProgram, { readonly _tag: 'Up' }>

/** A node on another thread: states are mirrored here, calls go there, sockets are here with their stack there. */
export class RemoteNode implements ZtNode {
  readonly id: NodeId
  readonly identity: Identity
  readonly online$: Observable<boolean>
  readonly peers$: Observable<ReadonlyMap<NodeId, Peer>>
  readonly networks$: Observable<ReadonlyMap<NetworkId, NetworkState>>
  readonly events$: Observable<ZtEvent>
  readonly packets$: Observable<PacketTrace>
  readonly trace$: Observable<TraceRecord>
  readonly drop$: Observable<Drop>
  readonly closed: Promise<void>
  readonly #hands: ProgramHands
  readonly #firstSocket: SocketId
  readonly #questions = new Questions()
  readonly #online = new BehaviorSubject(false)
  readonly #peers = new BehaviorSubject<ReadonlyMap<NodeId, Peer>>(new Map())
  readonly #states = new BehaviorSubject<ReadonlyMap<NetworkId, NetworkState>>(new Map())
  readonly #events = new EventLog()
  readonly #packets = new Tap<PacketTrace>((on) => this.#turn('packets', on))
  readonly #trace = new Tap<TraceRecord>((on) => this.#turn('trace', on))
  readonly #drops = new Tap<Drop>((on) => this.#turn('drops', on))
  readonly #networks = new Map<NetworkBits, RemoteNetwork>()
  readonly #handles = new Map<NetworkId, VirtualNetwork>()
  #info: NodeInfo
  #stats: WireStats
  /** Why calls fail from now on. */
  #ended: NodeError | undefined
  #over = false
  #closing: Promise<void> | undefined
  #settleClosed: (error?: Error) => void = () => undefined

  constructor({ identity, info, stats, firstSocket }: Up, hands: ProgramHands) {
    this.#hands = hands
    this.#firstSocket = firstSocket
    this.identity = parseIdentity(identity)
    this.id = info.id
    this.#info = info
    this.#online.next(info.online)
    this.#stats = stats
    this.online$ = this.#online.pipe(distinctUntilChanged())
    this.peers$ = this.#peers.asObservable()
    this.networks$ = this.#states.asObservable()
    this.events$ = this.#events.event$
    this.packets$ = this.#packets.item$
    this.trace$ = this.#trace.item$
    this.drop$ = this.#drops.item$
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = (error) => (error === undefined ? resolve() : reject(error))
    })
    this.closed.catch(() => undefined)
  }

  get info(): NodeInfo {
    return this.#info
  }
  /** As they were when somebody looked last: each look asks for the next. */
  get stats(): NodeStats {
    if (this.#ended === undefined)
      this.#ask<WireStats>({ _tag: 'NodeStats' }).then(
        (stats) => {
          this.#stats = stats
        },
        () => undefined,
      )
    return this.#stats
  }

  async online(options: WaitOptions = {}): Promise<void> {
    checkOptions('online()', options, waitRules)
    await this.#ask({ _tag: 'Online', timeout: options.timeout ?? 0 }, options.signal)
  }

  async join(id: NetworkId | string | bigint, options: JoinOptions = {}): Promise<Network> {
    this.#check()
    const name = asNetworkId(id)
    checkOptions('join()', options, joinRules)
    const { signal, dns, hosts, leaveOnDispose = false, ...there } = options
    await this.#ask({ _tag: 'Join', id: name, options: there }, signal)
    const handle = this.#handle(name)
    // it was left in the meantime
    if (handle === undefined) throw this.#ended ?? new SocketError('ECONNABORTED', 'join')
    handle.leaveOnDispose = leaveOnDispose
    handle.useNames({ ...(dns === undefined ? {} : { dns }), ...(hosts === undefined ? {} : { hosts }) })
    return handle
  }

  network(id: NetworkId | string): Network | undefined {
    return this.#handle(asNetworkId(id))
  }
  peer(id: NodeId | string): Peer | undefined {
    return this.#peers.value.get(asNodeId(id))
  }

  async orbit(world: WorldId | string, seed: NodeId | string): Promise<void> {
    await this.#ask({ _tag: 'Orbit', world: asWorldId(world), seed: asNodeId(seed) })
  }
  async deorbit(world: WorldId | string): Promise<void> {
    await this.#ask({ _tag: 'Deorbit', world: asWorldId(world) })
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    checkOptions('close()', options, closeRules)
    this.#closing ??= this.#close(options.graceMs ?? GRACE, closedError(this.id))
    await this.#closing
  }
  /** Closes because a signal said so. */
  abort(reason: unknown): void {
    this.#closing ??= this.#close(0, closedError(this.id, reason))
  }

  ref(): this {
    this.#hands.clock.ref()
    this.#hands.hold(true)
    return this
  }
  unref(): this {
    this.#hands.clock.unref()
    this.#hands.hold(false)
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  hear(message: ToProgram): void {
    switch (message._tag) {
      case 'Answer':
        if (message.error === undefined) this.#questions.answer(message.number, message.value)
        else this.#questions.refuse(message.number, revivedError(message.error))
        return
      case 'Event':
        if (message.event.type !== 'node/fatal' || message.error === undefined) this.#events.add(message.event)
        else this.#events.add({ ...message.event, error: asNodeError(revivedError(message.error)) })
        return
      case 'Info':
        this.#info = message.info
        this.#online.next(message.info.online)
        return
      case 'Peers':
        this.#learnPeers(message.peers)
        return
      case 'Network':
        this.#changed(message)
        return
      case 'NetworkEnded':
        this.#left(message)
        return
      case 'News':
        this.#networks.get(message.network)?.hear(message)
        if (message.cost !== undefined) this.#taken(message.cost)
        return
      case 'Tapped':
        this.#tapped(message.item)
        this.#taken(message.cost)
        return
      case 'Ended':
        this.end(message.error === undefined ? undefined : asNodeError(revivedError(message.error)))
    }
  }

  /** The node is no more: `fatal` says why, if nobody here wanted that. */
  end(fatal: NodeError | undefined): void {
    if (this.#over) return
    this.#over = true
    const reason = this.#ended ?? fatal ?? closedError(this.id)
    this.#ended = reason
    for (const network of this.#networks.values()) network.end(reason, endedState(network.state))
    this.#networks.clear()
    this.#handles.clear()
    this.#questions.refuseAll(reason)
    this.#events.end()
    for (const tap of [this.#packets, this.#trace, this.#drops]) tap.end()
    for (const states of [this.#online, this.#peers, this.#states]) states.complete()
    this.#hands.release().then(
      () => this.#settleClosed(fatal),
      (error: Error) => this.#settleClosed(fatal ?? error),
    )
  }

  /** A thread that ends without a word. */
  died(cause: unknown): void {
    if (this.#over) return
    const error = cause instanceof NodeError ? cause : threadEnded(this.id, cause)
    this.#events.add({ type: 'node/fatal', at: this.#hands.clock.now(), node: this.#info, error })
    this.end(error)
  }

  async #close(graceMs: number, reason: NodeError): Promise<void> {
    const tables = [...this.#networks.values()].map((network) => network.sockets)
    if (graceMs > 0) await sayGoodbye(this.#hands.clock, tables, graceMs)
    const closing = this.#ended === undefined ? this.#ask({ _tag: 'Close' }) : undefined
    this.#ended ??= reason
    // what ends it otherwise is told by `closed`
    await closing?.catch(() => undefined)
    await this.closed.catch(() => undefined)
  }

  #ask<T>(question: Question, signal?: AbortSignal): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { mailbox } = this.#hands
    let giveUp: (() => void) | undefined
    const asked = this.#questions.ask<T>((number) => {
      mailbox.put({ _tag: 'Ask', number, question })
      giveUp = () => {
        mailbox.put({ _tag: 'GiveUp', number })
        this.#questions.refuse(number, signal?.reason)
      }
      signal?.addEventListener('abort', giveUp, { once: true })
    })
    if (signal === undefined) return asked
    return asked.finally(() => {
      if (giveUp !== undefined) signal.removeEventListener('abort', giveUp)
    })
  }

  #turn(tap: TapName, on: boolean): void {
    if (this.#ended === undefined) this.#hands.mailbox.put({ _tag: 'Tap', tap, on })
  }
  #taken(cost: number): void {
    this.#hands.mailbox.put({ _tag: 'Taken', cost })
  }

  #tapped(item: TapItem): void {
    switch (item.tap) {
      case 'packets':
        this.#packets.next(item.value)
        return
      case 'trace':
        this.#trace.next(item.value)
        return
      case 'drops':
        this.#drops.next(item.value)
        return
      default:
        this.#networks.get(item.network)?.tapped(item)
    }
  }

  #learnPeers(changes: Extract<ToProgram, { readonly _tag: 'Peers' }>['peers']): void {
    const peers = new Map(this.#peers.value)
    for (const [id, peer] of changes)
      if (peer === undefined) peers.delete(id)
      else peers.set(id, peer)
    this.#peers.next(peers)
  }

  #changed(message: Extract<ToProgram, { readonly _tag: 'Network' }>): void {
    const { network: id, state } = message
    let network = this.#networks.get(id)
    if (network === undefined) {
      network = new RemoteNetwork(id, state, this.#portsOf(), this.#firstSocket)
      this.#networks.set(id, network)
    }
    network.configure(message)
    this.#states.next(new Map(this.#states.value).set(state.id, state))
  }

  #left({ network: id, state, reason }: Extract<ToProgram, { readonly _tag: 'NetworkEnded' }>): void {
    const network = this.#networks.get(id)
    this.#networks.delete(id)
    this.#handles.delete(state.id)
    const revived = revivedError(reason)
    network?.end(this.#ended ?? (revived instanceof ZtError ? revived : closedError(this.id, revived)), state)
    const states = new Map(this.#states.value)
    states.delete(state.id)
    this.#states.next(states)
  }

  #portsOf() {
    const { clock, random, mailbox } = this.#hands
    return {
      now: () => clock.now(),
      random,
      tell: (message: ToNode, transfer?: Uint8Array<ArrayBuffer>) => mailbox.put(message, transfer),
      ask: <T>(question: Question) => this.#ask<T>(question),
      dropped: () => undefined,
      note: (level: TraceRecord['level'], message: string, data: TraceRecord['data']) =>
        this.#trace.next({ at: clock.now(), level, scope: 'stack', message, ...(data === undefined ? {} : { data }) }),
    }
  }

  #handle(name: NetworkId): VirtualNetwork | undefined {
    const network = this.#networks.get(parseNetworkId(name)!)
    if (network === undefined) return undefined
    let handle = this.#handles.get(name)
    if (handle === undefined) {
      handle = new VirtualNetwork(network, this.#hands.clock, () => this.#ask({ _tag: 'Leave', id: name }))
      this.#handles.set(name, handle)
    }
    return handle
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended
  }
}

const threadEnded = (id: NodeId, cause: unknown): NodeError =>
  new NodeError(
    'ERR_ZT_DEFECT',
    `the thread of node ${id} ended: ${cause instanceof Error ? cause.message : String(cause)} — create a new node`,
    { cause },
  )

const asNodeError = (error: Error): NodeError =>
  error instanceof NodeError ? error : new NodeError('ERR_ZT_DEFECT', error.message, { cause: error })
