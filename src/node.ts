/**
 * What only Node has: UDP links, stores in directories, adapters for its libraries.
 * @module rxzt/node
 */
import { workerNodeFrom } from './api/worker/worker-node.ts'

export { ZtAgent, ZtHttpsAgent } from './api/adapter/agent.ts'
export { createConnection } from './api/adapter/connection.ts'
export { type DgramOptions, type DgramSource, toDgram, type VirtualDgram } from './api/adapter/dgram.ts'
export type { DuplexOptions, VirtualDuplex } from './api/adapter/duplex.ts'
export { toLookup } from './api/adapter/lookup.ts'
export { type NetServerOptions, toNetServer, type VirtualNetServer } from './api/adapter/net-server.ts'
export { type PlatformSocket, type PlatformSocketInfo, toPlatformSocket } from './api/adapter/platform-socket.ts'
export { type ConnectionTaker, serveHttp } from './api/adapter/serve-http.ts'
export { toDuplex } from './api/adapter/to-duplex.ts'
export { type UndiciConnectorOptions, undiciConnector } from './api/adapter/undici-connector.ts'
export { type LocalApi, type LocalApiOptions, serveLocalApi } from './api/http/serve-local-api.ts'
export type { WorkerNodeOptions } from './api/worker/worker-node.ts'
export { directoryStore } from './streams/io/directory-store.ts'
export { type TcpRelayLinkOptions, tcpRelayLink } from './streams/io/tcp-relay-link.ts'
export {
  createTcpRelay,
  type TcpRelay,
  type TcpRelayOptions,
  type TcpRelayStats,
} from './streams/io/tcp-relay-server.ts'
export { type UdpLinkOptions, udpLink } from './streams/io/udp-link.ts'

/** The thread's program lies beside this module, as source and as built. */
export const workerNode = workerNodeFrom(new URL(import.meta.url.replace(/[^/]+(\.\w+)$/, 'worker$1')))
