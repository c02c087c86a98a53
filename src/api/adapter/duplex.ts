import type { SchedulerLike } from 'rxjs'
import { Duplex } from '../../streams/io/node-modules.ts'
import type { NodeId } from '../../streams/public-id.ts'
import type { VirtualTcpSocket } from '../tcp-socket.ts'
import { IdleAlarm } from './idle-alarm.ts'
import { joinWrites } from './join-writes.ts'

export interface DuplexOptions {
  /** Keep the write side open when the peer ends (default false, as `net.Socket` has it). */
  readonly allowHalfOpen?: boolean
}

/**
 * A connection as the stream that Node's libraries expect: a `Duplex` with the members of `net.Socket` that they touch.
 * Bytes are acknowledged to the peer as the stream takes them.
 */
export interface VirtualDuplex extends Duplex {
  readonly connecting: boolean
  /** ms, as `setTimeout` has set it. */
  readonly timeout: number
  readonly pending: boolean
  readonly readyState: string
  /** The node at the other end, by the identity that sealed its packets; `undefined` behind a bridge or gateway. */
  readonly peer: NodeId | undefined
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily: string | undefined
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly localFamily: string | undefined
  readonly bytesRead: number
  readonly bytesWritten: number
  address(): { address: string; port: number; family: string } | Record<string, never>
  /**
   * For libraries that are handed a stream and connect it themselves (pg does): the connection that is being made, or
   * stands, is meant, whatever they name.
   */
  connect(...args: readonly unknown[]): this
  setNoDelay(on?: boolean): this
  setKeepAlive(on?: boolean, idle?: number): this
  /** Emits `timeout` after so many ms without bytes either way, also while connecting; 0 turns it off. */
  setTimeout(ms: number, listener?: () => void): this
  /** The node as a whole keeps the process alive or does not. */
  ref(): this
  unref(): this
  destroySoon(): void
  resetAndDestroy(): this
}

/** The stream, and how it comes to its connection. */
export class ConnectionDuplex extends Duplex implements VirtualDuplex {
  /** What time is for this stream. */
  readonly clock: SchedulerLike
  connecting = true
  timeout = 0
  #socket: VirtualTcpSocket | undefined
  #hadError = false
  readonly #waiting: (() => void)[] = []
  #abandon: (() => void) | undefined
  readonly #idle: IdleAlarm
  /** Bytes of the writes that the connection has taken; what else was written waits in this stream. */
  #taken = 0

  constructor(clock: SchedulerLike, { allowHalfOpen = false }: DuplexOptions = {}) {
    super({ allowHalfOpen, autoDestroy: true })
    this.clock = clock
    this.#idle = new IdleAlarm(
      clock,
      () => this.#socket?.bytesWritten ?? 0,
      () => this.emit('timeout'),
    )
  }

  get pending(): boolean {
    return this.connecting
  }
  get readyState(): string {
    if (this.connecting) return 'opening'
    if (this.readable && this.writable) return 'open'
    if (this.readable) return 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }
  get peer(): NodeId | undefined {
    return this.#socket?.peer
  }
  get remoteAddress(): string | undefined {
    return this.#socket?.remote.address
  }
  get remotePort(): number | undefined {
    return this.#socket?.remote.port
  }
  get remoteFamily(): string | undefined {
    return this.#socket === undefined ? undefined : `IPv${this.#socket.remote.family}`
  }
  get localAddress(): string | undefined {
    return this.#socket?.local.address
  }
  get localPort(): number | undefined {
    return this.#socket?.local.port
  }
  get localFamily(): string | undefined {
    return this.#socket === undefined ? undefined : `IPv${this.#socket.local.family}`
  }
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0
  }
  get bytesWritten(): number {
    return this.#taken + this.writableLength
  }

  address(): { address: string; port: number; family: string } | Record<string, never> {
    const local = this.#socket?.local
    return local === undefined ? {} : { address: local.address, port: local.port, family: `IPv${local.family}` }
  }

  connect(...args: readonly unknown[]): this {
    const then = args.at(-1)
    if (typeof then === 'function') this.once('connect', () => then())
    if (this.#socket !== undefined) queueMicrotask(() => this.emit('connect'))
    return this
  }

  setNoDelay(on = true): this {
    return this.#configured((socket) => socket.configure({ noDelay: on }))
  }
  setKeepAlive(on = false, idle = 0): this {
    const keepAlive = on && idle > 0 ? { idle } : on
    return this.#configured((socket) => socket.configure({ keepAlive }))
  }
  setTimeout(ms: number, listener?: () => void): this {
    this.timeout = ms
    if (listener !== undefined)
      if (ms === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    if (!this.destroyed) this.#idle.set(ms)
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }
  resetAndDestroy(): this {
    this.#socket?.reset()
    this.destroy()
    return this
  }

  /** The connection stands: what was asked for meanwhile is done now. */
  attach(socket: VirtualTcpSocket): void {
    if (this.destroyed) {
      socket.reset()
      return
    }
    socket.lock('toDuplex')
    this.#socket = socket
    this.#abandon = undefined
    this.connecting = false
    this.#idle.active()
    for (const then of this.#waiting.splice(0)) then()
  }
  /** What to do if the stream is destroyed before the connection stands. */
  whenAbandoned(then: () => void): void {
    this.#abandon = then
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event === 'close' && args.length === 0 ? super.emit(event, this.#hadError) : super.emit(event, ...args)
  }

  override _read(): void {
    const socket = this.#socket
    if (socket === undefined) {
      this.#waiting.push(() => this._read())
      return
    }
    try {
      for (;;) {
        const chunk = socket.inbox.take()
        if (chunk === undefined) {
          socket.inbox.whenReadable(() => this._read())
          return
        }
        this.#idle.active()
        if (!this.push(chunk) || chunk === null) return
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined)
    }
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#withSocket((socket) => {
      socket.outbox.write(chunk, (error) => {
        if (error === undefined) this.#taken += chunk.length
        done(error)
      })
      this.#idle.active()
    })
  }

  /** What was written meanwhile, one part after another: a stream may hold far more than a connection lets wait. */
  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    const parts = joinWrites(chunks.map(({ chunk }) => chunk))
    const next = (i: number): void => {
      const part = parts[i]
      if (part === undefined) {
        this.#taken += parts.reduce((sum, { length }) => sum + length, 0)
        done()
      } else
        this.#withSocket((socket) => {
          socket.outbox.write(part, (error) => (error === undefined ? next(i + 1) : done(error)))
          this.#idle.active()
        })
    }
    next(0)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#withSocket((socket) => socket.outbox.end((error) => done(error)))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#hadError = error !== null
    this.#idle.stop()
    this.connecting = false
    const socket = this.#socket
    if (socket === undefined) this.#abandon?.()
    else if (socket.inbox.length > 0) socket.reset()
    else void socket.close()
    this.#waiting.length = 0
    done(error)
  }

  #withSocket(then: (socket: VirtualTcpSocket) => void): void {
    const socket = this.#socket
    if (socket !== undefined) then(socket)
    else this.#waiting.push(() => this.#withSocket(then))
  }

  #configured(change: (socket: VirtualTcpSocket) => void): this {
    if (!this.destroyed) this.#withSocket(change)
    return this
  }
}
