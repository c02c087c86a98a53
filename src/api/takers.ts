import { NodeError, type ZtError } from '../streams/error.ts'

/**
 * Those who iterate over what a socket gets: a call of `next` that finds nothing waits, the longest served first. Where
 * things are kept until somebody takes them is the socket's business.
 */
export class Takers<T> {
  readonly #take: () => T | undefined
  readonly #waiting: { resolve: (item: T | undefined) => void; reject: (error: Error) => void }[] = []
  #reason: ZtError | undefined
  #ended = false

  /** `take` gives what was kept, the oldest first. */
  constructor(take: () => T | undefined) {
    this.#take = take
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Hands an item to whoever waits longest; `false` if nobody does. */
  give(item: T): boolean {
    const taker = this.#waiting.shift()
    taker?.resolve(item)
    return taker !== undefined
  }

  /** What is kept can still be taken; then iteration ends, with `reason` unless the node was closed in good order. */
  end(reason: ZtError | undefined): void {
    if (this.#ended) return
    this.#ended = true
    const isQuiet = reason instanceof NodeError && reason.code === 'ERR_ZT_CLOSED'
    this.#reason = isQuiet ? undefined : reason
    for (const taker of this.#waiting.splice(0))
      if (this.#reason === undefined) taker.resolve(undefined)
      else taker.reject(this.#reason)
  }

  /** Leaving the loop early closes what is iterated over. */
  iterator(close: () => Promise<void>): AsyncIterator<T> {
    return {
      next: async () => {
        const value = this.#take() ?? (await this.#wait())
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        await close()
        return { done: true, value: undefined }
      },
    }
  }

  #wait(): Promise<T | undefined> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason)
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}
