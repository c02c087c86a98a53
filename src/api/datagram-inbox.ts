import { type Observable, Subject } from 'rxjs'
import { NodeError, type ZtError } from '../streams/error.ts'

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
  readonly #takers: { resolve: (item: T | undefined) => void; reject: (error: Error) => void }[] = []
  readonly #live = new Subject<T>()
  #iterated = false
  #closed = false
  #reason: ZtError | undefined

  constructor(most: number, onDrop: () => void) {
    this.#most = most
    this.#onDrop = onDrop
    this.item$ = this.#live.asObservable()
  }

  put(item: T): void {
    const taker = this.#takers.shift()
    if (taker !== undefined) taker.resolve(item)
    else if (this.#iterated || !this.#live.observed) this.#keep(item)
    this.#live.next(item)
  }

  iterator(close: () => Promise<void>): AsyncIterator<T> {
    this.#iterated = true
    return {
      next: async () => {
        const value = this.#shift() ?? (await this.#next())
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        await close()
        return { done: true, value: undefined }
      },
    }
  }

  /** What is kept can still be read; then the iteration ends, with `reason` unless the node was closed in good order. */
  end(reason: ZtError | undefined): void {
    this.#closed = true
    const isQuiet = reason === undefined || (reason instanceof NodeError && reason.code === 'ERR_ZT_CLOSED')
    this.#reason = reason
    for (const taker of this.#takers.splice(0))
      if (isQuiet) taker.resolve(undefined)
      else taker.reject(reason)
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

  #next(): Promise<T | undefined> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason)
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
  }
}

/** Datagrams that wait for iteration, as bytes. */
const MOST_QUEUED_BYTES = 1024 * 1024
