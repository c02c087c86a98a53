import { BehaviorSubject, type Observable, Subject } from 'rxjs'
import type { SecretIdentity } from '../protocol/crypto/identity.ts'
import type { Endpoint, LocalSocket } from '../protocol/datagram.ts'
import { encode } from '../protocol/kernel/codec.ts'
import type { Address, NetworkId } from '../protocol/kernel/id.ts'
import type { LocalSettings } from '../protocol/network/local-settings.ts'
import type { PeerSnapshot, Vl1Input } from '../protocol/vl1-io.ts'
import type { ConfigRequest, Vl2Input } from '../protocol/vl2-io.ts'
import { type World, world as worldCodec } from '../protocol/world/world.ts'
import type { Counts } from './counters.ts'
import { DropLog } from './drop-log.ts'
import type { NodeError, ZtError } from './error.ts'
import { networkEvents, type ZtEvent } from './event.ts'
import { EventLog } from './event-log.ts'
import { collision, defectOf, linkBroken, unbound } from './fatal.ts'
import { Layers, type NodeHands, type NodeSetup, VERSION, type Vl1News, type Vl2News } from './layers.ts'
import { managedBy } from './managed.ts'
import { type NetworkPorts, RunningNetwork } from './network.ts'
import { type NodeId, publicNetworkId, publicNodeId, publicWorldId } from './public-id.ts'
import { type NetworkState, type NodeInfo, type Peer, publicPath, publicPeer } from './snapshot.ts'
import type { StoreKey } from './store.ts'
import { Tap } from './tap.ts'
import { indirectNote, type PacketTrace, packetTrace, type TraceRecord } from './trace.ts'

export { type NodeHands, type NodeSetup, VERSION } from './layers.ts'

/** Something to be kept between runs; without a value it is to be forgotten. */
export interface Saved {
  readonly key: StoreKey
  readonly value: Uint8Array | undefined
}

/** The controller role, while one is attached to the node. */
export interface ControllerRole {
  readonly request: (request: ConfigRequest) => void
  readonly traced: (peer: Address, traces: readonly Uint8Array[]) => void
  /** Whether it gave `member` a configuration of the network lately. */
  readonly issued: (network: NetworkId, member: Address) => boolean
}

/**
 * A node, wired: link ▸ VL1 ▸ VL2 ▸ a host stack per network, and back. Everything in here is synchronous: what a
 * datagram causes has happened when the batch returns.
 */
export class RunningNode {
  readonly id: NodeId
  readonly identity: SecretIdentity
  readonly hands: NodeHands
  readonly drops = new DropLog(() => this.now())
  readonly online$ = new BehaviorSubject(false)
  readonly network$ = new BehaviorSubject<ReadonlyMap<NetworkId, RunningNetwork>>(new Map())
  /** Says when anything in a network's state changed. */
  readonly networkChanged$ = new Subject<NetworkState>()
  readonly peerChanged$ = new Subject<Address>()
  readonly packet$: Observable<PacketTrace>
  readonly trace$ = new Subject<TraceRecord>()
  readonly saved$ = new Subject<Saved>()
  readonly events = new EventLog()
  /** Why the node ended; `undefined` while it runs. */
  ended: ZtError | undefined
  /** Called once when the node has to end by itself. */
  onFatal: (error: NodeError) => void = () => undefined

  readonly #layers: Layers
  readonly #networks = new Map<NetworkId, RunningNetwork>()
  /** Packets are recorded only while somebody looks. */
  readonly #tap = new Tap<PacketTrace>((on) => this.tell({ _tag: 'Tap', on }))
  readonly #ports: NetworkPorts
  #controller: ControllerRole | undefined
  #local: readonly LocalSocket[] = []

  constructor(setup: NodeSetup, hands: NodeHands) {
    const { identity } = setup
    this.identity = identity
    this.hands = hands
    this.id = publicNodeId(identity.address)
    this.packet$ = this.#tap.item$
    const defect = (cause: unknown): void => this.#fatal(defectOf(cause))
    this.#layers = new Layers(setup, hands, {
      hasController: () => this.#controller !== undefined,
      issued: (network, member) => this.#controller?.issued(network, member) ?? false,
      vl1News: this.#vl1News,
      vl2News: this.#vl2News,
      local: (sockets) => {
        this.#local = sockets
      },
      unbound: (cause) => this.#fatal(unbound(cause)),
      broken: (cause) => this.#fatal(linkBroken(hands.link, cause)),
      defect,
    })
    this.#ports = {
      clock: hands.clock,
      random: hands.random,
      dropped: (network, reason) => this.drops.add({ layer: 'stack', reason, network }),
      sendFrames: (network, frames) => this.tellNetworks({ _tag: 'Frames', network, frames }),
      turnBridging: (network, on) => this.tellNetworks({ _tag: 'Bridging', network, on }),
      sendBridged: (network, frame) => this.tellNetworks({ _tag: 'Bridged', network, frames: [frame] }),
      malformedFrame: (network) => this.drops.add({ layer: 'vl2', reason: 'malformed', network }),
      announceGroups: (network, groups) => this.tellNetworks({ _tag: 'Groups', network, groups }),
      conflict: (claim) => this.emit({ type: 'address/conflict', at: this.now(), ...claim }),
      changed: (before, after) => this.#networkChanged(before, after),
      note: (level, message, data) => this.note(level, 'stack', message, data),
      defect,
    }
  }

  /** Begins to listen and to speak. */
  start(): void {
    this.emit({ type: 'node/up', at: this.now(), node: this.info })
    this.#layers.start()
  }

  now(): number {
    return this.hands.clock.now()
  }

  get info(): NodeInfo {
    const places = this.#local.filter((socket) => socket.tunnel !== true)
    const ports = [...new Set(places.map((socket) => socket.port))]
    return {
      id: this.id,
      version: `${VERSION.major}.${VERSION.minor}.${VERSION.revision}`,
      online: this.online$.value,
      ports: { primary: ports[0] ?? 0, ...(ports[1] === undefined ? {} : { secondary: ports[1] }) },
      endpoints: places.map(({ address, port }) => ({ address, port })),
    }
  }

  get peers(): ReadonlyMap<NodeId, Peer> {
    const found = new Map<NodeId, Peer>()
    for (const peer of this.#layers.peers.values()) found.set(publicNodeId(peer.address), publicPeer(peer))
    return found
  }

  peer(id: Address): Peer | undefined {
    const found = this.#layers.peer(id)
    return found === undefined ? undefined : publicPeer(found)
  }

  /** The peers as the protocol sees them. */
  get snapshots(): ReadonlyMap<Address, PeerSnapshot> {
    return this.#layers.peers
  }
  /** All that the layers remember, for whoever counts it. */
  get states(): Layers['states'] {
    return this.#layers.states
  }
  /** The planet in force, and the moons. */
  get worlds(): { readonly planet: World; readonly moons: readonly World[] } {
    return this.#layers.worlds
  }
  /** Where the links are bound, a way through a relay included. */
  get local(): readonly LocalSocket[] {
    return this.#local
  }
  /** What VL1 sent and received. */
  get traffic(): Counts {
    return this.#layers.traffic
  }
  /** Where others say that we are. */
  get surfaces(): readonly Endpoint[] {
    return this.#layers.surfaces
  }

  get networks(): ReadonlyMap<NetworkId, RunningNetwork> {
    return this.#networks
  }

  /** Idempotent. `cached` is the configuration of an earlier run, in force until the controller answers. */
  join(id: NetworkId, allowed: LocalSettings, cached?: Uint8Array): RunningNetwork {
    const joined = this.#networks.get(id)
    if (joined !== undefined) return joined
    const network = new RunningNetwork(id, this.identity.address, allowed, this.#ports)
    this.#networks.set(id, network)
    this.network$.next(new Map(this.#networks))
    this.tellNetworks({ _tag: 'Join', network: id, ...(cached === undefined ? {} : { cached }) })
    return network
  }

  leave(id: NetworkId, reason: ZtError): void {
    const network = this.#networks.get(id)
    if (network === undefined) return
    network.end(reason)
    this.#networks.delete(id)
    this.tellNetworks({ _tag: 'Leave', network: id })
    this.network$.next(new Map(this.#networks))
    this.#manage()
  }

  tell(input: Vl1Input): void {
    this.#layers.tellVl1(input)
  }
  tellNetworks(input: Vl2Input): void {
    this.#layers.tellVl2(input)
  }

  get hasController(): boolean {
    return this.#controller !== undefined
  }
  attach(role: ControllerRole): void {
    this.#controller = role
    this.tellNetworks({ _tag: 'Hosting' })
  }
  detach(): void {
    this.#controller = undefined
  }

  emit(event: ZtEvent): void {
    this.events.add(event)
  }

  note(level: TraceRecord['level'], scope: TraceRecord['scope'], message: string, data?: TraceRecord['data']): void {
    if (this.trace$.observed)
      this.trace$.next({ at: this.now(), level, scope, message, ...(data === undefined ? {} : { data }) })
  }

  /** Ends everything at once and for good. Peers are handed out to be saved, networks stay joined in the store. */
  end(reason: ZtError, fatal?: NodeError): void {
    if (this.ended !== undefined) return
    for (const network of this.#networks.values()) network.end(reason)
    this.ended = reason
    for (const [address, record] of this.#layers.records) this.#keepPeer(address, record)
    this.#layers.end()
    this.#networks.clear()
    if (fatal === undefined) this.emit({ type: 'node/down', at: this.now(), node: this.info })
    else this.emit({ type: 'node/fatal', at: this.now(), node: this.info, error: fatal })
    this.events.end()
    this.#tap.end()
    for (const subject of [
      this.online$,
      this.network$,
      this.networkChanged$,
      this.peerChanged$,
      this.saved$,
      this.trace$,
      this.drops.drop$,
    ])
      subject.complete()
  }

  readonly #vl1News = (news: Vl1News): void => {
    switch (news._tag) {
      case 'Drop':
        this.drops.add({ ...news, layer: 'vl1' })
        this.note('debug', 'vl1', `dropped: ${news.reason}`, { from: news.from, peer: news.peer })
        return
      case 'Peer':
        this.#peerChanged(news)
        return
      case 'Indirect':
        this.note('info', 'vl1', ...indirectNote(news))
        return
      case 'Online':
        this.online$.next(news.online)
        this.emit({ type: news.online ? 'node/online' : 'node/offline', at: this.now(), node: this.info })
        return
      case 'Collision':
        this.#fatal(collision(this.id))
        return
      case 'World':
        this.#saveWorld(news.id, news.world)
        return
      case 'Forget':
        this.#keepPeer(news.address, news.record)
        return
      case 'Trace':
        this.#tap.next(packetTrace(news.trace, this.now()))
    }
  }

  readonly #vl2News = (news: Vl2News): void => {
    switch (news._tag) {
      case 'Frames':
        this.#networks.get(news.network)?.receive(news.frames)
        return
      case 'Bridged':
        this.#networks.get(news.network)?.bridging.receive(news.frames)
        return
      case 'Network':
        this.#networks.get(news.network)?.configure(news.status, news.config, news.authentication)
        this.#manage()
        return
      case 'Store':
        this.saved$.next({ key: { kind: 'network', id: publicNetworkId(news.network) }, value: news.dictionary })
        return
      case 'Drop':
        this.drops.add({ ...news, layer: 'vl2' })
        this.note('debug', 'vl2', `dropped: ${news.reason}`, { network: news.network, peer: news.peer })
        return
      case 'ConfigRequest':
        this.#controller?.request(news.request)
        return
      case 'Traced':
        this.#controller?.traced(news.peer, news.traces)
    }
  }

  #peerChanged({ address, change, path }: Extract<Vl1News, { readonly _tag: 'Peer' }>): void {
    this.peerChanged$.next(address)
    const peer = this.peer(address)
    if (peer === undefined) return
    const at = this.now()
    switch (change) {
      case 'direct':
      case 'relay':
      case 'unreachable':
        this.emit({ type: `peer/${change}`, at, peer })
        // not only when the node ends: it may end without a word
        if (change === 'direct') this.#keepPeer(address, this.#layers.record(address))
        for (const network of this.#networks.values()) network.pathChanged(address)
        return
      case 'path-added':
      case 'path-removed':
        if (path !== undefined) this.emit({ type: `peer/${change}`, at, peer, path: publicPath(path) })
    }
  }

  #keepPeer(address: Address, value: Uint8Array | undefined): void {
    if (value !== undefined) this.saved$.next({ key: { kind: 'peer', id: publicNodeId(address) }, value })
  }

  #networkChanged(before: NetworkState | undefined, after: NetworkState): void {
    for (const event of networkEvents(before, after, this.now())) this.emit(event)
    this.networkChanged$.next(after)
  }

  /** Tells VL1 which addresses are virtual, and whom networks want to be kept in contact. */
  #manage(): void {
    const { prefixes, peers } = managedBy(this.#networks.values(), this.identity.address)
    this.tell({ _tag: 'Managed', prefixes })
    this.tell({ _tag: 'Contact', peers })
  }

  #saveWorld(id: bigint, world: World | undefined): void {
    const isMoon = world === undefined || world.type === 'moon'
    const key: StoreKey = isMoon ? { kind: 'moon', id: publicWorldId(id) } : { kind: 'planet' }
    this.saved$.next({ key, value: world === undefined ? undefined : encode(worldCodec, world) })
  }

  #fatal(error: NodeError): void {
    if (this.ended === undefined) this.onFatal(error)
  }
}
