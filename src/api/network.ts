import type { Observable, SchedulerLike } from 'rxjs'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { Counts } from '../streams/counters.ts'
import { SocketError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { checkOptions, refuse } from '../streams/option.ts'
import type { NetworkId, NodeId } from '../streams/public-id.ts'
import { familyOf, type IpPrefix, type Neighbor, type NetworkState, type Route } from '../streams/snapshot.ts'
import type { FrameTrace } from '../streams/trace.ts'
import { asIp, asPort, socketAddress } from './address.ts'
import { type BridgePort, openBridge } from './bridge-port.ts'
import { firstToStand } from './happy-eyeballs.ts'
import { type LocalRoute, localRoute, targetOf } from './local-route.ts'
import {
  type BindOptions,
  bindRules,
  type ConnectOptions,
  connectRules,
  type ListenOptions,
  listenRules,
  type ResolveOptions,
  resolveRules,
} from './network-options.ts'
import { waitUntil } from './network-ready.ts'
import { closeOnAbort, openSocket } from './open-socket.ts'
import { Pinger, type PingOptions, type PingReply, pingRules } from './ping.ts'
import { type RawOptions, type RawSocket, rawRules, VirtualRawSocket } from './raw-socket.ts'
import { type NameOptions, Resolver, type Wanted } from './resolver.ts'
import { defaultTcpOptions } from './socket-option.ts'
import { type TcpServer, VirtualTcpServer } from './tcp-server.ts'
import { type TcpSocket, VirtualTcpSocket } from './tcp-socket.ts'
import { type UdpSocket, VirtualUdpSocket } from './udp-socket.ts'
import type { WaitOptions } from './wait.ts'

/** A joined network: an Ethernet segment of its own, with our addresses on it. */
export interface Network extends AsyncDisposable {
  readonly id: NetworkId
  readonly state: NetworkState
  /** The current state on subscription, then each change; completes when the network is left. */
  readonly state$: Observable<NetworkState>
  readonly addresses: readonly IpPrefix[]
  /** Those of the controller and those added here. */
  readonly routes: readonly Route[]
  address(family: 4 | 6): IpAddress | undefined
  /** Every Ethernet frame in both directions; costs nothing while nobody subscribes. */
  readonly frames$: Observable<FrameTrace>
  /** Members that were seen on the segment. */
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  readonly stats: Counts
  /**
   * Opens a TCP connection. Waits for the network to be ready.
   * @throws {SocketError} `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH`, `ENOTFOUND`, `EADDRNOTAVAIL`
   */
  connect(options: ConnectOptions): Promise<TcpSocket>
  /** @throws {SocketError} `EADDRINUSE`, `EADDRNOTAVAIL` */
  listen(options?: ListenOptions): Promise<TcpServer>
  /** A UDP socket. @throws {SocketError} `EADDRINUSE`, `EADDRNOTAVAIL` */
  bind(options?: BindOptions): Promise<UdpSocket>
  /** A socket for one IP protocol, beside whoever handles it. @example await net.raw({ protocol: 47 }) */
  raw(options: RawOptions): Promise<RawSocket>
  /**
   * The port by which devices behind this node are on the segment, where the controller has made it an active bridge. There
   * is one at a time; every member then reaches them, and they reach every member.
   * @throws {NetworkError} `ERR_ZT_NOT_A_BRIDGE` @throws {SocketError} `EADDRINUSE`: there is one already
   */
  bridge(options?: WaitOptions): Promise<BridgePort>
  /** ICMP echoes, one after another. */
  ping(host: string, options?: PingOptions): AsyncIterable<PingReply>
  /**
   * The addresses of a name, IPv6 first if the network has such addresses. Names in the domain that the controller pushed
   * are asked of its name servers, others of those given to `join`; answers are kept for as long as they say.
   * @throws {SocketError} `ENOTFOUND`; `EAI_AGAIN` if no server answered
   */
  resolve(name: string, options?: ResolveOptions): Promise<readonly IpAddress[]>
  /**
   * Adds a route beside those of the controller, or puts it in the place of one to the same prefix that was added before.
   * It holds until it is removed or the network is left; the store does not keep it.
   * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, `ERR_ZT_INVALID_ADDRESS`
   * @example net.addRoute({ target: '192.168.7.0/24', via: '10.147.17.1' })
   */
  addRoute(route: LocalRoute): void
  /** Removes a route that was added; those of the controller stay. */
  removeRoute(target: string): void
  /** Leaves for good: connections are reset, the store forgets the network. Idempotent. */
  leave(): Promise<void>
}

export class VirtualNetwork implements Network {
  readonly id: NetworkId
  readonly state$: Observable<NetworkState>
  readonly frames$: Observable<FrameTrace>
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  leaveOnDispose = false
  readonly #network: NetworkCore
  readonly #clock: SchedulerLike
  readonly #leave: () => Promise<void>
  readonly #resolver: Resolver

  constructor(network: NetworkCore, clock: SchedulerLike, leave: () => Promise<void>) {
    this.#network = network
    this.#clock = clock
    this.#leave = leave
    this.#resolver = new Resolver(network, clock)
    this.id = network.state.id
    this.state$ = network.state$.asObservable()
    this.frames$ = network.frames$
    this.members$ = network.members$
  }

  get state(): NetworkState {
    return this.#network.state
  }
  get addresses(): readonly IpPrefix[] {
    return this.state.addresses
  }
  get routes(): readonly Route[] {
    return this.state.routes
  }
  get stats(): Counts {
    return this.#network.stats
  }
  /** For adapters that measure time before there is a socket. */
  get clock(): SchedulerLike {
    return this.#clock
  }
  address(family: 4 | 6): IpAddress | undefined {
    return this.addresses.find((address) => address.family === family)?.address
  }

  async connect(options: ConnectOptions): Promise<TcpSocket> {
    checkOptions('connect()', options, connectRules)
    const port = asPort('port', options.port, 1)
    const tcp = defaultTcpOptions(options)
    const { localAddress, localPort, servers, signal, timeout = TIMEOUT } = options
    const local = {
      ...(localAddress === undefined ? {} : { address: asIp('localAddress', localAddress) }),
      ...(localPort === undefined ? {} : { port: asPort('localPort', localPort, 0) }),
    }
    const begun = this.#clock.now()
    const left = (): number => (timeout === 0 ? 0 : Math.max(1, begun + timeout - this.#clock.now()))
    await this.#ready('connect', { signal, timeout })
    const wanted = { signal, timeout: left(), family: familyOfLocal(local), servers }
    const addresses = await this.#addressesOf(options.host, wanted)
    const open = (address: IpAddress, until: AbortSignal | undefined): Promise<TcpSocket> => {
      const remote = { address, port }
      const late = (): SocketError => new SocketError('ETIMEDOUT', 'connect', remote)
      const deadline = timeout === 0 ? Number.POSITIVE_INFINITY : begun + timeout
      return openSocket<TcpSocket>(
        this.#network,
        this.#clock,
        'connect',
        remote,
        { signal: until, timeout: left() },
        late,
        (id) => ({
          call: { call: 'connect', id, remote, local, options: tcp, deadline },
          make: (news) => new VirtualTcpSocket(this.#network, this.#clock, id, news.local, news.remote ?? remote, tcp),
        }),
      )
    }
    const [only, ...others] = addresses
    if (others.length === 0) return open(only!, signal)
    return firstToStand(this.#clock, addresses, signal, open, (late) => late.reset())
  }

  async listen(options: ListenOptions = {}): Promise<TcpServer> {
    checkOptions('listen()', options, listenRules)
    const { host, backlog = BACKLOG, ipv6Only, signal, timeout = TIMEOUT, accept } = options
    const port = options.port === '*' ? '*' : asPort('port', options.port ?? 0, 0)
    const address = host === undefined ? undefined : asIp('host', host)
    const tcp = defaultTcpOptions(options)
    await this.#ready('listen', { signal, timeout })
    const where = { address: address ?? this.#anywhere(), port: port === '*' ? 0 : port }
    const server = await openSocket<VirtualTcpServer>(
      this.#network,
      this.#clock,
      'listen',
      where,
      { signal, timeout },
      undefined,
      (id) => ({
        call: {
          call: 'listen',
          id,
          ...(address === undefined || isAny(address) ? {} : { address }),
          port,
          backlog,
          ...(ipv6Only === undefined ? {} : { ipv6Only }),
          options: tcp,
          nextId: this.#network.sockets.nextId,
        },
        make: (news) => {
          const bound = socketAddress({
            address: isAny(where.address) ? where.address : news.local.address,
            port: news.local.port,
          })
          return new VirtualTcpServer(this.#network, this.#clock, id, bound, tcp, accept)
        },
      }),
    )
    closeOnAbort(server, signal)
    return server
  }

  async bind(options: BindOptions = {}): Promise<UdpSocket> {
    checkOptions('bind()', options, bindRules)
    const { host, reusePort, maxQueue = QUEUE, signal, timeout = TIMEOUT } = options
    const port = asPort('port', options.port ?? 0, 0)
    const address = host === undefined ? undefined : asIp('host', host)
    await this.#ready('bind', { signal, timeout })
    const where = { address: address ?? this.#anywhere(), port }
    const socket = await openSocket<VirtualUdpSocket>(
      this.#network,
      this.#clock,
      'bind',
      where,
      { signal, timeout },
      undefined,
      (id) => ({
        call: {
          call: 'bind',
          id,
          ...(address === undefined || isAny(address) ? {} : { address }),
          port,
          ...(reusePort === undefined ? {} : { reusePort }),
        },
        make: (news) => {
          const bound = { address: isAny(where.address) ? where.address : news.local.address, port: news.local.port }
          return new VirtualUdpSocket(this.#network, id, socketAddress(bound), maxQueue)
        },
      }),
    )
    closeOnAbort(socket, signal)
    return socket
  }

  async raw(options: RawOptions): Promise<RawSocket> {
    checkOptions('raw()', options, rawRules)
    const { protocol, family = 4, headerIncluded = false, maxQueue = QUEUE, signal, timeout = TIMEOUT } = options
    if (protocol === undefined) refuse('protocol', protocol, 'name an IP protocol, 0 to 255')
    await this.#ready('raw', { signal, timeout })
    const where = { address: this.#anywhere(), port: 0 }
    const socket = await openSocket<VirtualRawSocket>(
      this.#network,
      this.#clock,
      'raw',
      where,
      { signal, timeout },
      undefined,
      (id) => ({
        call: { call: 'open-raw', id, family, protocol, headerIncluded },
        make: () => new VirtualRawSocket(this.#network, id, { protocol, family }, maxQueue),
      }),
    )
    closeOnAbort(socket, signal)
    return socket
  }

  bridge(options: WaitOptions = {}): Promise<BridgePort> {
    return openBridge(this.#network, this.#clock, options)
  }

  async *ping(host: string, options: PingOptions = {}): AsyncGenerator<PingReply, void, undefined> {
    checkOptions('ping()', options, pingRules)
    const { signal } = options
    await this.#ready('ping', { signal, timeout: TIMEOUT })
    const [address] = await this.#addressesOf(host, { signal })
    const pinger = new Pinger(this.#network, this.#clock, address!, options)
    try {
      while (!pinger.done) yield await pinger.next()
    } finally {
      pinger.close()
    }
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<readonly IpAddress[]> {
    checkOptions('resolve()', options, resolveRules)
    const { family, signal, timeout, servers } = options
    return this.#addressesOf(name, { family, signal, timeout, servers })
  }

  /** What the caller of `join` knows of names. */
  useNames(options: NameOptions): void {
    this.#resolver.use(options)
  }

  /** At least one, of the family asked for. */
  async #addressesOf(host: string, wanted: Wanted): Promise<readonly IpAddress[]> {
    const { family, signal, timeout = TIMEOUT } = wanted
    signal?.throwIfAborted()
    const name = String(host)
    let found = this.#resolver.known(name)
    if (found === undefined) {
      await this.#ready('getaddrinfo', { signal, timeout })
      found = await this.#resolver.ask(name, wanted)
    }
    const fitting = found.filter((address) => family === undefined || familyOf(address) === family)
    if (fitting.length === 0)
      throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: name }, `the address is not of family ${family}`)
    return fitting
  }

  addRoute(route: LocalRoute): void {
    const checked = localRoute(route)
    this.#check()
    this.#network.addRoute(checked)
  }

  removeRoute(target: string): void {
    const prefix = targetOf(target)
    this.#check()
    this.#network.removeRoute(prefix)
  }

  /** Of a membership that is over: the network may have been joined anew since. */
  async leave(): Promise<void> {
    const { ended } = this.#network
    if (ended === undefined) await this.#leave()
    else if (ended.code !== 'ERR_ZT_LEFT') throw ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.leaveOnDispose && this.#network.ended === undefined) await this.leave()
  }

  #check(): void {
    if (this.#network.ended !== undefined) throw this.#network.ended
  }

  /** The wildcard address users see. */
  #anywhere(): IpAddress {
    return this.addresses.some((address) => address.family === 6) ? '::' : '0.0.0.0'
  }

  #ready(syscall: string, wait: { readonly signal: AbortSignal | undefined; readonly timeout: number }): Promise<void> {
    return waitUntil(this.#network, this.#clock, syscall, wait, 'ready', false)
  }
}

const familyOfLocal = ({ address }: { readonly address?: IpAddress }): 4 | 6 | undefined =>
  address === undefined || isAny(address) ? undefined : familyOf(address)

const isAny = (address: IpAddress): boolean => address === '::' || address === '0.0.0.0'

const TIMEOUT = 30_000
const BACKLOG = 511
const QUEUE = 1024
