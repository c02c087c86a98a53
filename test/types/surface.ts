/**
 * The public surface as it was promised, checked by the compiler: every name exists, and what the package gives and takes
 * fits the promise. Nothing here runs.
 */
import type { Mixed } from 'io-ts'
import type { Observable, SchedulerLike } from 'rxjs'
import {
  ArgumentError,
  adhocNetworkId,
  asNetworkId,
  type BindOptions,
  type BridgePort,
  type Bytes,
  type ConnectOptions,
  createNode,
  type Datagram,
  Endpoint,
  type FrameTrace,
  generateIdentity,
  type Identity,
  IpAddress,
  IpPrefix,
  isIdentity,
  isNetworkId,
  isNodeId,
  type JoinOptions,
  type Link,
  type ListenOptions,
  Mac,
  memoryStore,
  type Neighbor,
  type Network,
  NetworkError,
  NetworkId,
  type NetworkState,
  NodeError,
  NodeId,
  type NodeInfo,
  type NodeOptions,
  type NodeStats,
  type PacketTrace,
  type Path,
  type Peer,
  type PingOptions,
  type PingReply,
  ProtocolError,
  parseIdentity,
  type ResolveOptions,
  type Route,
  rfc4193,
  SocketAddress,
  SocketError,
  type StateStore,
  StoreError,
  sixPlane,
  type TcpServer,
  type TcpSocket,
  type TcpState,
  type TraceRecord,
  type UdpSocket,
  validateIdentity,
  type WaitOptions,
  type World,
  WorldId,
  type ZtError,
  type ZtErrorCode,
  type ZtEvent,
  type ZtNode,
} from 'rxzt'

/** `Given` can be used wherever `Promised` can. */
type Fits<Given extends Promised, Promised> = Given
/** Whatever was promised to be taken is taken. */
type Takes<Taken, Promised extends Taken> = Promised

interface PromisedNode extends AsyncDisposable {
  readonly id: NodeId
  readonly identity: Identity
  readonly info: NodeInfo
  readonly online$: Observable<boolean>
  readonly peers$: Observable<ReadonlyMap<NodeId, Peer>>
  readonly networks$: Observable<ReadonlyMap<NetworkId, NetworkState>>
  readonly events$: Observable<ZtEvent>
  readonly packets$: Observable<PacketTrace>
  readonly trace$: Observable<TraceRecord>
  readonly stats: NodeStats
  readonly closed: Promise<void>
  online(options?: WaitOptions): Promise<void>
  join(id: NetworkId | string | bigint, options?: JoinOptions): Promise<Network>
  network(id: NetworkId | string): Network | undefined
  peer(id: NodeId | string): Peer | undefined
  orbit(world: WorldId | string, seed: NodeId | string): Promise<void>
  deorbit(world: WorldId | string): Promise<void>
  close(options?: { graceMs?: number }): Promise<void>
  ref(): this
  unref(): this
}
interface PromisedNodeOptions {
  readonly identity?: string | Identity
  readonly store?: string | StateStore
  readonly link?: Link | readonly Link[]
  readonly planet?: Uint8Array | World
  readonly moons?: readonly { id: WorldId; seed: NodeId }[]
  readonly tcpRelay?: { mode?: 'auto' | 'always' | 'never'; endpoint?: Endpoint }
  readonly cache?: { identity?: boolean; networks?: boolean; peers?: boolean; roots?: boolean }
  readonly lowBandwidth?: boolean
  readonly scheduler?: SchedulerLike
  readonly random?: (bytes: number) => Uint8Array
  readonly signal?: AbortSignal
  readonly autoUnref?: boolean
}
interface PromisedJoinOptions extends WaitOptions {
  readonly wait?: 'ready' | 'ok' | 'none'
  readonly allow?: { managed?: boolean; global?: boolean; default?: boolean; dns?: boolean }
  readonly dns?: readonly IpAddress[]
  readonly onDenied?: 'wait' | 'reject'
  readonly leaveOnDispose?: boolean
}

interface PromisedNetwork extends AsyncDisposable {
  readonly id: NetworkId
  readonly state: NetworkState
  readonly state$: Observable<NetworkState>
  readonly addresses: readonly IpPrefix[]
  readonly routes: readonly Route[]
  address(family: 4 | 6): IpAddress | undefined
  readonly frames$: Observable<FrameTrace>
  readonly members$: Observable<ReadonlyMap<NodeId, Neighbor>>
  readonly stats: Readonly<Record<string, number>>
  connect(options: ConnectOptions): Promise<TcpSocket>
  listen(options?: ListenOptions): Promise<TcpServer>
  bind(options?: BindOptions): Promise<UdpSocket>
  bridge(options?: WaitOptions): Promise<BridgePort>
  ping(host: string, options?: PingOptions): AsyncIterable<PingReply>
  resolve(name: string, options?: ResolveOptions): Promise<readonly IpAddress[]>
  leave(): Promise<void>
}
interface PromisedBridgePort extends AsyncDisposable {
  readonly incoming$: Observable<Uint8Array>
  send(frame: Uint8Array): void
  close(): Promise<void>
}
interface PromisedNetworkState {
  readonly id: NetworkId
  readonly name: string
  readonly mac: Mac
  readonly mtu: number
  readonly status:
    | 'requesting'
    | 'ok'
    | 'ready'
    | 'denied'
    | 'not-found'
    | 'port-error'
    | 'too-old'
    | 'auth-required'
    | 'down'
  readonly type: 'private' | 'public'
  readonly broadcast: boolean
  readonly bridge: boolean
  readonly dhcp: boolean
  readonly revision: number
  readonly addresses: readonly IpPrefix[]
  readonly routes: readonly Route[]
  readonly multicastGroups: readonly { mac: Mac; adi: number }[]
  readonly dns?: { domain: string; servers: readonly IpAddress[] }
  readonly controller: NodeId
}
interface PromisedPeer {
  readonly id: NodeId
  readonly role: 'leaf' | 'moon' | 'planet'
  readonly version?: string
  readonly latency?: number
  readonly link: 'direct' | 'relay' | 'unreachable'
  readonly paths: readonly Path[]
}
interface PromisedPath {
  readonly endpoint: Endpoint
  readonly lastSend?: number
  readonly lastReceive?: number
  readonly latency?: number
  readonly preferred: boolean
  readonly expired: boolean
  readonly trustedPathId?: bigint
}

interface PromisedConnectOptions extends WaitOptions {
  readonly host: string
  readonly port: number
  readonly localAddress?: IpAddress
  readonly localPort?: number
  readonly noDelay?: boolean
  readonly keepAlive?: boolean | { idle?: number; interval?: number; count?: number }
  readonly linger?: number
  readonly ttl?: number
  readonly sendBuffer?: number
  readonly receiveBuffer?: number
}
interface PromisedTcpSocket extends AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer: NodeId | undefined
  readonly state$: Observable<TcpState>
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly readableLength: number
  readonly closed: Promise<void>
  write(data: Bytes | readonly Bytes[], options?: WaitOptions): Promise<void>
  end(data?: Bytes, options?: WaitOptions): Promise<void>
  close(): Promise<void>
  reset(): void
  configure(options: Partial<Pick<ConnectOptions, 'noDelay' | 'keepAlive' | 'ttl' | 'linger'>>): void
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Bytes>
  readonly data$: Observable<Uint8Array>
}
interface PromisedListenOptions {
  readonly port?: number | '*'
  readonly host?: IpAddress
  readonly backlog?: number
  readonly signal?: AbortSignal
  readonly ipv6Only?: boolean
  readonly accept?: (remote: SocketAddress, peer: NodeId | undefined) => boolean
}
interface PromisedTcpServer extends AsyncIterable<TcpSocket>, AsyncDisposable {
  readonly address: SocketAddress
  readonly connections$: Observable<TcpSocket>
  close(): Promise<void>
}

interface PromisedUdpSocket extends AsyncIterable<Datagram>, AsyncDisposable {
  readonly local: SocketAddress
  readonly messages$: Observable<Datagram>
  send(data: Bytes, to?: { host: string; port: number }): Promise<void>
  connect(to: { host: string; port: number }): void
  joinGroup(group: IpAddress): void
  leaveGroup(group: IpAddress): void
  configure(options: { broadcast?: boolean; ttl?: number; multicastTtl?: number; multicastLoop?: boolean }): void
  close(): Promise<void>
}
interface PromisedDatagram {
  readonly data: Uint8Array
  readonly from: SocketAddress
  readonly to: SocketAddress
  readonly peer?: NodeId
}
interface PromisedBindOptions {
  readonly port?: number
  readonly host?: IpAddress
  readonly reusePort?: boolean
  readonly maxQueue?: number
  readonly signal?: AbortSignal
}

export type Given = [
  Fits<IpPrefix, { readonly address: IpAddress; readonly bits: number; readonly family: 4 | 6 }>,
  Fits<SocketAddress, { readonly address: IpAddress; readonly port: number; readonly family: 4 | 6 }>,
  Fits<Route, { readonly target: IpPrefix; readonly via?: IpAddress; readonly flags: number; readonly metric: number }>,
  Fits<ZtNode, PromisedNode>,
  Fits<Network, PromisedNetwork>,
  Fits<BridgePort, PromisedBridgePort>,
  Fits<NetworkState, PromisedNetworkState>,
  Fits<Peer, PromisedPeer>,
  Fits<Path, PromisedPath>,
  Fits<TcpSocket, PromisedTcpSocket>,
  Fits<TcpServer, PromisedTcpServer>,
  Fits<UdpSocket, PromisedUdpSocket>,
  Fits<Datagram, PromisedDatagram>,
]
export type Taken = [
  Takes<NodeOptions, PromisedNodeOptions>,
  Takes<WaitOptions, { readonly signal?: AbortSignal; readonly timeout?: number }>,
  Takes<JoinOptions, PromisedJoinOptions>,
  Takes<ConnectOptions, PromisedConnectOptions>,
  Takes<ListenOptions, PromisedListenOptions>,
  Takes<BindOptions, PromisedBindOptions>,
]

export const functions = {
  createNode: createNode satisfies (options?: PromisedNodeOptions) => Promise<ZtNode>,
  asNetworkId: asNetworkId satisfies (id: string | bigint) => NetworkId,
  generateIdentity: generateIdentity satisfies (options?: { signal?: AbortSignal }) => Promise<Identity>,
  parseIdentity: parseIdentity satisfies (text: string) => Identity,
  isIdentity: isIdentity satisfies (text: unknown) => boolean,
  validateIdentity: validateIdentity satisfies (identity: string | Identity) => Promise<boolean>,
  isNetworkId: isNetworkId satisfies (id: unknown) => boolean,
  isNodeId: isNodeId satisfies (id: unknown) => boolean,
  memoryStore: memoryStore satisfies () => StateStore,
  adhocNetworkId: adhocNetworkId satisfies (
    options: { ports: [number, number] } | { ipv4: number; hub: NodeId },
  ) => NetworkId,
  sixPlane: sixPlane satisfies (network: NetworkId, node: NodeId) => IpAddress,
  rfc4193: rfc4193 satisfies (network: NetworkId, node: NodeId) => IpAddress,
}
/** The codecs of unknown input carry the names of their types. */
export const codecs = {
  NodeId,
  NetworkId,
  WorldId,
  Mac,
  IpAddress,
  IpPrefix,
  SocketAddress,
  Endpoint,
} satisfies Record<string, Mixed>
export const errors = [SocketError, NodeError, NetworkError, ProtocolError, StoreError, ArgumentError] satisfies {
  readonly prototype: ZtError
}[]
export const codeOf = (error: ZtError): ZtErrorCode => error.code
export type SocketErrorFields = Fits<
  SocketError,
  { readonly errno: number; readonly syscall: string; readonly address?: string; readonly port?: number }
>
