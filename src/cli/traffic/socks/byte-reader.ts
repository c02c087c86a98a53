import type { Readable } from 'node:stream'

/** Reads a stream in pieces of a given length, until it is released: what was not taken stays, for whoever reads then. */
export class ByteReader {
  readonly #stream: Readable
  #changed: () => void = () => undefined
  // one listener for good: a new one would at once be told of what is too short for `take`
  readonly #listener = (): void => this.#changed()

  constructor(stream: Readable) {
    this.#stream = stream
    for (const event of EVENTS) stream.on(event, this.#listener)
  }

  /** So many bytes (at most what the stream may hold), or `undefined` if it ends before. */
  async take(count: number): Promise<Uint8Array | undefined> {
    if (count === 0) return new Uint8Array(0)
    for (;;) {
      if (this.#stream.destroyed) return undefined
      const chunk = this.#stream.read(count) as Buffer | null
      if (chunk !== null) return chunk.length === count ? chunk : undefined
      if (this.#stream.readableEnded) return undefined
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  release(): void {
    for (const event of EVENTS) this.#stream.removeListener(event, this.#listener)
  }
}

const EVENTS = ['readable', 'end', 'close'] as const
