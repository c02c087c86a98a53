import type { StackOutput } from '../tcpip/stack-io.ts'
import type { ZtError } from './error.ts'

/** A number that names a socket within its network; never used again. */
export type SocketId = number
/** What the stack says to one socket. */
export type SocketNews = Extract<StackOutput, { readonly id: SocketId }>

/** The end of a socket above the stack. Called synchronously, in order; nothing follows `Failed`, `Closed` or `gone`. */
export interface SocketSink {
  news(news: SocketNews): void
  /** The network or the node under the socket is no more. */
  gone(reason: ZtError): void
  /** Only connections have this: close in good order, the node is about to end. */
  goodbye?(): void
}

/** Hands the stack's news to the sockets they are for. */
export class SocketTable {
  readonly #sinks = new Map<SocketId, SocketSink>()
  readonly #onQuiet: (() => void)[] = []
  #next: SocketId

  /** `first` apart from those of other tables, where several number the sockets of one stack. */
  constructor(first: SocketId = 1) {
    this.#next = first
  }

  readonly nextId = (): SocketId => this.#next++

  /** How many of the sockets are connections. */
  get connections(): number {
    let count = 0
    for (const sink of this.#sinks.values()) if (sink.goodbye !== undefined) count++
    return count
  }

  add(id: SocketId, sink: SocketSink): void {
    this.#sinks.set(id, sink)
  }

  /** For a socket that ends without news from the stack. */
  drop(id: SocketId): void {
    this.#sinks.delete(id)
    this.#checkQuiet()
  }

  deliver(news: SocketNews): void {
    // a connection is news for its listener, who opens the sink of its own
    const sink = this.#sinks.get(news._tag === 'Accepted' ? news.listener : news.id)
    if (news._tag === 'Failed' || news._tag === 'Closed') this.#sinks.delete(news.id)
    sink?.news(news)
    if (news._tag === 'Failed' || news._tag === 'Closed') this.#checkQuiet()
  }

  /** Closes every connection in good order and calls back once none is left. */
  sayGoodbye(then: () => void): void {
    this.#onQuiet.push(then)
    for (const sink of [...this.#sinks.values()]) sink.goodbye?.()
    this.#checkQuiet()
  }

  /** Every socket hears `reason`, and nothing of what `abort` makes the stack say. */
  end(reason: ZtError, abort: (id: SocketId) => void): void {
    const sinks = [...this.#sinks]
    this.#sinks.clear()
    for (const [id] of sinks) abort(id)
    for (const [, sink] of sinks) sink.gone(reason)
    this.#checkQuiet()
  }

  #checkQuiet(): void {
    if (this.#onQuiet.length === 0 || this.connections > 0) return
    for (const then of this.#onQuiet.splice(0)) then()
  }
}
