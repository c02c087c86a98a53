import { defer, distinctUntilChanged, map, merge, type Observable, startWith } from 'rxjs'
import { type NetworkId as NetworkBits, parseAddress, parseNetworkId } from '../protocol/kernel/id.ts'
import { type LocalSettings, openSettings, printLocalSettings } from '../protocol/network/local-settings.ts'
import type { Counts } from '../streams/counters.ts'
import type { Drop } from '../streams/drop-log.ts'
import { ArgumentError, NetworkError, NodeError, SocketError } from '../streams/error.ts'
import type { ZtEvent } from '../streams/event.ts'
import type { Clock } from '../streams/io/clock.ts'
import type { LinkStats } from '../streams/link.ts'
import type { RunningNode } from '../streams/node.ts'
import { atLeast, checkOptions, isRecord, type OptionRules } from '../streams/option.ts'
import { publicNetworkId } from '../streams/public-id.ts'
import type { NetworkState, NodeInfo, Peer } from '../streams/snapshot.ts'
import type { PacketTrace, TraceRecord } from '../streams/trace.ts'
import { sayGoodbye } from './goodbye.ts'
import { asNetworkId, asNodeId, asWorldId, type NetworkId, type NodeId, type WorldId } from './id.ts'
import { type Identity, publicIdentity } from './identity.ts'
import { type JoinOptions, joinRules } from './join-options.ts'
import type { Keeper } from './keeper.ts'
import { type Network, VirtualNetwork } from './network.ts'
import { waitUntil } from './network-ready.ts'
import { type WaitOptions, waitForState, waitRules } from './wait.ts'

export interface NodeStats {
  readonly link: LinkStats | undefined
  /** Packets and frames dropped, by layer and reason, as in `vl1/bad-mac`: what `drop$` shows, counted. */
  readonly drops: Counts
  /**
   * What VL1 sent and received, as `frame/received`, `ok/sentBytes`: packets and bytes by verb, and by way, which is
   * `direct`, `relayed`, or `forwarded` for what was relayed for others. Bytes are those of UDP payloads.
   */
  readonly vl1: Counts
}

/** A node on ZeroTier: its identity, its peers, its networks. */
export interface ZtNode extends AsyncDisposable {
  readonly id: NodeId
  readonly identity: Identity
  readonly info: NodeInfo
  /** Whether a root answers. Replays, like everything that is a state. */
  readonly online$: Observable<boolean>
  readonly peers$: Observable<ReadonlyMap<NodeId, Peer>>
  readonly networks$: Observable<ReadonlyMap<NetworkId, NetworkState>>
  /**
   * What happens, in order; completes after `node/down` or `node/fatal`. Events before the first subscription wait for
   * it, for a minute.
   */
  readonly events$: Observable<ZtEvent>
  /** Every VL1 packet; costs nothing while nobody subscribes. */
  readonly packets$: Observable<PacketTrace>
  /**
   * The structured log: what is dropped (`debug`), and why a peer is not reached directly (`info`), once for each change:
   * `data.peer` and `data.reason`, which is gone when a path leads straight to it.
   */
  readonly trace$: Observable<TraceRecord>
  /** What was dropped and why, in all layers: what is malformed, forged, replayed or too much changes nothing else. */
  readonly drop$: Observable<Drop>
  readonly stats: NodeStats
  /** Resolves when the node was closed, rejects with what ended it otherwise. */
  readonly closed: Promise<void>
  /** Resolves as soon as a root answers. */
  online(options?: WaitOptions): Promise<void>
  /**
   * Joins a network, or waits for one joined before. Waits through "not authorised yet" without a limit unless told.
   * @throws {NetworkError} `ERR_ZT_NOT_FOUND`, `ERR_ZT_TOO_OLD`, and with `onDenied: 'reject'` `ERR_ZT_ACCESS_DENIED`
   * @throws {SocketError} `ETIMEDOUT`
   * @example const net = await node.join('8056c2e21c000001', { timeout: 30_000 })
   */
  join(id: NetworkId | string | bigint, options?: JoinOptions): Promise<Network>
  /** A joined network, also one remembered by the store. */
  network(id: NetworkId | string): Network | undefined
  peer(id: NodeId | string): Peer | undefined
  /** Adds the roots of a moon, told by `seed`, one of them. */
  orbit(world: WorldId | string, seed: NodeId | string): Promise<void>
  deorbit(world: WorldId | string): Promise<void>
  /**
   * Ends connections, then everything else; no timer, handle or subscription is left. Open connections get up to
   * `graceMs` (default 500) to say goodbye. Idempotent.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
  /** Whether the node keeps the process alive. */
  ref(): this
  unref(): this
}

export class VirtualNode implements ZtNode {
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
  /** The streams under the interface, for the roles that are built on a node. */
  readonly running: RunningNode
  readonly keeper: Keeper
  /** What was said of networks in this run or an earlier one. */
  readonly settings = new Map<NetworkBits, LocalSettings>()
  readonly #handles = new Map<NetworkId, VirtualNetwork>()
  readonly #afterEnd: () => Promise<void>
  readonly #beforeClose: (() => Promise<void>)[] = []
  #closing: Promise<void> | undefined
  #settleClosed: (error?: Error) => void = () => undefined

  /** `afterEnd` frees what the node was given. */
  constructor(running: RunningNode, keeper: Keeper, afterEnd: () => Promise<void>) {
    this.running = running
    this.#afterEnd = afterEnd
    this.keeper = keeper
    this.id = running.id
    const { secretKey: _, ...open } = running.identity
    const secret = publicIdentity(running.identity)
    this.identity = { ...publicIdentity(open), hasSecret: true, exportSecret: () => secret.exportSecret() }
    this.online$ = running.online$.pipe(distinctUntilChanged())
    this.peers$ = defer(() =>
      running.peerChanged$.pipe(
        startWith(undefined),
        map(() => running.peers),
      ),
    )
    const states = (): ReadonlyMap<NetworkId, NetworkState> =>
      new Map([...running.networks.values()].map(({ state }) => [state.id, state]))
    this.networks$ = defer(() =>
      merge(running.network$, running.networkChanged$).pipe(map(states), distinctUntilChanged(sameEntries)),
    )
    this.events$ = running.events.event$
    this.packets$ = running.packet$
    this.trace$ = running.trace$.asObservable()
    this.drop$ = running.drops.drop$.asObservable()
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = (error) => (error === undefined ? resolve() : reject(error))
    })
    // whoever does not watch `closed` hears of it through the calls that fail
    this.closed.catch(() => undefined)
    running.onFatal = (error) => {
      this.#closing ??= this.#end(error, error)
    }
  }

  get info(): NodeInfo {
    return this.running.info
  }
  get stats(): NodeStats {
    return { link: this.running.hands.link.stats, drops: this.running.drops.counters.counts, vl1: this.running.traffic }
  }

  async online(options: WaitOptions = {}): Promise<void> {
    checkOptions('online()', options, waitRules)
    const { running } = this
    this.#check()
    const late = (): SocketError =>
      new SocketError(
        'ETIMEDOUT',
        'online',
        undefined,
        'no root answered; check that UDP gets out and that the planet is the right one',
      )
    const { clock } = running.hands
    await waitForState(
      clock,
      options,
      late,
      running.online$,
      (online) => online,
      () => running.ended,
    )
  }

  async join(id: NetworkId | string | bigint, options: JoinOptions = {}): Promise<Network> {
    this.#check()
    const name = asNetworkId(id)
    checkOptions('join()', options, joinRules)
    const { wait = 'ready', allow, onDenied = 'wait', leaveOnDispose = false, signal, timeout } = options
    signal?.throwIfAborted()
    const bits = parseNetworkId(name)!
    const network = this.running.networks.get(bits) ?? this.running.join(bits, this.settingsOf(bits))
    if (allow !== undefined) this.allow(bits, allow)
    const handle = this.#handle(name)!
    handle.leaveOnDispose = leaveOnDispose
    handle.useNames(options)
    if (options.acceptRouters !== undefined) network.acceptRouters(options.acceptRouters)
    if (wait !== 'none')
      await waitUntil(network, this.running.hands.clock, 'join', { signal, timeout }, wait, onDenied === 'reject')
    return handle
  }

  network(id: NetworkId | string): Network | undefined {
    return this.#handle(asNetworkId(id))
  }

  peer(id: NodeId | string): Peer | undefined {
    return this.running.peer(parseAddress(asNodeId(id))!)
  }

  async orbit(world: WorldId | string, seed: NodeId | string): Promise<void> {
    this.#check()
    const [id, address] = [BigInt(`0x${asWorldId(world)}`), parseAddress(asNodeId(seed))!]
    this.running.tell({ _tag: 'Orbit', id, seed: address })
  }

  async deorbit(world: WorldId | string): Promise<void> {
    this.#check()
    this.running.tell({ _tag: 'Deorbit', id: BigInt(`0x${asWorldId(world)}`) })
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    checkOptions('close()', options, closeRules)
    const { graceMs = GRACE } = options
    this.#closing ??= this.#close(graceMs, closedError(this.id))
    await this.#closing
  }

  /** Closes because a signal said so. */
  abort(reason: unknown): void {
    this.#closing ??= this.#close(0, closedError(this.id, reason))
  }

  ref(): this {
    ;(this.running.hands.clock as Partial<Clock>).ref?.()
    this.running.hands.link.ref?.()
    return this
  }
  unref(): this {
    ;(this.running.hands.clock as Partial<Clock>).unref?.()
    this.running.hands.link.unref?.()
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What is allowed to a network, joined or not: what the store says, else everything. */
  settingsOf(id: NetworkBits): LocalSettings {
    return this.running.networks.get(id)?.allowed ?? this.settings.get(id) ?? openSettings
  }
  /** Changes what a network may do here, from now on and in later runs. */
  allow(id: NetworkBits, change: { readonly [K in keyof LocalSettings]?: LocalSettings[K] | undefined }): void {
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    const settings = { ...this.settingsOf(id), ...Object.fromEntries(given) }
    this.settings.set(id, settings)
    this.running.networks.get(id)?.allow(settings)
    this.keeper.save({ kind: 'network.local', id: publicNetworkId(id) }, printLocalSettings(settings))
  }

  /** Something that has to end before the node does. */
  beforeClose(end: () => Promise<void>): void {
    this.#beforeClose.push(end)
  }

  async #leave(name: NetworkId): Promise<void> {
    const reason = new NetworkError('ERR_ZT_LEFT', name, `network ${name} was left — join it again`)
    const id = parseNetworkId(name)!
    this.running.leave(id, reason)
    this.settings.delete(id)
    this.#handles.delete(name)
    await this.keeper.left(name)
  }

  #handle(name: NetworkId): VirtualNetwork | undefined {
    const network = this.running.networks.get(parseNetworkId(name)!)
    if (network === undefined) return undefined
    let handle = this.#handles.get(name)
    if (handle === undefined) {
      handle = new VirtualNetwork(network, this.running.hands.clock, () => this.#leave(name))
      this.#handles.set(name, handle)
    }
    return handle
  }

  async #close(graceMs: number, reason: NodeError): Promise<void> {
    for (const end of this.#beforeClose.splice(0)) await end()
    const tables = [...this.running.networks.values()].map((network) => network.sockets)
    if (graceMs > 0) await sayGoodbye(this.running.hands.clock, tables, graceMs)
    await this.#end(reason, undefined)
  }

  async #end(reason: NodeError, fatal: NodeError | undefined): Promise<void> {
    this.running.end(reason, fatal)
    this.#handles.clear()
    const link = this.running.hands.link.close().catch(() => undefined)
    await Promise.all([link, this.#afterEnd()])
    this.#settleClosed(fatal)
  }

  #check(): void {
    if (this.running.ended !== undefined) throw this.running.ended
  }
}

export const closeRules: OptionRules<{ readonly graceMs?: number }> = { graceMs: atLeast(0) }

/** `cause` is what the signal said that closed it. */
export const closedError = (id: NodeId, cause?: unknown): NodeError =>
  new NodeError('ERR_ZT_CLOSED', `node ${id} is closed — create a new one`, cause === undefined ? undefined : { cause })

/** Why something that is no node of ours, or one on another thread, cannot have a role. */
export const notOfThisThread = (node: unknown): ArgumentError => {
  const what = isRecord(node) && 'events$' in node ? 'runs on a thread of its own' : 'is no node of this library'
  return new ArgumentError('ERR_ZT_INVALID_OPTION', `node ${what} — pass what createNode() gave`)
}

const sameEntries = (a: ReadonlyMap<NetworkId, NetworkState>, b: ReadonlyMap<NetworkId, NetworkState>): boolean =>
  a.size === b.size && [...a].every(([id, state]) => b.get(id) === state)

/** ms that connections get to end in good order. */
export const GRACE = 500
