/** The one door to those of Node's own modules that the adapters stand on. */
export type { ClientRequestArgs, Server as HttpServer } from 'node:http'
export { Agent as HttpAgent } from 'node:http'
export { Agent as HttpsAgent } from 'node:https'
export type { LookupFunction } from 'node:net'
export { Duplex } from 'node:stream'
export { type ConnectionOptions as TlsOptions, connect as connectTls } from 'node:tls'
