/**
 * The read side of a TCP connection: bytes in order, acknowledged to the window only when somebody takes them. So the
 * receive window is the queue, and a slow reader slows the sender.
 */
export class TcpInbox {
  #chunks: Uint8Array[] = []
  #first = 0
  #length = 0
  #taken = 0
  #bytesRead = 0
  #ended = false
  #failure: (() => Error) | undefined
  #discarding = false
  readonly #onReadable: (() => void)[] = []
  readonly #consume: (bytes: number) => void

  /** `consume` opens the receive window by as many bytes. */
  constructor(consume: (bytes: number) => void) {
    this.#consume = consume
  }

  /** Bytes that arrived and were not taken. */
  get length(): number {
    return this.#length
  }
  /** Bytes taken so far. */
  get bytesRead(): number {
    return this.#bytesRead
  }
  /** Nothing more will come than what is queued. */
  get ended(): boolean {
    return this.#ended
  }

  push(chunk: Uint8Array): void {
    if (this.#discarding) {
      this.#consume(chunk.length)
      return
    }
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** What is queued can still be read; then reading fails. `why` is asked when somebody is to be told: errors are dear. */
  fail(why: () => Error): void {
    if (this.#ended || this.#failure !== undefined) return
    this.#failure = why
    this.#wake()
  }

  /** Nobody will read any more: what is queued and what still comes is thrown away, a pending read fails. */
  discard(why: () => Error): void {
    if (this.#discarding) return
    this.#discarding = true
    const unread = this.#length + this.#taken
    this.#chunks = []
    this.#first = 0
    this.#length = 0
    this.#taken = 0
    if (unread > 0) this.#consume(unread)
    this.fail(why)
  }

  /** The next chunk, `undefined` if there is none now, `null` at the end; throws what ended the connection. */
  take(): Uint8Array | null | undefined {
    if (this.#first < this.#chunks.length) {
      const chunk = this.#chunks[this.#first++]!
      this.#took(chunk.length)
      return chunk
    }
    if (this.#failure !== undefined) throw this.#failure()
    return this.#ended ? null : undefined
  }

  /** Copies what is queued, as much as fits, and says how much that was. With `peek` it stays queued. */
  fill(into: Uint8Array, peek = false): number {
    let at = 0
    for (let i = this.#first; i < this.#chunks.length && at < into.length; i++) {
      const chunk = this.#chunks[i]!
      const part = chunk.length <= into.length - at ? chunk : chunk.subarray(0, into.length - at)
      into.set(part, at)
      at += part.length
      if (peek) continue
      if (part === chunk) this.#first = i + 1
      else this.#chunks[i] = chunk.subarray(part.length)
    }
    if (!peek && at > 0) this.#took(at)
    return at
  }

  /** Calls back once, as soon as `take` has something to say; those who asked first come first. */
  whenReadable(then: () => void): void {
    this.#onReadable.push(then)
    this.#wake()
  }
  forget(): void {
    this.#onReadable.length = 0
  }

  /** The next chunk, or `null` at the end. */
  read(): Promise<Uint8Array | null> {
    if (this.#onReadable.length === 0 && this.#first < this.#chunks.length) return Promise.resolve(this.take() ?? null)
    return new Promise((resolve, reject) => {
      this.whenReadable(() => {
        try {
          resolve(this.take() ?? null)
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** One window update for many small chunks, none withheld once the reader has caught up. */
  #took(bytes: number): void {
    if (this.#first === this.#chunks.length || this.#first >= SPENT) {
      this.#chunks = this.#chunks.slice(this.#first)
      this.#first = 0
    }
    this.#length -= bytes
    this.#bytesRead += bytes
    this.#taken += bytes
    if (this.#length > 0 && this.#taken < REPORT) return
    const taken = this.#taken
    this.#taken = 0
    this.#consume(taken)
  }

  #wake(): void {
    while (this.#onReadable.length > 0 && this.#isReadable()) this.#onReadable.shift()!()
  }

  #isReadable(): boolean {
    return this.#first < this.#chunks.length || this.#ended || this.#failure !== undefined
  }
}

const REPORT = 16_384
/** Chunks that were taken and are still held, where the reader never quite catches up. */
const SPENT = 256
