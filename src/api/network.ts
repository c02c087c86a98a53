import type { Observable, SchedulerLike } from 'rxjs'
import { canonicalIp, type IpAddress } from '../protocol/kernel/ip.ts'
import type { Counts } from '../streams/counters.ts'
import { NetworkError, SocketError } from '../streams/error.ts'
import type { RunningNetwork } from '../streams/network.ts'
import { checkOptions } from '../streams/option.ts'
import type { NetworkId, NodeId } from '../streams/public-id.ts'
import type { IpPrefix, Neighbor, NetworkState } from '../streams/snapshot.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import type { FrameTrace } from '../streams/trace.ts'
import type { StackCall } from '../tcpip/stack-io.ts'
import { asIp, asPort, socketAddress } from './address.ts'
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
import { Pinger, type PingOptions, type PingReply, pingRules } from './ping.ts'
import { defaultTcpOptions } from './socket-option.ts'
import { type TcpServer, VirtualTcpServer } from './tcp-server.ts'
import { type TcpSocket, VirtualTcpSocket } from './tcp-socket.ts'
import { type UdpSocket, VirtualUdpSocket } from './udp-socket.ts'
import { waitFor, waitForState } from './wait.ts'

/** A joined network: an Ethernet segment of its own, with our addresses on it. */
export interface Network extends AsyncDisposable {
  readonly id: NetworkId
  readonly state: NetworkState
  /** The current state on subscription, then each change; completes when the network is left. */
  readonly state$: Observable<NetworkState>
  readonly addresses: readonly IpPrefix[]
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
  /** ICMP echoes, one after another. */
  ping(host: string, options?: PingOptions): AsyncIterable<PingReply>
  /** The addresses of a name. Literal addresses only, so far: anything else is `ENOTFOUND`. */
  resolve(name: string, options?: ResolveOptions): Promise<readonly IpAddress[]>
  /** Leaves for good: connections are reset, the store forgets the network. */
  leave(): Promise<void>
}

export class VirtualNetwork implements Network {
  readonly id: NetworkId
  readonly state$: Observable<NetworkState>
  readonly frames$: Observable<FrameTrace>
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  leaveOnDispose = false
  readonly #network: RunningNetwork
  readonly #clock: SchedulerLike
  readonly #leave: () => Promise<void>

  constructor(network: RunningNetwork, clock: SchedulerLike, leave: () => Promise<void>) {
    this.#network = network
    this.#clock = clock
    this.#leave = leave
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
  get stats(): Counts {
    return this.#network.counters.counts
  }
  address(family: 4 | 6): IpAddress | undefined {
    return this.addresses.find((address) => address.family === family)?.address
  }

  async connect(options: ConnectOptions): Promise<TcpSocket> {
    checkOptions('connect()', options, connectRules)
    const port = asPort('port', options.port, 1)
    const tcp = defaultTcpOptions(options)
    const { localAddress, localPort, signal, timeout = TIMEOUT } = options
    const local = {
      ...(localAddress === undefined ? {} : { address: asIp('localAddress', localAddress) }),
      ...(localPort === undefined ? {} : { port: asPort('localPort', localPort, 0) }),
    }
    const begun = this.#clock.now()
    const [address] = await this.resolve(options.host, { ...(signal === undefined ? {} : { signal }) })
    const remote = { address: address!, port }
    const late = (): SocketError => new SocketError('ETIMEDOUT', 'connect', remote)
    await this.#ready('connect', { signal, timeout })
    const left = timeout === 0 ? 0 : Math.max(1, begun + timeout - this.#clock.now())
    return this.#open<TcpSocket>('connect', remote, { signal, timeout: left }, late, (id) => ({
      call: {
        call: 'connect',
        id,
        remote,
        local,
        options: tcp,
        deadline: left === 0 ? Number.POSITIVE_INFINITY : begun + timeout,
      },
      make: (news) => new VirtualTcpSocket(this.#network, this.#clock, id, news.local, news.remote ?? remote, tcp),
    }))
  }

  async listen(options: ListenOptions = {}): Promise<TcpServer> {
    checkOptions('listen()', options, listenRules)
    const { host, backlog = BACKLOG, ipv6Only, signal, timeout = TIMEOUT, accept } = options
    const port = options.port === '*' ? '*' : asPort('port', options.port ?? 0, 0)
    const address = host === undefined ? undefined : asIp('host', host)
    const tcp = defaultTcpOptions(options)
    await this.#ready('listen', { signal, timeout })
    const where = { address: address ?? this.#anywhere(), port: port === '*' ? 0 : port }
    const server = await this.#open<VirtualTcpServer>('listen', where, { signal, timeout }, undefined, (id) => ({
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
    }))
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
    const socket = await this.#open<VirtualUdpSocket>('bind', where, { signal, timeout }, undefined, (id) => ({
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
    }))
    closeOnAbort(socket, signal)
    return socket
  }

  async *ping(host: string, options: PingOptions = {}): AsyncGenerator<PingReply, void, undefined> {
    checkOptions('ping()', options, pingRules)
    const { signal } = options
    const [address] = await this.resolve(host, signal === undefined ? {} : { signal })
    await this.#ready('ping', { signal, timeout: TIMEOUT })
    const pinger = new Pinger(this.#network, this.#clock, address!, options)
    try {
      while (!pinger.done) yield await pinger.next()
    } finally {
      pinger.close()
    }
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<readonly IpAddress[]> {
    checkOptions('resolve()', options, resolveRules)
    const { family, signal } = options
    signal?.throwIfAborted()
    const literal = typeof name === 'string' ? canonicalIp(name.replace(/^\[(.*)\]$/, '$1')) : undefined
    if (literal === undefined)
      throw new SocketError(
        'ENOTFOUND',
        'getaddrinfo',
        { address: String(name) },
        'names are not looked up yet; use an IP address',
      )
    if (family !== undefined && family !== (literal.includes(':') ? 6 : 4))
      throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: literal }, `the address is not of family ${family}`)
    return [literal]
  }

  leave(): Promise<void> {
    return this.#leave()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.leaveOnDispose) await this.leave()
  }

  /** The wildcard address users see. */
  #anywhere(): IpAddress {
    return this.addresses.some((address) => address.family === 6) ? '::' : '0.0.0.0'
  }

  #ready(syscall: string, wait: { readonly signal: AbortSignal | undefined; readonly timeout: number }): Promise<void> {
    return waitUntil(this.#network, this.#clock, syscall, wait, 'ready', false)
  }

  /** A call that opens a socket: its first news is the answer, and from then on the socket hears the rest. */
  #open<T>(
    syscall: string,
    where: { readonly address: IpAddress; readonly port: number },
    wait: { readonly signal: AbortSignal | undefined; readonly timeout: number },
    late: (() => SocketError) | undefined,
    plan: (id: SocketId) => { readonly call: StackCall; readonly make: (news: Opened) => T },
  ): Promise<T> {
    const network = this.#network
    if (network.ended !== undefined) return Promise.reject(network.ended)
    return waitFor<T>(
      this.#clock,
      wait,
      late ?? (() => new SocketError('ETIMEDOUT', syscall, where)),
      ({ resolve, reject }) => {
        const id = network.sockets.nextId()
        const { call, make } = plan(id)
        const opening: SocketSink = {
          news: (news: SocketNews) => {
            if (news._tag === 'Opened') resolve(make(news))
            else if (news._tag === 'Failed') reject(new SocketError(news.code, syscall, where))
            else if (news._tag === 'Closed') reject(new SocketError('ECONNABORTED', syscall, where))
          },
          gone: reject,
        }
        network.sockets.add(id, opening)
        network.call(call)
        return () => {
          network.call({ call: 'abort', id })
          network.sockets.drop(id)
        }
      },
    )
  }
}

type Opened = Extract<SocketNews, { readonly _tag: 'Opened' }>

/** Waits until a network is at least so far; fails with its end, and at once with a refusal if `refuse`. */
export const waitUntil = (
  network: RunningNetwork,
  clock: SchedulerLike,
  syscall: string,
  wait: { readonly signal: AbortSignal | undefined; readonly timeout: number | undefined },
  least: 'ready' | 'ok',
  refuse: boolean,
): Promise<void> => {
  if (network.ended !== undefined) return Promise.reject(network.ended)
  const late = (): SocketError =>
    new SocketError(
      'ETIMEDOUT',
      syscall,
      undefined,
      `network ${network.state.id} is still "${network.state.status}"; ${cure(network.state.status)}`,
    )
  const isThere = ({ id, status }: NetworkState): boolean => {
    if (status === 'ready' || (status === 'ok' && least === 'ok')) return true
    if (status === 'not-found' && syscall === 'join')
      throw new NetworkError('ERR_ZT_NOT_FOUND', id, `network ${id} does not exist on its controller — check the id`)
    if (status === 'too-old')
      throw new NetworkError('ERR_ZT_TOO_OLD', id, `network ${id} wants a newer client — update this package`)
    if (status === 'denied' && refuse)
      throw new NetworkError(
        'ERR_ZT_ACCESS_DENIED',
        id,
        `network ${id} has not let this node in — authorise it on the controller`,
      )
    return false
  }
  return waitForState(clock, wait, late, network.state$, isThere, () => network.ended)
}

const cure = (status: NetworkState['status']): string => {
  switch (status) {
    case 'denied':
      return 'authorise this node on the controller'
    case 'ok':
      return 'the controller has assigned no address: add a pool or assign one'
    case 'requesting':
      return 'the controller was not reached: check that the node is online and the controller runs'
    default:
      return 'look at its state'
  }
}

const isAny = (address: IpAddress): boolean => address === '::' || address === '0.0.0.0'

const closeOnAbort = (
  socket: { close(): Promise<void>; whenClosed(then: () => void): void },
  signal: AbortSignal | undefined,
): void => {
  if (signal === undefined) return
  const abort = (): void => void socket.close()
  signal.addEventListener('abort', abort, { once: true })
  socket.whenClosed(() => signal.removeEventListener('abort', abort))
}

const TIMEOUT = 30_000
const BACKLOG = 511
const QUEUE = 1024
