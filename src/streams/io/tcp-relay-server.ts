import { createSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { Endpoint } from '../../protocol/datagram.ts'
import { isIpv6, parseIp } from '../../protocol/kernel/ip.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'
import { scope, scopeOf } from '../../protocol/peer/endpoint.ts'
import {
  datagramRecord,
  isGreeting,
  LONGEST_RETURNED,
  readDatagram,
  readRecords,
  recordReader,
  SHORTEST_DATAGRAM,
} from '../../protocol/relay/framing.ts'
import { NodeError } from '../error.ts'
import { aFunction, checkOptions, type OptionRules, whole } from '../option.ts'

export interface TcpRelayOptions {
  /** TCP port; 0 takes a free one. Default 443. */
  readonly port?: number
  /** Where to listen, and where datagrams leave from. Default: everywhere. */
  readonly address?: string
  /**
   * Further destinations than those of the Internet at large, which alone are served by default: whoever can connect
   * could otherwise send datagrams to whatever is near this machine.
   */
  readonly allow?: (to: Endpoint) => boolean
  /** Clients at once; default 1024. */
  readonly maxConnections?: number
  /** ms without a datagram after which a client is dismissed; default 300 000. */
  readonly idleTimeout?: Millis
}

/** What a relay has done since it began. */
export interface TcpRelayStats {
  readonly connections: number
  readonly forwarded: number
  readonly returned: number
  /** Datagrams not passed on: to ports up to 1024 or to places that are not served, of a wrong size, or over a bound. */
  readonly dropped: number
}

export interface TcpRelay extends AsyncDisposable {
  /** Where clients connect to. */
  readonly endpoint: Endpoint
  readonly stats: TcpRelayStats
  close(): Promise<void>
}

/**
 * A relay for nodes without UDP (`docs/protocol/vl1.md`, TCP fall-back relay): each client has a UDP socket of its own
 * here. Whatever does not follow the protocol is disconnected.
 * @throws {NodeError} `ERR_ZT_BIND`
 */
export const createTcpRelay = async (options: TcpRelayOptions = {}): Promise<TcpRelay> => {
  checkOptions('createTcpRelay()', options, rules)
  const server = new TcpRelayServer(options)
  await server.listen()
  return server
}

const rules: OptionRules<TcpRelayOptions> = {
  port: whole(0, 65_535),
  address: {
    is: (x) => typeof x === 'string' && parseIp(x) !== undefined,
    cure: 'pass an IP address of this machine, or leave it out',
  },
  allow: aFunction,
  maxConnections: whole(1, 65_536),
  idleTimeout: whole(1, 0x7fff_ffff),
}

class TcpRelayServer implements TcpRelay {
  readonly #options: TcpRelayOptions
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  readonly #counters = { connections: 0, forwarded: 0, returned: 0, dropped: 0 }
  #endpoint: Endpoint = { address: '0.0.0.0', port: 0 }

  constructor(options: TcpRelayOptions) {
    this.#options = options
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket))
    this.#server.maxConnections = options.maxConnections ?? MOST_CLIENTS
  }

  get endpoint(): Endpoint {
    return this.#endpoint
  }
  get stats(): TcpRelayStats {
    return { ...this.#counters }
  }

  listen(): Promise<void> {
    const { port = 443, address = '0.0.0.0' } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(
          new NodeError('ERR_ZT_BIND', `TCP port ${port} cannot be bound on ${address} — choose another port`, {
            cause,
          }),
        ),
      )
      this.#server.listen(port, address, () => {
        const bound = this.#server.address()
        if (bound !== null && typeof bound !== 'string') this.#endpoint = { address, port: bound.port }
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy()
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(client: Socket): void {
    const counters = this.#counters
    const reader = recordReader()
    const udp = createSocket({
      type: 'udp4',
      lookup: (host, _options, done) => done(null, host, 4),
    })
    counters.connections++
    this.#clients.add(client)
    client.setTimeout(this.#options.idleTimeout ?? IDLE, () => client.destroy())
    client.on('error', () => undefined) // 'close' follows
    client.once('close', () => {
      this.#clients.delete(client)
      udp.close()
    })
    client.on('data', (chunk) => {
      for (const message of readRecords(reader, chunk)) {
        if (isGreeting(message)) continue
        const found = readDatagram(message)
        if (found === undefined) return void client.destroy()
        const { endpoint, data } = found
        if (
          endpoint === undefined ||
          data.length < SHORTEST_DATAGRAM ||
          !this.#isServed(endpoint) ||
          udp.getSendQueueSize() > MOST_PENDING
        ) {
          counters.dropped++
          continue
        }
        udp.send(data, endpoint.port, endpoint.address, () => undefined)
        counters.forwarded++
      }
      if (reader.failed !== undefined) client.destroy()
    })
    udp.on('error', () => undefined) // of single sends; a socket that cannot be bound forwards nothing
    udp.on('message', (data, { address, port }) => {
      const fits = data.length >= SHORTEST_DATAGRAM && data.length <= LONGEST_RETURNED
      const record = fits ? datagramRecord({ address, port }, data) : undefined
      if (record === undefined || client.writableLength + record.length > MOST_PENDING) {
        counters.dropped++
        return
      }
      client.write(record)
      counters.returned++
    })
    const { address } = this.#options
    udp.bind(0, address === undefined || isIpv6(address) ? '0.0.0.0' : address)
  }

  #isServed(to: Endpoint): boolean {
    const ip = parseIp(to.address)
    if (ip?.length !== 4 || to.port <= LAST_SYSTEM_PORT) return false
    return scopeOf(ip) === scope.global || (this.#options.allow?.(to) ?? false)
  }
}

const LAST_SYSTEM_PORT = 1_024
const MOST_CLIENTS = 1_024
/** Bytes that may wait for a slow client or a full network, per client. */
const MOST_PENDING = 64 << 10
const IDLE: Millis = 300_000
