import { joinedApart } from '../../protocol/kernel/bytes.ts'
import type { SocketId, SocketNews } from '../../streams/sockets.ts'

/**
 * What send buffers had no room for: a write stays on the thread of the stack and goes on there as there is room, so that
 * its bytes go over once, and its end is all that is told.
 */
export class UnfinishedWrites {
  readonly #rests = new Map<SocketId, { readonly data: Uint8Array; sent: number }>()
  readonly #write: (id: SocketId, data: Uint8Array) => void

  constructor(write: (id: SocketId, data: Uint8Array) => void) {
    this.#write = write
  }

  begin(id: SocketId, data: Uint8Array): void {
    this.#rests.set(id, { data, sent: 0 })
    this.#write(id, data)
  }

  /** What the other end has to hear of news about a write, if anything. */
  hear(news: Extract<SocketNews, { readonly _tag: 'Wrote' | 'Writable' }>): SocketNews | undefined {
    const { id } = news
    const rest = this.#rests.get(id)
    if (rest === undefined) return news
    if (news._tag === 'Writable') {
      this.#write(id, rest.data.subarray(rest.sent))
      return undefined
    }
    rest.sent += news.bytes
    if (rest.sent < rest.data.length) return undefined
    this.#rests.delete(id)
    return { ...news, bytes: rest.data.length }
  }

  drop(id: SocketId): void {
    this.#rests.delete(id)
  }
}

/** What connections received in one turn: it goes over in one piece for each, and before whatever follows it. */
export class ArrivedBytes {
  readonly #parts = new Map<SocketId, Uint8Array[]>()
  readonly #tell: (id: SocketId, data: Uint8Array<ArrayBuffer>) => void

  /** `tell` is given bytes in a buffer of their own. */
  constructor(tell: (id: SocketId, data: Uint8Array<ArrayBuffer>) => void) {
    this.#tell = tell
  }

  add(id: SocketId, data: Uint8Array): void {
    if (this.#parts.size === 0)
      queueMicrotask(() => {
        for (const waiting of [...this.#parts.keys()]) this.flush(waiting)
      })
    const parts = this.#parts.get(id)
    if (parts === undefined) this.#parts.set(id, [data])
    else parts.push(data)
  }

  flush(id: SocketId): void {
    const parts = this.#parts.get(id)
    if (parts === undefined) return
    this.#parts.delete(id)
    this.#tell(id, joinedApart(parts))
  }
}
