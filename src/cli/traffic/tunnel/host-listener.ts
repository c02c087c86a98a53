import { createServer, type Server, type Socket } from 'node:net'
import { isIpv6 } from '../../../protocol/kernel/ip.ts'
import { NodeError } from '../../../streams/error.ts'
import { ignore } from './splice.ts'

/** Where a service of this machine is, or is to be. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Something that runs until it is closed. */
export interface Service extends AsyncDisposable {
  /** Where it listens, with the port that it got. */
  readonly at: Place
  /** Clients that are connected. */
  readonly clients: number
  close(): Promise<void>
}

/** Takes TCP connections of this machine. Clients beyond `most` are turned away; closing ends those that are left. */
export const listenOnHost = async (
  at: Place,
  onClient: (client: Socket) => void,
  most: number = MOST_CLIENTS,
): Promise<Service> => {
  const server = createServer(CLIENT_OPTIONS, onClient)
  return serviceOf(server, at, most)
}

/** The same for a server that is made already: `http.Server` is one. */
export const serviceOf = async (server: Server, at: Place, most: number = MOST_CLIENTS): Promise<Service> => {
  const clients = new Set<Socket>()
  server.maxConnections = most
  server.on('connection', (client) => {
    clients.add(client)
    client.on('error', ignore)
    client.once('close', () => clients.delete(client))
  })
  await bound(at, (done) => {
    server.once('error', done)
    server.listen({ ...at, exclusive: true }, () => {
      server.removeListener('error', done)
      done()
    })
  })
  server.on('error', ignore)
  const address = server.address()
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const client of clients) client.destroy()
    })
  return {
    at: typeof address === 'object' && address !== null ? { host: address.address, port: address.port } : at,
    get clients() {
      return clients.size
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws {NodeError} `ERR_ZT_BIND`, with what to do about it. */
export const bound = (at: Place, bind: (done: (error?: NodeJS.ErrnoException) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    bind((error) => {
      if (error === undefined) resolve()
      else
        reject(new NodeError('ERR_ZT_BIND', `cannot listen on ${printPlace(at)}: ${whyNot(error)}`, { cause: error }))
    })
  })

const whyNot = (error: NodeJS.ErrnoException): string => {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is taken — choose another port, or end the program that has it'
    case 'EACCES':
      return 'not allowed — choose a port above 1023'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address — bind to 127.0.0.1, or to one that `ip address` shows'
    default:
      return `${error.message} — choose another address or port`
  }
}

/** `10.1.2.3:80`, `[fd00::1]:80`. */
export const printPlace = ({ host, port }: Place): string => `${isIpv6(host) ? `[${host}]` : host}:${port}`

/** A client that vanished without a word is noticed by keep-alive. */
const CLIENT_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }
/** Clients of one proxy or one forwarded port at a time. */
export const MOST_CLIENTS = 1_024
