import type { Readable } from 'node:stream'

/** Reads a stream in pieces of a given length; what was not asked for stays in the stream, for whoever comes next. */
export class ByteReader {
  readonly #stream: Readable

  constructor(stream: Readable) {
    this.#stream = stream
  }

  /** So many bytes (at most what the stream may hold), or `undefined` if it ends before. */
  async take(count: number): Promise<Uint8Array | undefined> {
    if (count === 0) return new Uint8Array(0)
    for (;;) {
      if (this.#stream.destroyed) return undefined
      const chunk = this.#stream.read(count) as Buffer | null
      if (chunk !== null) return chunk.length === count ? chunk : undefined
      if (this.#stream.readableEnded) return undefined
      await this.#change()
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const changed = (): void => {
        for (const event of EVENTS) this.#stream.removeListener(event, changed)
        resolve()
      }
      for (const event of EVENTS) this.#stream.on(event, changed)
    })
  }
}

const EVENTS = ['readable', 'end', 'close'] as const
