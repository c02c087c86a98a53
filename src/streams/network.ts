import { BehaviorSubject, map, type Observable, type SchedulerLike, Subject, startWith } from 'rxjs'
import type { Frame, MulticastGroup } from '../protocol/kernel/frame.ts'
import type { Address, Mac, NetworkId } from '../protocol/kernel/id.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import type { Authentication } from '../protocol/network/authentication.ts'
import type { NetworkConfig } from '../protocol/network/config.ts'
import { allowedParts, type LocalSettings } from '../protocol/network/local-settings.ts'
import { addressOf, isNodeMac, type MacScheme, macOf, macScheme } from '../protocol/network/mac.ts'
import type { NetworkStatus } from '../protocol/vl2-io.ts'
import { type StackState, stack } from '../tcpip/stack.ts'
import type { StackCall, StackDropReason, StackInput, StackOutput } from '../tcpip/stack-io.ts'
import type { TcpInfo } from '../tcpip/tcp/inspect.ts'
import { Bridging } from './bridging.ts'
import { Counters, type Counts } from './counters.ts'
import type { ZtError } from './error.ts'
import type { AddressClaim } from './event.ts'
import { OwnRoutes } from './own-routes.ts'
import { type NodeId, publicMac, publicNodeId } from './public-id.ts'
import { type Live, runMachine, safely } from './run-machine.ts'
import {
  DEFAULT_MTU,
  endedState,
  familyOf,
  type IpPrefix,
  isRefused,
  type Neighbor,
  type NetworkState,
  networkState,
  type Route,
} from './snapshot.ts'
import { type SocketId, SocketTable } from './sockets.ts'
import { type FrameTrace, frameTrace, type TraceRecord } from './trace.ts'

/** What a network asks of the node it belongs to. */
export interface NetworkPorts {
  readonly clock: SchedulerLike
  readonly random: Random
  readonly dropped: (network: NetworkId, reason: StackDropReason) => void
  readonly sendFrames: (network: NetworkId, frames: readonly Frame[]) => void
  readonly turnBridging: (network: NetworkId, on: boolean) => void
  readonly sendBridged: (network: NetworkId, frame: Frame) => void
  readonly malformedFrame: (network: NetworkId) => void
  readonly announceGroups: (network: NetworkId, groups: readonly MulticastGroup[]) => void
  readonly conflict: (claim: AddressClaim) => void
  readonly changed: (before: NetworkState | undefined, after: NetworkState) => void
  readonly note: (level: TraceRecord['level'], message: string, data: TraceRecord['data']) => void
  readonly defect: (error: unknown) => void
}

/** One joined network: its host stack, its sockets, and what users see of it. */
export class RunningNetwork {
  readonly id: NetworkId
  readonly sockets = new SocketTable()
  readonly counters = new Counters()
  readonly state$: BehaviorSubject<NetworkState>
  /** Made for whoever looks: strangers' ARP must not cost a copy of the table each. */
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  /** The segment behind this node, where it is a bridge. */
  readonly bridging: Bridging
  readonly canBridge = true
  readonly #learned = new Subject<void>()
  readonly frames$: Observable<FrameTrace>
  /** Set once the network was left or its node closed. */
  ended: ZtError | undefined

  readonly #ports: NetworkPorts
  readonly #scheme: MacScheme
  readonly #mac: Mac
  readonly #input = new Subject<StackInput>()
  readonly #tap = new Subject<FrameTrace>()
  readonly #stack: Live<StackState>
  readonly #neighbours = new Map<IpAddress, Mac>()
  #allowed: LocalSettings
  #status: NetworkStatus = 'requesting'
  #config: NetworkConfig | undefined
  #login: Authentication | undefined
  #groups: readonly MulticastGroup[] = []
  #acceptRouters = false
  readonly #ownRoutes = new OwnRoutes()
  /** Addresses that routers on the segment gave, and name servers they know. */
  #advertised: { readonly addresses: readonly IpAddress[]; readonly servers: readonly IpAddress[] } = NOBODY

  constructor(id: NetworkId, self: Address, allowed: LocalSettings, ports: NetworkPorts) {
    this.id = id
    this.#ports = ports
    this.bridging = new Bridging({
      turn: (on) => ports.turnBridging(id, on),
      send: (frame) => ports.sendBridged(id, frame),
      malformed: () => ports.malformedFrame(id),
    })
    this.#allowed = allowed
    this.#scheme = macScheme(id)
    this.#mac = macOf(this.#scheme, self)
    this.frames$ = this.#tap.asObservable()
    this.state$ = new BehaviorSubject(this.#snapshot())
    this.members$ = this.#learned.pipe(
      startWith(undefined),
      map(() => this.#members()),
    )
    const host = stack({ mac: this.#mac, random: ports.random })
    this.#stack = { state: host.initial }
    this.#input
      .pipe(runMachine(host, ports.clock, this.#stack))
      .subscribe({ next: safely(this.#deed, ports.defect), error: ports.defect })
    ports.changed(undefined, this.state$.value)
  }

  get random(): Random {
    return this.#ports.random
  }
  get state(): NetworkState {
    return this.state$.value
  }

  /** What happened so far: frames, drops, and `protocol/counter` of the host stack. */
  get stats(): Counts {
    return { ...this.counters.counts, ...this.#stack.state.counts() }
  }

  /** One connection at this moment; `undefined` once it is over. */
  tcpInfo(id: SocketId): TcpInfo | undefined {
    return this.#stack.state.tcpInfo(id)
  }

  /** One call; its answers come to the socket's sink, mostly before this returns. */
  call(call: StackCall): void {
    if (this.ended === undefined) this.#input.next({ _tag: 'Calls', calls: [call] })
  }

  receive(frames: readonly Frame[]): void {
    this.counters.add('framesIn', frames.length)
    if (this.#tap.observed) this.#show(frames, 'in')
    this.#input.next({ _tag: 'Frames', frames })
  }

  /** Counts and shows what the stack, or the queue of a socket above it, did not take. */
  dropped(reason: StackDropReason): void {
    this.counters.add(`drop/${reason}`)
    this.#ports.dropped(this.id, reason)
  }

  /** A line of the node's log. */
  note(level: TraceRecord['level'], message: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.#ports.note(level, message, { network: this.state.id, ...data })
  }

  /** News from VL2. The stack is configured before users hear of it, so that they can use what they hear of. */
  configure(status: NetworkStatus, config: NetworkConfig | undefined, login?: Authentication): void {
    this.#status = status
    this.#login = login
    if (config !== this.#config) {
      this.#config = config
      this.#configureStack()
    }
    this.#publish()
  }

  /** Which parts of the configuration the host stack takes. */
  get allowed(): LocalSettings {
    return this.#allowed
  }

  /** Whether routers on the segment may give addresses, routes and name servers. */
  acceptRouters(accept: boolean): void {
    if (accept === this.#acceptRouters) return
    this.#acceptRouters = accept
    if (!accept) this.#advertised = NOBODY
    this.#configureStack()
    this.#publish()
  }
  get advertisedServers(): readonly IpAddress[] {
    return this.#advertised.servers
  }

  addRoute(route: Route): void {
    this.#ownRoutes.add(route)
    this.#configureStack()
    this.#publish()
  }
  removeRoute(target: IpPrefix): void {
    if (!this.#ownRoutes.remove(target)) return
    this.#configureStack()
    this.#publish()
  }

  allow(allowed: LocalSettings): void {
    this.#allowed = allowed
    this.#configureStack()
    this.#publish()
  }

  /** The on-link prefixes: never to be taken for physical networks. */
  get config(): NetworkConfig | undefined {
    return this.#config
  }

  /** The node behind an address of the segment, as far as neighbour resolution knows. */
  ownerOf(address: IpAddress): NodeId | undefined {
    const mac = this.#neighbours.get(address)
    return mac === undefined ? undefined : this.nodeOf(mac)
  }

  /** The node that has a MAC; `undefined` for devices behind bridges. */
  nodeOf(mac: Mac): NodeId | undefined {
    return isNodeMac(this.#scheme, mac) ? publicNodeId(addressOf(this.#scheme, mac)) : undefined
  }

  /** What leads to a node is another path now: what connections measured of the old one no longer holds. */
  pathChanged(peer: Address): void {
    if (this.ended === undefined) this.#input.next({ _tag: 'PathChanged', mac: macOf(this.#scheme, peer) })
  }

  end(reason: ZtError): void {
    if (this.ended !== undefined) return
    const abort = (id: SocketId): void => this.#input.next({ _tag: 'Calls', calls: [{ call: 'abort', id }] })
    this.ended = reason
    this.sockets.end(reason, abort)
    this.#input.complete()
    const before = this.state$.value
    const after = endedState(before)
    this.state$.next(after)
    this.#ports.changed(before, after)
    this.state$.complete()
    this.#learned.complete()
    this.#tap.complete()
    this.bridging.end()
  }

  readonly #deed = (output: StackOutput): void => {
    switch (output._tag) {
      case 'Frames':
        this.counters.add('framesOut', output.frames.length)
        if (this.#tap.observed) this.#show(output.frames, 'out')
        this.#ports.sendFrames(this.id, output.frames)
        return
      case 'Groups':
        this.#groups = output.groups
        this.#ports.announceGroups(this.id, output.groups)
        this.#publish()
        return
      case 'Neighbour':
        this.#learn(output.address, output.mac)
        return
      case 'Drop':
        this.dropped(output.reason)
        return
      case 'Advertised':
        this.#advertised = output
        this.#publish()
        return
      case 'Conflict':
        this.counters.add('conflict')
        this.#ports.conflict({ networkId: this.state.id, ...this.#claim(output.address, output.mac) })
        return
      case 'RouteUnreachable': {
        const { target, via } = output.route
        const route = `${target.address}/${target.bits}`
        this.note('warn', `route to ${route} is not used: ${via} is not on-link`, { route, via })
        return
      }
      default:
        this.sockets.deliver(output)
    }
  }

  #configureStack(): void {
    if (this.ended !== undefined) return
    // whoever is put out keeps what it has: connections go on if the controller changes its mind
    const { addresses, routes } = allowedParts(this.#allowed, this.#config)
    this.#input.next({
      _tag: 'Configure',
      mtu: this.#config?.mtu ?? DEFAULT_MTU,
      acceptRouters: this.#acceptRouters,
      addresses: addresses.map(({ address, bits }) => ({ address, bits })),
      routes: [...routes, ...this.#ownRoutes.all].map(({ target, via, metric }) => ({
        target: { address: target.address, bits: target.bits },
        via,
        metric,
      })),
    })
  }

  #publish(): void {
    if (this.ended !== undefined) return
    const before = this.state$.value
    const after = this.#snapshot()
    if (JSON.stringify(before) === JSON.stringify(after)) return
    this.state$.next(after)
    this.#ports.changed(before, after)
  }

  #snapshot(): NetworkState {
    const [status, config, own] = [this.#status, this.#config, this.#ownRoutes.all]
    const state = networkState(this.id, this.#mac, status, config, this.#groups, this.#allowed, this.#login)
    const managed = own.length === 0 ? state : { ...state, routes: [...state.routes, ...own] }
    const { addresses } = this.#advertised
    if (addresses.length === 0 || isRefused(status)) return managed
    const learned = addresses.map((address): IpPrefix => ({ address, bits: 128, family: familyOf(address) }))
    return { ...managed, addresses: [...managed.addresses, ...learned] }
  }

  #claim(address: IpAddress, mac: Mac): Omit<AddressClaim, 'networkId'> {
    const claimant = this.nodeOf(mac)
    return { address, mac: publicMac(mac), ...(claimant === undefined ? {} : { claimant }) }
  }

  #learn(ip: IpAddress, mac: Mac): void {
    if (this.#neighbours.size >= MOST_NEIGHBOURS && !this.#neighbours.has(ip)) {
      const oldest = this.#neighbours.keys().next()
      if (!oldest.done) this.#neighbours.delete(oldest.value)
    }
    this.#neighbours.delete(ip)
    this.#neighbours.set(ip, mac)
    this.#learned.next()
  }

  #members(): ReadonlyMap<NodeId, Neighbor> {
    const members = new Map<NodeId, Neighbor>()
    for (const [address, owner] of this.#neighbours) {
      if (!isNodeMac(this.#scheme, owner)) continue
      const node = publicNodeId(addressOf(this.#scheme, owner))
      members.set(node, { node, mac: publicMac(owner), ips: [...(members.get(node)?.ips ?? []), address] })
    }
    return members
  }

  #show(frames: readonly Frame[], dir: 'in' | 'out'): void {
    const at = this.#ports.clock.now()
    for (const frame of frames) this.#tap.next(frameTrace(frame, dir, at))
  }
}

const NOBODY = { addresses: [], servers: [] } as const
const MOST_NEIGHBOURS = 4096
