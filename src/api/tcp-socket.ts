import type { SchedulerLike } from 'rxjs'
import { BehaviorSubject, Observable } from 'rxjs'
import { joined } from '../protocol/kernel/bytes.ts'
import { SocketError, type ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { checkOptions } from '../streams/option.ts'
import type { NodeId } from '../streams/public-id.ts'
import { familyOf } from '../streams/snapshot.ts'
import type { SocketId, SocketNews, SocketSink } from '../streams/sockets.ts'
import type { SocketAddress as StackAddress, TcpOptions, TcpStateName } from '../tcpip/stack-io.ts'
import type { TcpInfo } from '../tcpip/tcp/inspect.ts'
import type { SocketAddress } from './address.ts'
import { type Bytes, toBytes } from './bytes.ts'
import { type TcpSettings, tcpOptions, tcpSettingRules } from './socket-option.ts'
import { TcpInbox } from './tcp-inbox.ts'
import { TcpOutbox } from './tcp-outbox.ts'
import { readableOf, writableOf } from './tcp-stream.ts'
import { type WaitOptions, waitFor, waitRules } from './wait.ts'

export type TcpState = TcpStateName

/** A TCP connection over a virtual network. */
export interface TcpSocket extends AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** The node at the other end, by the identity that sealed its packets; `undefined` behind a bridge or gateway. */
  readonly peer: NodeId | undefined
  /** Connection state (RFC 9293 §3.3.2): the current one on subscription, then each change; completes at `CLOSED`. */
  readonly state$: Observable<TcpState>
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Bytes that arrived and nobody took yet. */
  readonly readableLength: number
  /** Round trip, windows, congestion control, losses at this moment; `undefined` once the connection is over. */
  readonly stats: TcpInfo | undefined
  /** Resolves after an orderly close of both directions, rejects with what ended the connection otherwise. */
  readonly closed: Promise<void>
  /**
   * Queues `data` and resolves once the send buffer has taken all of it, not when the peer has acknowledged it. The
   * bytes are borrowed until then. `signal` and `timeout` end the wait, not the write: half of it may be on its way.
   * @throws {SocketError} `ECONNRESET`, `ETIMEDOUT`; `EPIPE` after `end`; `ERR_ZT_BACKPRESSURE` if too much waits unawaited.
   * @example for await (const chunk of socket) await socket.write(chunk) // an echo server
   */
  write(data: Bytes | readonly Bytes[], options?: WaitOptions): Promise<void>
  /** Half-close: FIN once everything written is in the send buffer. Reading goes on. */
  end(data?: Bytes, options?: WaitOptions): Promise<void>
  /** Ends, throws away what is still read, and waits for the peer's FIN, at most 20 s. Idempotent. */
  close(): Promise<void>
  /** RST now; what was not acknowledged is lost. */
  reset(): void
  configure(options: TcpSettings): void
  /** The read side as a WHATWG byte stream. Of this, iteration and `data$` only one may be used. */
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Bytes>
  /** The read side as an observable: it acknowledges as it emits, so there is no back-pressure. */
  readonly data$: Observable<Uint8Array>
}

/** A connection as the stack knows it, and both its queues. The adapters use what the interface does not show. */
export class VirtualTcpSocket implements TcpSocket, SocketSink {
  readonly id: SocketId
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer: NodeId | undefined
  readonly state$: Observable<TcpState>
  readonly data$: Observable<Uint8Array>
  readonly clock: SchedulerLike
  readonly inbox: TcpInbox
  readonly outbox: TcpOutbox

  readonly #network: NetworkCore
  readonly #state = new BehaviorSubject<TcpState>('ESTABLISHED')
  #reader: string | undefined
  #readable: ReadableStream<Uint8Array> | undefined
  #writable: WritableStream<Bytes> | undefined
  #closing: Promise<void> | undefined
  #over = false
  /** Why it is over, if not in good order. Errors are dear: this one is made for whoever sees it. */
  #why: (() => Error) | undefined
  #closed: Promise<void> | undefined
  #finish: () => void = () => undefined
  readonly #onOver: (() => void)[] = []

  constructor(
    network: NetworkCore,
    clock: SchedulerLike,
    id: SocketId,
    local: StackAddress,
    remote: StackAddress,
    options: TcpOptions,
  ) {
    this.#network = network
    this.clock = clock
    this.id = id
    this.local = { ...local, family: familyOf(local.address) }
    this.remote = { ...remote, family: familyOf(remote.address) }
    this.peer = network.ownerOf(remote.address)
    this.inbox = new TcpInbox((bytes) => network.call({ call: 'consume', id, bytes }))
    this.outbox = new TcpOutbox(
      (data) => network.call({ call: 'write', id, data }),
      () => network.call({ call: 'shutdown', id }),
      options.sendBuffer ?? SEND_BUFFER,
    )
    this.state$ = this.#state.asObservable()
    this.data$ = new Observable((out) => {
      this.lock('data$')
      const drain = (): void => {
        try {
          for (let chunk = this.inbox.take(); !out.closed; chunk = this.inbox.take()) {
            if (chunk === null) {
              out.complete()
              return
            }
            if (chunk === undefined) {
              this.inbox.whenReadable(drain)
              return
            }
            out.next(chunk)
          }
        } catch (error) {
          out.error(error)
        }
      }
      drain()
      return () => this.inbox.forget()
    })
    network.sockets.add(id, this)
  }

  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Promise((resolve, reject) => {
        this.#finish = () => (this.#why === undefined ? resolve() : reject(this.#why()))
      })
      // nobody has to watch it: an error is also told to whoever reads or writes
      this.#closed.catch(() => undefined)
      if (this.#over) this.#finish()
    }
    return this.#closed
  }
  get bytesRead(): number {
    return this.inbox.bytesRead
  }
  get bytesWritten(): number {
    return this.outbox.bytesWritten
  }
  get readableLength(): number {
    return this.inbox.length
  }
  get stats(): TcpInfo | undefined {
    return this.#network.tcpInfo(this.id)
  }
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= readableOf(this)
    return this.#readable
  }
  get writable(): WritableStream<Bytes> {
    this.#writable ??= writableOf(this)
    return this.#writable
  }

  async write(data: Bytes | readonly Bytes[], options: WaitOptions = {}): Promise<void> {
    const parts = Array.isArray(data) ? (data as readonly Bytes[]).map(toBytes) : [toBytes(data as Bytes)]
    const bytes = joined(parts)
    checkOptions('write()', options, waitRules)
    await waitFor<void>(
      this.clock,
      options,
      () => new SocketError('ETIMEDOUT', 'write', this.remote),
      ({ resolve, reject }) => {
        this.outbox.write(bytes, (error) => (error === undefined ? resolve() : reject(error)))
        return () => undefined
      },
    )
  }

  async end(data?: Bytes, options: WaitOptions = {}): Promise<void> {
    checkOptions('end()', options, waitRules)
    const bytes = data === undefined ? undefined : toBytes(data)
    const last = bytes === undefined ? undefined : this.write(bytes, options)
    const ended = waitFor<void>(
      this.clock,
      options,
      () => new SocketError('ETIMEDOUT', 'shutdown', this.remote),
      ({ resolve, reject }) => {
        this.outbox.end((error) => (error === undefined ? resolve() : reject(error)))
        return () => undefined
      },
    )
    await Promise.all([last, ended])
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  reset(): void {
    if (this.#over) return
    this.#network.sockets.drop(this.id)
    this.#network.call({ call: 'abort', id: this.id })
    this.#end(() => new SocketError('ERR_ZT_SOCKET_CLOSED', 'reset', this.remote, 'the connection was reset here'))
  }

  configure(options: TcpSettings): void {
    checkOptions('configure()', options, tcpSettingRules)
    this.#network.call({ call: 'configure', id: this.id, options: tcpOptions(options) })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.lock('iterator')
    let left = false
    return {
      next: async () => {
        const value = left ? null : await this.inbox.read()
        return value === null ? { done: true, value: undefined } : { done: false, value }
      },
      // leaving a loop early: in good order if nothing was lost by it
      return: async () => {
        left = true
        if (this.inbox.length > 0) this.reset()
        else void this.close()
        return { done: true, value: undefined }
      },
    }
  }

  /** Claims the read side: bytes can be taken by one consumer only. */
  lock(reader: string): void {
    if (this.#reader !== undefined)
      throw new SocketError(
        'ERR_ZT_LOCKED',
        'read',
        this.remote,
        `already read through ${this.#reader}; use one way only`,
      )
    this.#reader = reader
  }

  news(news: SocketNews): void {
    switch (news._tag) {
      case 'Data':
        this.inbox.push(news.data)
        return
      case 'Wrote':
        this.outbox.wrote(news.bytes)
        return
      case 'Writable':
        this.outbox.writable()
        return
      case 'Ended':
        this.inbox.end()
        return
      case 'State':
        this.#state.next(news.state)
        // both directions are done; what is left of it is TIME-WAIT's business
        if (news.state === 'TIME-WAIT') {
          this.#end()
          this.#network.sockets.drop(this.id)
        }
        return
      case 'Failed': {
        const call = this.inbox.ended ? 'write' : 'read'
        this.#end(() => new SocketError(news.code, call, this.remote))
        return
      }
      case 'Closed':
        this.#end()
    }
  }

  gone(reason: ZtError): void {
    this.#end(() => reason)
  }

  goodbye(): void {
    void this.close()
  }

  async #close(): Promise<void> {
    if (this.#over) return
    this.inbox.discard(() => new SocketError('ERR_ZT_SOCKET_CLOSED', 'read', this.remote, 'the socket was closed here'))
    this.outbox.end(() => undefined)
    await waitFor<void>(
      this.clock,
      { timeout: CLOSE_WAIT },
      () => new Error('late'),
      ({ resolve }) => {
        if (this.#over) resolve()
        else this.#onOver.push(resolve)
        return () => undefined
      },
    ).catch(() => this.reset())
  }

  #end(why?: () => Error): void {
    if (this.#over) return
    this.#over = true
    let error: Error | undefined
    if (why === undefined) this.inbox.end()
    else {
      this.#why = () => {
        error ??= why()
        return error
      }
      this.inbox.fail(this.#why)
    }
    this.outbox.fail(
      this.#why ?? (() => new SocketError('EPIPE', 'write', this.remote, 'the connection is closed; open a new one')),
    )
    if (this.#state.value !== 'CLOSED') this.#state.next('CLOSED')
    this.#state.complete()
    this.#finish()
    for (const then of this.#onOver.splice(0)) then()
  }
}

export const SEND_BUFFER = 256 * 1024
/** ms for the peer's FIN. */
const CLOSE_WAIT = 20_000
