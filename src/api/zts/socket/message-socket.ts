import { errno as E } from '../errno.ts'
import { Descriptor, type ReadFlags, type Readiness, type Received } from './descriptor.ts'
import { type Message, MessageQueue } from './message-queue.ts'
import { RECEIVE_BUFFER } from './option-values.ts'
import type { SysResult, Work } from './perform.ts'

/** A socket of whole messages: each read takes one, and what of it the buffer does not hold is lost. */
export abstract class MessageSocket extends Descriptor {
  protected readonly queue = new MessageQueue()

  get readiness(): Readiness {
    const readable = this.hasError || this.queue.first !== undefined
    return { readable, writable: true, error: this.hasError, hungUp: false }
  }
  get available(): number {
    return this.queue.bytes
  }
  connected(): SysResult {
    return 0
  }

  reader(into: Uint8Array, { peek }: ReadFlags): Work & { readonly received: Received } {
    let received: Received = {}
    const attempt = (): SysResult => {
      if (this.hasError) return -(peek ? this.error : this.takeError())
      const message = this.queue.first
      if (message === undefined) return -E.ZTS_EAGAIN
      const { data, from, to, netId } = message
      const n = Math.min(data.length, into.length)
      into.set(data.subarray(0, n))
      received = { from, to, netId, truncated: data.length > n }
      if (!peek) this.queue.shift()
      return n
    }
    return {
      attempt,
      done: () => 0,
      get received() {
        return received
      },
    }
  }

  /** Whether it was kept. */
  protected take(message: Message): boolean {
    const kept = this.queue.put(message, this.options.receiveBuffer ?? RECEIVE_BUFFER)
    if (kept) this.waiters.wake()
    return kept
  }
}
