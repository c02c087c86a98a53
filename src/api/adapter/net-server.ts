import type { Subscription } from 'rxjs'
import { SocketError } from '../../streams/error.ts'
import { EventEmitter } from '../../streams/io/node-modules.ts'
import { isStream, refuse, whole } from '../../streams/option.ts'
import type { TcpServer } from '../tcp-server.ts'
import type { DuplexOptions, VirtualDuplex } from './duplex.ts'
import { toDuplex } from './to-duplex.ts'

export interface NetServerOptions extends DuplexOptions {
  /** Connections beyond are refused with a reset and the event `drop` (default: no limit, as in Node). */
  readonly maxConnections?: number
}
interface NetServerEvents {
  readonly connection: [socket: VirtualDuplex]
  readonly listening: []
  readonly drop: [data: NetServerDrop]
  readonly error: [error: Error]
  readonly close: []
  /** Of every emitter. */
  readonly newListener: [event: string | symbol]
}
interface NetServerDrop {
  readonly localAddress: string
  readonly localPort: number
  readonly localFamily: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly remoteFamily: string
}
type Done = (error?: Error) => void

/**
 * A virtual listener as the `net.Server` that Node's libraries expect. Connections wait in the backlog until somebody
 * listens to `connection`.
 */
export class VirtualNetServer extends EventEmitter<NetServerEvents> {
  maxConnections: number | undefined
  readonly #server: TcpServer
  readonly #options: DuplexOptions
  readonly #connections = new Set<VirtualDuplex>()
  #serving: Subscription | undefined
  #listening = true
  #over = false

  constructor(server: TcpServer, { maxConnections, ...options }: NetServerOptions) {
    super()
    this.maxConnections = maxConnections
    this.#server = server
    this.#options = options
    this.on('newListener', (event) => {
      // the listener is there in the next turn
      if (event === 'connection') queueMicrotask(() => this.#serve())
    })
  }

  get listening(): boolean {
    return this.#listening
  }

  address(): { address: string; port: number; family: string } | null {
    if (!this.#listening) return null
    const { address, port, family } = this.#server.address
    return { address, port, family: `IPv${family}` }
  }

  /** It listens already, whatever is named: what follows is the event `listening`, and the callback. */
  listen(...args: readonly unknown[]): this {
    const then = args.at(-1)
    if (typeof then === 'function') this.once('listening', () => then())
    queueMicrotask(() => {
      if (this.#listening) this.emit('listening')
      else this.emit('error', notRunning())
    })
    return this
  }

  /** Accepts no more; `close` follows when the last connection has ended. */
  close(done?: Done): this {
    if (!this.#listening) {
      if (done !== undefined) queueMicrotask(() => done(notRunning()))
      return this
    }
    if (done !== undefined) this.once('close', () => done())
    this.#listening = false
    void this.#server.close()
    this.#finish()
    return this
  }

  getConnections(done: (error: Error | null, count: number) => void): this {
    queueMicrotask(() => done(null, this.#connections.size))
    return this
  }

  /** The node as a whole keeps the process alive or does not. */
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      this.close(() => resolve())
    })
  }

  #serve(): void {
    if (this.#serving !== undefined || !this.#listening) return
    this.#serving = this.#server.connections$.subscribe({
      next: (socket) => {
        if (this.maxConnections !== undefined && this.#connections.size >= this.maxConnections) {
          const { local, remote } = socket
          this.emit('drop', {
            ...{ localAddress: local.address, localPort: local.port, localFamily: `IPv${local.family}` },
            ...{ remoteAddress: remote.address, remotePort: remote.port, remoteFamily: `IPv${remote.family}` },
          })
          socket.reset()
          return
        }
        const duplex = toDuplex(socket, this.#options)
        this.#connections.add(duplex)
        duplex.once('close', () => {
          this.#connections.delete(duplex)
          this.#finish()
        })
        this.emit('connection', duplex)
      },
      // closed from outside: by its owner, or with the network
      complete: () => {
        this.#listening = false
        this.#finish()
      },
    })
  }

  #finish(): void {
    if (this.#over || this.#listening || this.#connections.size > 0) return
    this.#over = true
    this.#serving?.unsubscribe()
    queueMicrotask(() => this.emit('close'))
  }
}

/**
 * A `net.Server` look-alike for libraries that want one: `connection`, `listening`, `drop` and `close`, `listen`, `close`,
 * `address`, `getConnections`, `maxConnections`.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 * @example toNetServer(await net.listen({ port: 7 }), (socket) => socket.pipe(socket))
 */
export const toNetServer = (
  tcpServer: TcpServer,
  optionsOrListener: NetServerOptions | ((socket: VirtualDuplex) => void) = {},
  listener?: (socket: VirtualDuplex) => void,
): VirtualNetServer => {
  if (!isStream(tcpServer?.connections$)) refuse('tcpServer', tcpServer, 'pass what listen() gave')
  const isListener = typeof optionsOrListener === 'function'
  const options = isListener ? {} : optionsOrListener
  const { maxConnections } = options
  const most = whole(0, Number.MAX_SAFE_INTEGER)
  if (maxConnections !== undefined && !most.is(maxConnections))
    refuse('maxConnections', maxConnections, 'use a whole number of 0 or more')
  const server = new VirtualNetServer(tcpServer, options)
  const onConnection = isListener ? optionsOrListener : listener
  if (onConnection !== undefined) server.on('connection', onConnection)
  return server
}

const notRunning = (): Error =>
  new SocketError('ERR_SERVER_NOT_RUNNING', 'close', undefined, 'the server was closed; listen again')
