import { type Observable, Subject } from 'rxjs'
import type { ZtError } from '../streams/error.ts'
import { Takers } from './takers.ts'

/**
 * What waits to be read from a socket of datagrams: shown as it arrives to subscribers, kept for whoever iterates, the
 * oldest giving way. While somebody subscribes and nobody has begun to iterate, nothing is kept.
 */
export class DatagramInbox<T extends { readonly data: Uint8Array }> {
  readonly item$: Observable<T>
  /** How many gave way. */
  dropped = 0
  readonly #most: number
  readonly #onDrop: () => void
  readonly #queue: T[] = []
  #queuedBytes = 0
  readonly #takers = new Takers<T>(() => this.#shift())
  readonly #live = new Subject<T>()
  #iterated = false

  constructor(most: number, onDrop: () => void) {
    this.#most = most
    this.#onDrop = onDrop
    this.item$ = this.#live.asObservable()
  }

  put(item: T): void {
    if (!this.#takers.give(item) && (this.#iterated || !this.#live.observed)) this.#keep(item)
    this.#live.next(item)
  }

  iterator(close: () => Promise<void>): AsyncIterator<T> {
    this.#iterated = true
    return this.#takers.iterator(close)
  }

  /** What is kept can still be read; then the iteration ends, with `reason` unless the node was closed in good order. */
  end(reason: ZtError | undefined): void {
    this.#takers.end(reason)
    this.#live.complete()
  }

  #keep(item: T): void {
    while (this.#queue.length >= this.#most || this.#queuedBytes + item.data.length > MOST_QUEUED_BYTES) {
      if (this.#shift() === undefined) break
      this.dropped++
      this.#onDrop()
    }
    this.#queue.push(item)
    this.#queuedBytes += item.data.length
  }

  #shift(): T | undefined {
    const oldest = this.#queue.shift()
    this.#queuedBytes -= oldest?.data.length ?? 0
    return oldest
  }
}

/** Datagrams that wait for iteration, as bytes. */
const MOST_QUEUED_BYTES = 1024 * 1024
