import type { Duplex } from '../../streams/io/node-modules.ts'
import { isStream, refuse } from '../../streams/option.ts'
import type { TcpServer } from '../tcp-server.ts'
import { connectionBelow, lendAddresses } from './tls-addresses.ts'
import { toDuplex } from './to-duplex.ts'

/** `http.Server`, `https.Server`, those of `http2` and `tls`: whoever takes connections by the event `connection`. */
export interface ConnectionTaker {
  readonly listening?: boolean
  emit(event: string, ...values: unknown[]): boolean
  prependListener(event: string, listener: (secure: Duplex) => void): unknown
  removeListener(event: string, listener: (secure: Duplex) => void): unknown
}

/**
 * Lets an HTTP server (`http`, express, fastify, ws …) serve the connections of a virtual listener: Node documents the
 * injection by its `connection` event. Returns what stops it; connections go on.
 * @example serveHttp(await net.listen({ port: 80 }), http.createServer(app))
 */
export const serveHttp = (tcpServer: TcpServer, httpServer: ConnectionTaker): (() => void) => {
  if (!isStream(tcpServer?.connections$)) refuse('tcpServer', tcpServer, 'pass what listen() gave')
  if (typeof httpServer?.emit !== 'function') refuse('httpServer', httpServer, 'pass an http.Server')
  const secured = (secure: Duplex): void => {
    const raw = connectionBelow(secure)
    if (raw !== undefined) lendAddresses(secure, raw)
  }
  // before the server's own listener, which hands the socket to whoever answers requests
  httpServer.prependListener('secureConnection', secured)
  // `headersTimeout` and `requestTimeout` are watched from this event on
  if (httpServer.listening !== true) httpServer.emit('listening')
  const serving = tcpServer.connections$.subscribe((socket) => {
    httpServer.emit('connection', toDuplex(socket, { allowHalfOpen: true }))
  })
  return () => {
    serving.unsubscribe()
    httpServer.removeListener('secureConnection', secured)
  }
}
