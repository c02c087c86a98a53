import type { Subscription } from 'rxjs'
import { ArgumentError, SocketError } from '../../streams/error.ts'
import { Duplex } from '../../streams/io/node-modules.ts'
import { type TcpSocket, VirtualTcpSocket } from '../tcp-socket.ts'

export interface DuplexOptions {
  /** Keep the write side open when the peer ends (default false, as `net.Socket` has it). */
  readonly allowHalfOpen?: boolean
}

/**
 * A connection as the stream that Node's libraries expect: a `Duplex` with the members of `net.Socket` that they touch.
 * Bytes are acknowledged to the peer as the stream takes them.
 */
export class VirtualDuplex extends Duplex {
  connecting = true
  timeout = 0
  #socket: VirtualTcpSocket | undefined
  #hadError = false
  readonly #waiting: (() => void)[] = []
  #abandon: (() => void) | undefined
  #alarm: Subscription | undefined
  #activeAt = 0

  constructor({ allowHalfOpen = false }: DuplexOptions = {}) {
    super({ allowHalfOpen, autoDestroy: true })
    if (!allowHalfOpen)
      this.on('end', () => {
        if (!this.writableEnded) this.end()
      })
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
    return (this.#socket?.bytesWritten ?? 0) + this.writableLength
  }

  address(): { address: string; port: number; family: string } | Record<string, never> {
    const local = this.#socket?.local
    return local === undefined ? {} : { address: local.address, port: local.port, family: `IPv${local.family}` }
  }

  setNoDelay(on = true): this {
    return this.#configured((socket) => socket.configure({ noDelay: on }))
  }
  setKeepAlive(on = false, idle = 0): this {
    const keepAlive = on && idle > 0 ? { idle } : on
    return this.#configured((socket) => socket.configure({ keepAlive }))
  }
  /** Emits `timeout` after so many ms without bytes either way; 0 turns it off. */
  setTimeout(ms: number, listener?: () => void): this {
    this.timeout = ms
    if (listener !== undefined)
      if (ms === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    this.#watchIdle()
    return this
  }
  /** The node as a whole keeps the process alive or does not. */
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
    this.#watchIdle()
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
        this.#active()
        if (!this.push(chunk) || chunk === null) return
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined)
    }
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#withSocket((socket) => {
      this.#active()
      socket.outbox.write(chunk, done)
    })
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#withSocket((socket) => {
      this.#active()
      let failure: Error | undefined
      chunks.forEach(({ chunk }, i) => {
        socket.outbox.write(chunk, (error) => {
          failure ??= error
          if (i === chunks.length - 1) done(failure)
        })
      })
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#withSocket((socket) => socket.outbox.end((error) => done(error)))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#hadError = error !== null
    this.#alarm?.unsubscribe()
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

  #active(): void {
    if (this.timeout > 0 && this.#socket !== undefined) this.#activeAt = this.#socket.clock.now()
  }

  /** One timer that moves on when it rings early, and none while no timeout is set. */
  #watchIdle(): void {
    this.#alarm?.unsubscribe()
    this.#alarm = undefined
    const clock = this.#socket?.clock
    if (clock === undefined || this.timeout === 0 || this.destroyed) return
    this.#activeAt = clock.now()
    const watch = (delay: number): void => {
      this.#alarm = clock.schedule(() => {
        const left = this.#activeAt + this.timeout - clock.now()
        if (left > 0) watch(left)
        else this.emit('timeout')
      }, delay)
    }
    watch(this.timeout)
  }
}

/** @throws {SocketError} `ERR_ZT_LOCKED` if the connection is read in another way already */
export const toDuplex = (socket: TcpSocket, options: DuplexOptions = {}): VirtualDuplex => {
  if (!(socket instanceof VirtualTcpSocket))
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      'socket is no connection of this library — pass what connect() gave',
    )
  const duplex = new VirtualDuplex(options)
  duplex.attach(socket)
  return duplex
}

export const notConnected = (host: string, port: number, cause: unknown): Error =>
  cause instanceof Error
    ? cause
    : new SocketError('ECONNABORTED', 'connect', { address: host, port }, undefined, { cause })
