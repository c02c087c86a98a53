import type { Place } from './place.ts'

export interface Message {
  readonly data: Uint8Array
  readonly from: Place
  readonly to: Place
  readonly netId: bigint
}

/** Messages that wait to be read. What does not fit is lost, as BSD has it: the newest, not the oldest. */
export class MessageQueue {
  readonly #messages: Message[] = []
  #bytes = 0
  #charged = 0

  /** Payload of all that wait. */
  get bytes(): number {
    return this.#bytes
  }
  get first(): Message | undefined {
    return this.#messages[0]
  }

  /** Whether there was room within `limit` bytes. */
  put(message: Message, limit: number): boolean {
    const { length } = message.data
    if (this.#charged > 0 && this.#charged + length + OVERHEAD > limit) return false
    this.#messages.push(message)
    this.#bytes += length
    this.#charged += length + OVERHEAD
    return true
  }

  shift(): void {
    const message = this.#messages.shift()
    if (message === undefined) return
    this.#bytes -= message.data.length
    this.#charged -= message.data.length + OVERHEAD
  }
}

/** Bytes that a message costs beside its payload: empty ones are not free. */
const OVERHEAD = 256
