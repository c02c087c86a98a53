import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { serveHttp } from '../../../api/adapter/serve-http.ts'
import type { Network } from '../../../api/network.ts'
import type { Place, Service } from '../tunnel/host-listener.ts'
import { ignore } from '../tunnel/splice.ts'
import { filesBelow, type ShownFiles } from './answer-files.ts'

export interface FileServerOptions extends ShownFiles {
  readonly port: number
  /** A line for each request. */
  readonly onRequest?: (line: string) => void
}

/** The files of a directory, for members of a network, by HTTP. */
export const fileServer = async (network: Network, directory: string, options: FileServerOptions): Promise<Service> => {
  const { port, onRequest = ignore } = options
  const answerTo = await filesBelow(directory, options)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { statusCode, headers, stream } = await answerTo(request)
    response.writeHead(statusCode, { ...headers, 'x-content-type-options': 'nosniff' })
    await pipeline(stream, response)
  }
  const server = createServer((request, response) => {
    const { method, url, socket } = request
    response.once('finish', () => onRequest(`${socket.remoteAddress} ${method} ${url} ${response.statusCode}`))
    answer(request, response).catch(() => response.destroy())
  })
  const listener = await network.listen({ port, keepAlive: true })
  const clients = new Set<{ destroy(): void }>()
  server.on('connection', (client) => {
    clients.add(client)
    client.on('error', ignore)
    client.once('close', () => clients.delete(client))
    if (clients.size > MOST_CLIENTS) client.destroy()
  })
  const stop = serveHttp(listener, server)
  const close = async (): Promise<void> => {
    stop()
    await listener.close()
    server.close()
    for (const client of clients) client.destroy()
  }
  const at: Place = { host: listener.address.address, port: listener.address.port }
  return {
    at,
    get clients() {
      return clients.size
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Connections of members at a time. */
const MOST_CLIENTS = 1_024
