/** What `rxzt` exports on every host; the entry points add what needs hands. */
export type { LinkDatagram, LocalSocket, OutgoingDatagram } from '../protocol/datagram.ts'
export type { OpenIdStart } from '../protocol/network/authentication.ts'
export type { World } from '../protocol/world/world.ts'
export type { Counts } from '../streams/counters.ts'
export type { Drop } from '../streams/drop-log.ts'
export {
  ArgumentError,
  NetworkError,
  NodeError,
  ProtocolError,
  SocketError,
  StoreError,
  ZtError,
  type ZtErrorCode,
} from '../streams/error.ts'
export type { ZtEvent } from '../streams/event.ts'
export type { Link, LinkStats } from '../streams/link.ts'
export type {
  Neighbor,
  NetworkLogin,
  NetworkState,
  NodeInfo,
  Path,
  Peer,
  Route,
} from '../streams/snapshot.ts'
export { statsDelta$ } from '../streams/stats-delta.ts'
export { memoryStore, type StateStore, type StoreKey } from '../streams/store.ts'
export type { FrameTrace, PacketTrace, TraceRecord } from '../streams/trace.ts'
export type { TcpInfo } from '../tcpip/tcp/inspect.ts'
export { parseIp } from './address.ts'
export type { BondingOptions } from './bonding.ts'
export type { BridgePort } from './bridge-port.ts'
export type { Bytes } from './bytes.ts'
export { Endpoint, IpAddress, IpPrefix, Mac, SocketAddress } from './codec.ts'
export { consume } from './consume.ts'
export {
  type AdhocOptions,
  adhocNetworkId,
  asNetworkId,
  asNodeId,
  asWorldId,
  isNetworkId,
  isNodeId,
  NetworkId,
  NodeId,
  rfc4193,
  sixPlane,
  WorldId,
} from './id.ts'
export { type Identity, isIdentity, parseIdentity } from './identity.ts'
export type { JoinOptions } from './join-options.ts'
export type { LocalRoute } from './local-route.ts'
export type { PathOptions, TrustedPath } from './local-rules.ts'
export type { Network } from './network.ts'
export type { BindOptions, ConnectOptions, ListenOptions, ResolveOptions } from './network-options.ts'
export type { NodeStats, ZtNode } from './node.ts'
export type { NodeOptions } from './node-options.ts'
export type { PingOptions, PingReply } from './ping.ts'
export type { RawOptions, RawPacket, RawSocket } from './raw-socket.ts'
export type { TcpServer } from './tcp-server.ts'
export type { TcpSocket, TcpState } from './tcp-socket.ts'
export type { Datagram, UdpSettings, UdpSocket } from './udp-socket.ts'
export type { WaitOptions } from './wait.ts'
