/** The one door to those of Node's own modules that the adapters stand on. */
export { EventEmitter } from 'node:events'
export type { ClientRequestArgs } from 'node:http'
export { Agent as HttpAgent } from 'node:http'
export { Agent as HttpsAgent } from 'node:https'
export type { LookupFunction, Socket as NetSocket } from 'node:net'
export { Duplex } from 'node:stream'
export { type ConnectionOptions as TlsOptions, connect as connectTls } from 'node:tls'
