import { BehaviorSubject, Observable, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Identity, SecretIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { LocalSocket } from '../protocol/datagram.ts'
import { encode } from '../protocol/kernel/codec.ts'
import type { Address, NetworkId } from '../protocol/kernel/id.ts'
import { parseIp } from '../protocol/kernel/ip.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import { type PeerRecord, peerRecord } from '../protocol/peer/peer-record.ts'
import { peersOf, type Vl1State, viewOf, vl1 } from '../protocol/vl1.ts'
import type { Vl1Input, Vl1Output } from '../protocol/vl1-io.ts'
import { vl2 } from '../protocol/vl2.ts'
import type { ConfigRequest, Vl2Input, Vl2Output } from '../protocol/vl2-io.ts'
import { type World, world as worldCodec } from '../protocol/world/world.ts'
import { Counters } from './counters.ts'
import { NodeError, type ZtError } from './error.ts'
import { networkEvents, type ZtEvent } from './event.ts'
import { EventLog } from './event-log.ts'
import type { Link } from './link.ts'
import { type NetworkPorts, RunningNetwork } from './network.ts'
import { type NodeId, publicNetworkId, publicNodeId, publicWorldId } from './public-id.ts'
import { type Live, runMachine } from './run-machine.ts'
import { type Allowed, type NetworkState, type NodeInfo, type Peer, publicPath, publicPeer } from './snapshot.ts'
import type { StoreKey } from './store.ts'
import { type PacketTrace, packetTrace, type TraceRecord } from './trace.ts'

/** Everything a node needs of the world around it. */
export interface NodeHands {
  readonly clock: SchedulerLike
  readonly random: Random
  readonly crypto: Crypto
  readonly link: Link
  /** The memory-hard check of an identity, off the loop where that is possible; answers when it is done. */
  readonly validate: (identity: Identity, answer: (valid: boolean) => void) => void
}

export interface NodeSetup {
  readonly identity: SecretIdentity
  readonly planet: World
  readonly moons: readonly World[]
  /** Records of `peers.d`. */
  readonly knownPeers: readonly PeerRecord[]
  readonly lowBandwidth: boolean
}

/** Something to be kept between runs; without a value it is to be forgotten. */
export interface Saved {
  readonly key: StoreKey
  readonly value: Uint8Array | undefined
}

/** The controller role, while one is attached to the node. */
export interface ControllerRole {
  readonly request: (request: ConfigRequest) => void
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
  readonly counters = new Counters()
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

  readonly #vl1Input = new Subject<Vl1Input>()
  readonly #vl2Input = new Subject<Vl2Input>()
  readonly #vl1State: Live<Vl1State>
  readonly #networks = new Map<NetworkId, RunningNetwork>()
  readonly #running = new Subscription()
  readonly #tap = new Subject<PacketTrace>()
  readonly #ports: NetworkPorts
  #controller: ControllerRole | undefined
  #local: readonly LocalSocket[] = []
  #taps = 0

  constructor(setup: NodeSetup, hands: NodeHands) {
    const { identity } = setup
    const { clock, random, crypto } = hands
    this.identity = identity
    this.hands = hands
    this.id = publicNodeId(identity.address)
    const physical = vl1({
      ...setup,
      crypto,
      random,
      version: VERSION,
      allowLoopback: hands.link.allowLoopback ?? false,
    })
    this.#vl1State = { state: physical.initial }
    const role = (): ControllerRole | undefined => this.#controller
    const member = vl2({
      crypto,
      random,
      view: viewOf(physical.initial),
      version: VERSION,
      get controller() {
        return role() !== undefined
      },
      issued: (network, peer) => role()?.issued(network, peer) ?? false,
    })
    this.#ports = {
      clock,
      random,
      sendFrames: (network, frames) => this.#vl2Input.next({ _tag: 'Frames', network, frames }),
      announceGroups: (network, groups) => this.#vl2Input.next({ _tag: 'Groups', network, groups }),
      changed: (before, after) => this.#networkChanged(before, after),
      defect: (error) => this.#defect(error),
    }
    this.packet$ = this.#tapped()
    const defect = (error: unknown): void => this.#defect(error)
    this.#running.add(this.#vl2Input.pipe(runMachine(member, clock)).subscribe({ next: this.#vl2Deed, error: defect }))
    this.#running.add(
      this.#vl1Input
        .pipe(runMachine(physical, clock, this.#vl1State))
        .subscribe({ next: this.#vl1Deed, error: defect }),
    )
  }

  /** Begins to listen and to speak: the first HELLOs leave before this returns if the link is bound. */
  start(): void {
    this.emit({ type: 'node/up', at: this.now(), node: this.info })
    const { link } = this.hands
    this.#running.add(
      link.local$.subscribe({
        next: (sockets) => {
          this.#local = sockets
          this.#vl1Input.next({ _tag: 'Local', sockets })
        },
        error: (cause: unknown) =>
          this.#fatal(cause instanceof NodeError ? cause : new NodeError('ERR_ZT_BIND', String(cause), { cause })),
      }),
    )
    this.#running.add(link.incoming$.subscribe((batch) => this.#vl1Input.next({ _tag: 'Datagrams', batch })))
  }

  now(): number {
    return this.hands.clock.now()
  }

  get info(): NodeInfo {
    const ports = [...new Set(this.#local.map((socket) => socket.port))]
    return {
      id: this.id,
      version: `${VERSION.major}.${VERSION.minor}.${VERSION.revision}`,
      online: this.online$.value,
      ports: { primary: ports[0] ?? 0, ...(ports[1] === undefined ? {} : { secondary: ports[1] }) },
      endpoints: this.#local.map(({ address, port }) => ({ address, port })),
    }
  }

  get peers(): ReadonlyMap<NodeId, Peer> {
    const found = new Map<NodeId, Peer>()
    for (const peer of peersOf(this.#vl1State.state).values()) found.set(publicNodeId(peer.address), publicPeer(peer))
    return found
  }

  peer(id: Address): Peer | undefined {
    const found = peersOf(this.#vl1State.state).get(id)
    return found === undefined ? undefined : publicPeer(found)
  }

  get networks(): ReadonlyMap<NetworkId, RunningNetwork> {
    return this.#networks
  }

  /** Idempotent. `cached` is the configuration of an earlier run, in force until the controller answers. */
  join(id: NetworkId, allowed: Allowed, cached?: Uint8Array): RunningNetwork {
    const joined = this.#networks.get(id)
    if (joined !== undefined) return joined
    const network = new RunningNetwork(id, this.identity.address, allowed, this.#ports)
    this.#networks.set(id, network)
    this.network$.next(new Map(this.#networks))
    this.#vl2Input.next({ _tag: 'Join', network: id, ...(cached === undefined ? {} : { cached }) })
    return network
  }

  leave(id: NetworkId, reason: ZtError): void {
    const network = this.#networks.get(id)
    if (network === undefined) return
    network.end(reason)
    this.#networks.delete(id)
    this.#vl2Input.next({ _tag: 'Leave', network: id })
    this.network$.next(new Map(this.#networks))
    this.#manage()
  }

  tell(input: Vl1Input): void {
    this.#vl1Input.next(input)
  }
  tellNetworks(input: Vl2Input): void {
    this.#vl2Input.next(input)
  }

  attach(role: ControllerRole): void {
    this.#controller = role
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
    for (const peer of peersOf(this.#vl1State.state).values()) {
      const { protocol, major, minor, revision } = peer.version
      const endpoints = peer.paths.map((path) => path.endpoint)
      const record = encode(peerRecord, { identity: peer.identity, protocol, major, minor, revision, endpoints })
      this.saved$.next({ key: { kind: 'peer', id: publicNodeId(peer.address) }, value: record })
    }
    this.#vl1Input.complete()
    this.#vl2Input.complete()
    this.#running.unsubscribe()
    this.#networks.clear()
    if (fatal === undefined) this.emit({ type: 'node/down', at: this.now(), node: this.info })
    else this.emit({ type: 'node/fatal', at: this.now(), node: this.info, error: fatal })
    this.events.end()
    for (const subject of [
      this.online$,
      this.network$,
      this.networkChanged$,
      this.peerChanged$,
      this.#tap,
      this.saved$,
      this.trace$,
    ])
      subject.complete()
  }

  readonly #vl1Deed = (output: Vl1Output): void => {
    switch (output._tag) {
      case 'Transmit':
        this.hands.link.send(output.datagrams)
        return
      case 'Received':
        this.#vl2Input.next({ _tag: 'Messages', messages: output.messages })
        return
      case 'Learned':
        this.#vl2Input.next({ _tag: 'Learned', identity: output.identity })
        return
      case 'Drop':
        this.counters.add(`vl1/${output.reason}`)
        this.note('debug', 'vl1', `dropped: ${output.reason}`, { from: output.from, peer: output.peer })
        return
      case 'Peer':
        this.#peerChanged(output)
        return
      case 'Online':
        this.online$.next(output.online)
        this.emit({ type: output.online ? 'node/online' : 'node/offline', at: this.now(), node: this.info })
        return
      case 'Collision':
        this.#fatal(
          new NodeError(
            'ERR_ZT_IDENTITY_COLLISION',
            `another node owns address ${this.id} — generate a new identity and have it authorised`,
          ),
        )
        return
      case 'World':
        this.#saveWorld(output.id, output.world)
        return
      case 'Validate':
        this.hands.validate(output.identity, (valid) => {
          if (this.ended === undefined) this.#vl1Input.next({ _tag: 'Validated', identity: output.identity, valid })
        })
        return
      case 'Forget':
        this.saved$.next({ key: { kind: 'peer', id: publicNodeId(output.address) }, value: output.record })
        return
      case 'Trace':
        this.#tap.next(packetTrace(output.trace, this.now()))
    }
  }

  readonly #vl2Deed = (output: Vl2Output): void => {
    switch (output._tag) {
      case 'Send':
        this.#vl1Input.next({ _tag: 'Send', packets: output.packets })
        return
      case 'Frames':
        this.#networks.get(output.network)?.receive(output.frames)
        return
      case 'Network':
        this.#networks.get(output.network)?.configure(output.status, output.config)
        this.#manage()
        return
      case 'Store':
        this.saved$.next({ key: { kind: 'network', id: publicNetworkId(output.network) }, value: output.dictionary })
        return
      case 'Trust':
        this.#vl1Input.next({ _tag: 'Trust', peers: output.peers })
        return
      case 'Whois':
        this.#vl1Input.next({ _tag: 'Whois', address: output.address })
        return
      case 'Drop':
        this.counters.add(`vl2/${output.reason}`)
        this.note('debug', 'vl2', `dropped: ${output.reason}`, { network: output.network, peer: output.peer })
        return
      case 'ConfigRequest':
        this.#controller?.request(output.request)
    }
  }

  #peerChanged({ address, change, path }: Extract<Vl1Output, { _tag: 'Peer' }>): void {
    this.peerChanged$.next(address)
    const peer = this.peer(address)
    if (peer === undefined) return
    const at = this.now()
    switch (change) {
      case 'direct':
      case 'relay':
      case 'unreachable':
        this.emit({ type: `peer/${change}`, at, peer })
        return
      case 'path-added':
      case 'path-removed':
        if (path !== undefined) this.emit({ type: `peer/${change}`, at, peer, path: publicPath(path) })
    }
  }

  #networkChanged(before: NetworkState | undefined, after: NetworkState): void {
    for (const event of networkEvents(before, after, this.now())) this.emit(event)
    this.networkChanged$.next(after)
  }

  /** Tells VL1 which addresses are virtual, and whom networks want to be kept in contact. */
  #manage(): void {
    const prefixes: { readonly address: Uint8Array; readonly bits: number }[] = []
    const peers = new Set<Address>()
    for (const { config } of this.#networks.values()) {
      for (const { address, bits } of config?.staticIps ?? []) {
        const bytes = parseIp(address)
        if (bytes !== undefined) prefixes.push({ address: bytes, bits })
      }
      for (const one of config?.specialists ?? [])
        if ((one.anchor || one.multicastReplicator) && one.address !== this.identity.address) peers.add(one.address)
    }
    this.#vl1Input.next({ _tag: 'Managed', prefixes })
    this.#vl1Input.next({ _tag: 'Contact', peers: [...peers] })
  }

  #saveWorld(id: bigint, world: World | undefined): void {
    const isMoon = world === undefined || world.type === 'moon'
    const key: StoreKey = isMoon ? { kind: 'moon', id: publicWorldId(id) } : { kind: 'planet' }
    this.saved$.next({ key, value: world === undefined ? undefined : encode(worldCodec, world) })
  }

  /** Packets are recorded only while somebody looks. */
  #tapped(): Observable<PacketTrace> {
    return new Observable((out) => {
      if (this.#taps++ === 0) this.#vl1Input.next({ _tag: 'Tap', on: true })
      out.add(() => {
        if (--this.#taps === 0 && this.ended === undefined) this.#vl1Input.next({ _tag: 'Tap', on: false })
      })
      return this.#tap.subscribe(out)
    })
  }

  #defect(cause: unknown): void {
    this.#fatal(
      new NodeError('ERR_ZT_DEFECT', `the node met an error of its own: ${String(cause)} — please report it`, {
        cause,
      }),
    )
  }

  #fatal(error: NodeError): void {
    if (this.ended === undefined) this.onFatal(error)
  }
}

/** What peers are told: the version of the protocol's feature set, not of this package. */
export const VERSION = { major: 1, minor: 14, revision: 1 } as const
