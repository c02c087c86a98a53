import type { HttpServer } from '../../streams/io/node-modules.ts'
import { isStream, refuse } from '../../streams/option.ts'
import type { TcpServer } from '../tcp-server.ts'
import { toDuplex } from './duplex.ts'

/**
 * Lets an HTTP server (`http`, express, fastify, ws …) serve the connections of a virtual listener: Node documents the
 * injection by its `connection` event. Returns what stops it; connections go on.
 * @example serveHttp(await net.listen({ port: 80 }), http.createServer(app))
 */
export const serveHttp = (tcpServer: TcpServer, httpServer: Pick<HttpServer, 'emit'>): (() => void) => {
  if (!isStream(tcpServer?.connections$)) refuse('tcpServer', tcpServer, 'pass what listen() gave')
  if (typeof httpServer?.emit !== 'function') refuse('httpServer', httpServer, 'pass an http.Server')
  const serving = tcpServer.connections$.subscribe((socket) => {
    httpServer.emit('connection', toDuplex(socket, { allowHalfOpen: true }))
  })
  return () => serving.unsubscribe()
}
