import { joinedApart } from '../../protocol/kernel/bytes.ts'

/** One end of a channel between two threads: batches go over in order, and what is in them is cloned or transferred. */
export interface ThreadPort {
  post(batch: readonly unknown[], transfer: readonly ArrayBuffer[]): void
  /** Called once, before anything is posted. */
  listen(hear: (batch: readonly unknown[]) => void): void
}

/** What is said in one turn goes over in one batch: a message costs much more than what is in it. */
export class Mailbox<M> {
  readonly #port: ThreadPort
  #batch: M[] = []
  #transfer: ArrayBuffer[] = []

  constructor(port: ThreadPort) {
    this.#port = port
  }

  put(message: M, transfer?: Uint8Array<ArrayBuffer>): void {
    if (this.#batch.push(message) === 1) queueMicrotask(() => this.#flush())
    if (transfer !== undefined) this.#transfer.push(transfer.buffer)
  }

  #flush(): void {
    const [batch, transfer] = [this.#batch, this.#transfer]
    this.#batch = []
    this.#transfer = []
    this.#port.post(batch, transfer)
  }
}

/** Questions to the other thread that wait for their answers. */
export class Questions {
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: unknown) => void }>()
  #next = 1

  /** `ask` sends the question with its number. */
  ask<T>(ask: (number: number) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const number = this.#next++
      this.#waiting.set(number, { resolve, reject })
      ask(number)
    })
  }

  answer(number: number, value: unknown): void {
    this.#waiting.get(number)?.resolve(value as never)
    this.#waiting.delete(number)
  }
  refuse(number: number, reason: unknown): void {
    this.#waiting.get(number)?.reject(reason)
    this.#waiting.delete(number)
  }
  refuseAll(reason: unknown): void {
    for (const number of [...this.#waiting.keys()]) this.refuse(number, reason)
  }
}

/** The bytes alone in a buffer of their own: a view would take along all that it is cut from. */
export const alone = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => joinedApart([bytes])
