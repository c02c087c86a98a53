import { Worker } from 'node:worker_threads'
import { identityHashSlices } from '../../protocol/crypto/identity-hash.ts'
import { salsaState } from '../../protocol/crypto/salsa20.ts'
import { hasWasmSimd, moduleBytes } from './wasm/instance.ts'
import { layout } from './wasm/layout.ts'

/** Why an identity hash was not computed. */
export class IdentityWorkError extends Error {
  override readonly name = 'IdentityWorkError'
}

export interface HashThread {
  readonly hash: (publicKey: Uint8Array, signal?: AbortSignal) => Promise<Uint8Array>
  readonly close: () => Promise<void>
}

export interface HashThreadOptions {
  readonly sha512: (data: Uint8Array) => Uint8Array
  readonly idle: number
  readonly most: number
  /** The program of the thread; for tests of threads that fail. */
  readonly program?: string
}

interface Job {
  readonly publicKey: Uint8Array
  readonly settle: (digest: Uint8Array) => void
  readonly fail: (why: unknown) => void
}

/**
 * Identity hashes one after another on a worker thread, in order of arrival. A thread that dies before its first answer
 * is not tried again: its work, and all later work, is done here in slices. One that dies later takes the hash it was at
 * with it, and the next hash starts another.
 */
export const hashThread = ({ sha512, idle, most, program = PROGRAM }: HashThreadOptions): HashThread => {
  const waiting: Job[] = []
  let current: Job | undefined
  let worker: Worker | undefined
  let answered = false
  let threads = hasWasmSimd()
  let closed = false
  let rest: NodeJS.Timeout | undefined

  const next = (): void => {
    if (current !== undefined) return
    current = waiting.shift()
    if (current === undefined) sleep()
    else {
      clearTimeout(rest)
      if (threads) post(current)
      else inSlices(current)
    }
  }
  const done = (digest: Uint8Array): void => {
    current?.settle(digest)
    current = undefined
    next()
  }
  const post = (job: Job): void => {
    const digest = sha512(job.publicKey)
    const state = new Uint8Array(salsaState(digest.subarray(0, 32), digest.subarray(32, 40)).buffer)
    worker ??= start()
    worker?.ref()
    worker?.postMessage({ state, digest })
  }
  const start = (): Worker | undefined => {
    try {
      // no loaders and no flags of this process: the program needs none, and they would cost half a second
      const data = { module: moduleBytes(), stateAt: layout.state, digestAt: layout.digest }
      const started = new Worker(program, { eval: true, workerData: data, execArgv: [], env: {} })
      started.on('message', (digest: Uint8Array) => {
        answered = true
        done(digest)
      })
      started.on('error', (why) => died(started, why))
      started.on('exit', (code) => died(started, new IdentityWorkError(`the identity thread ended (${code})`)))
      return started
    } catch (why) {
      queueMicrotask(() => died(undefined, why))
      return undefined
    }
  }
  const died = (which: Worker | undefined, why: unknown): void => {
    if (which !== worker) return
    worker = undefined
    const job = current
    if (job === undefined) return
    if (!answered) {
      threads = false
      inSlices(job)
    } else {
      current = undefined
      job.fail(why)
      next()
    }
  }
  const inSlices = (job: Job): void => {
    const slices = identityHashSlices(sha512, job.publicKey, SLICE)
    const step = (): void => {
      if (closed) return
      const { done: finished, value } = slices.next()
      if (finished) done(value)
      else setImmediate(step)
    }
    setImmediate(step)
  }
  const sleep = (): void => {
    worker?.unref()
    clearTimeout(rest)
    rest = setTimeout(() => void end(), idle)
    rest.unref()
  }
  const end = async (): Promise<void> => {
    clearTimeout(rest)
    const ending = worker
    worker = undefined
    await ending?.terminate()
  }
  return {
    hash: (publicKey, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        if (closed) return reject(new IdentityWorkError('the identity worker is closed'))
        if (waiting.length >= most) return reject(new IdentityWorkError(`${most} identity hashes are waiting already`))
        const give = (): void => {
          const at = waiting.indexOf(job)
          if (at >= 0) waiting.splice(at, 1) // one that is being computed runs to its end, unheard
          reject(signal?.reason)
        }
        const quit = (): void => signal?.removeEventListener('abort', give)
        const job: Job = {
          publicKey,
          settle: (digest) => {
            quit()
            resolve(digest)
          },
          fail: (why) => {
            quit()
            reject(why)
          },
        }
        signal?.addEventListener('abort', give, { once: true })
        waiting.push(job)
        next()
      }),
    close: async () => {
      closed = true
      const lost = current === undefined ? waiting.splice(0) : [current, ...waiting.splice(0)]
      current = undefined
      for (const job of lost) job.fail(new IdentityWorkError('the identity worker was closed'))
      await end()
    },
  }
}

/** What the thread runs: given as text, because it must start from sources and from a bundle alike. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { module, stateAt, digestAt } = workerData
const { memory, identityDigest } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports
const bytes = new Uint8Array(memory.buffer)
parentPort.on('message', ({ state, digest }) => {
  bytes.set(state, stateAt)
  bytes.set(digest, digestAt)
  identityDigest()
  parentPort.postMessage(bytes.slice(digestAt, digestAt + 64))
})
`
/** Blocks of the plain hash between two looks at the event loop: about a millisecond. */
const SLICE = 8_192
