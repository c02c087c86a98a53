import { SocketError } from '../streams/error.ts'

/** Called once: with nothing when the send buffer has taken all, else with the reason why it never will. */
export type Written = (error?: Error) => void

interface Pending {
  readonly data: Uint8Array
  sent: number
  readonly done: Written
}

/**
 * The write side of a TCP connection: writes wait here, in order, until the send buffer of the stack takes them.
 * Nothing is copied on the way; the bytes are borrowed until `done`.
 */
export class TcpOutbox {
  readonly #queue: Pending[] = []
  readonly #write: (data: Uint8Array) => void
  readonly #shutdown: () => void
  readonly #limit: number
  #waiting = 0
  #bytesWritten = 0
  /** Bytes that the stack was given and has not answered for. */
  #asked = 0
  #pumping = false
  #full = false
  #ending: Written[] | undefined
  #ended = false
  #failure: (() => Error) | undefined

  /** `write` gives bytes to the stack, which answers through `wrote`; `shutdown` sends FIN after them. */
  constructor(write: (data: Uint8Array) => void, shutdown: () => void, sendBuffer: number) {
    this.#write = write
    this.#shutdown = shutdown
    this.#limit = 2 * sendBuffer
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }
  /** No write is possible any more. */
  get finished(): boolean {
    return this.#ending !== undefined || this.#failure !== undefined
  }

  write(data: Uint8Array, done: Written): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      done(refusal)
      return
    }
    this.#queue.push({ data, sent: 0, done })
    this.#waiting += data.length
    this.#pump()
  }

  /** FIN once everything queued is in the send buffer. */
  end(done: Written): void {
    if (this.#failure !== undefined || this.#ended) {
      done(this.#ended ? undefined : this.#failure?.())
      return
    }
    if (this.#ending === undefined) this.#ending = [done]
    else this.#ending.push(done)
    this.#pump()
  }

  /** The stack took `bytes` of the last write. */
  wrote(bytes: number): void {
    const asked = this.#asked
    this.#asked = 0
    const head = this.#queue[0]
    if (head === undefined) return
    head.sent += bytes
    this.#waiting -= bytes
    this.#bytesWritten += bytes
    if (bytes < asked) this.#full = true
    else if (head.sent === head.data.length) this.#queue.shift()?.done()
    this.#pump()
  }

  /** There is room again. */
  writable(): void {
    this.#full = false
    this.#pump()
  }

  /** Everything that waits fails; later writes too. `why` is asked when somebody is to be told: errors are dear. */
  fail(why: () => Error): void {
    if (this.#failure !== undefined) return
    this.#failure = why
    this.#waiting = 0
    for (const { done } of this.#queue.splice(0)) done(why())
    if (!this.#ended) for (const done of this.#ending ?? []) done(why())
  }

  #refusal(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure()
    if (this.#ending !== undefined)
      return new SocketError('EPIPE', 'write', undefined, 'the write side was ended; open a new connection')
    if (this.#waiting <= this.#limit) return undefined
    const cure = `${this.#waiting} bytes wait already; await each write, or raise sendBuffer`
    return new SocketError('ERR_ZT_BACKPRESSURE', 'write', undefined, cure)
  }

  /** The answer to a write mostly comes before the call returns, hence the loop and not a recursion. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#asked === 0 && !this.#full && this.#failure === undefined) {
      const head = this.#queue[0]
      if (head === undefined) break
      if (head.data.length === 0) {
        this.#queue.shift()
        head.done()
        continue
      }
      const whole = head.sent === 0 && head.data.length <= MOST
      const next = whole ? head.data : head.data.subarray(head.sent, head.sent + MOST)
      this.#asked = next.length
      this.#write(next)
    }
    this.#pumping = false
    if (this.#queue.length === 0 && this.#ending !== undefined && !this.#ended && this.#failure === undefined) {
      this.#ended = true
      this.#shutdown()
      for (const done of this.#ending) done()
    }
  }
}

/** Bytes that the stack is given at a time: it may be on another thread, and what it does not take is given again. */
const MOST = 256 * 1024
