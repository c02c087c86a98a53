/** Who waits for something to happen to a socket: blocking calls, `select` and `poll` alike. */
export class Waiters {
  readonly #waiting = new Set<() => void>()
  #woken = false

  /** `look` is called whenever something has happened, until what this returns is. */
  add(look: () => void): () => void {
    this.#waiting.add(look)
    return () => this.#waiting.delete(look)
  }

  /** All look again, in the order they came, once what happens now is over: a stack that speaks cannot be spoken to. */
  wake(): void {
    if (this.#woken || this.#waiting.size === 0) return
    this.#woken = true
    queueMicrotask(() => {
      this.#woken = false
      for (const look of [...this.#waiting]) if (this.#waiting.has(look)) look()
    })
  }
}
