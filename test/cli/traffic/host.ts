import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ByteReader } from '../../../src/cli/traffic/socks/byte-reader.ts'
import type { Place, Service } from '../../../src/cli/traffic/tunnel/host-listener.ts'

/** A client of this machine, connected. */
export const dial = async ({ host, port }: Place): Promise<Socket> => {
  const socket = connect({ host, port, allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** All that comes until the end. */
export const everything = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** So many bytes, and no more than these. */
export const bytes = async (socket: Socket, count: number): Promise<Buffer> => {
  const reader = new ByteReader(socket)
  const taken = await reader.take(count)
  reader.release()
  if (taken === undefined) throw new Error(`the connection ended before ${count} bytes`)
  return Buffer.from(taken)
}

/** Answers every connection with what it sends. */
export const echoServer = async (): Promise<{ readonly at: Place; readonly server: Server }> => {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { at: { host: '127.0.0.1', port }, server }
}

/** Waits for the last client to go: what is checked is that it comes to that. */
export const deserted = async (service: Service): Promise<void> => {
  while (service.clients > 0) await new Promise((resolve) => setImmediate(resolve))
}

/** What ends a connection that is not closed in order. */
export const broken = (socket: Socket): Promise<string | undefined> =>
  new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.once('end', () => resolve(undefined))
    socket.resume()
  })
