import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { ThreadPort } from '../../api/worker/thread-port.ts'

/*
 * How commands use the node of a service: a Unix socket in the home directory (a named pipe on Windows), over which goes
 * what a node on another thread speaks with its program (`api/worker`). First each side says a line of JSON: the command
 * the token and its version, the service what it makes of that. Then batches of messages as structured clones, each after
 * its length in 4 bytes, big-endian. Both ends are of one version: the messages are nobody else's.
 */

/** Where the service on a home directory listens for commands. */
export const channelPath = (home: string): string =>
  process.platform === 'win32'
    ? `\\\\.\\pipe\\rxzt-${createHash('sha256').update(home).digest('hex').slice(0, 32)}`
    : join(home, 'rxzt.sock')

/** What a command says first. */
export interface Hello {
  readonly version: string
  readonly token: string
}
/** What the service answers: nothing is wrong, or what is. */
export interface Welcome {
  readonly version: string
  readonly refused?: 'token' | 'version' | 'busy'
}

/** Batches over a stream, after the first lines. */
export class Channel implements ThreadPort {
  readonly #socket: Socket
  readonly #onGone: ((cause: unknown) => void)[] = []
  #hear: ((batch: readonly unknown[]) => void) | undefined
  #parts: Buffer[] = []
  #length = 0
  #gone: unknown

  constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket
    if (rest.length > 0) this.#take(rest)
    socket.on('data', (part: Buffer) => this.#take(part))
    socket.on('error', (cause) => this.#end(cause))
    socket.on('close', () => this.#end(new Error('it was closed')))
  }

  post(batch: readonly unknown[]): void {
    if (this.#gone !== undefined || this.#socket.destroyed) return
    const body = serialize(batch)
    const head = Buffer.allocUnsafe(HEAD)
    head.writeUInt32BE(body.length)
    if (this.#socket.writableLength > MOST_UNSENT) {
      this.#socket.destroy(new Error('the other end takes nothing'))
      return
    }
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body)
    this.#socket.uncork()
  }
  listen(hear: (batch: readonly unknown[]) => void): void {
    this.#hear = hear
    this.#deliver()
  }
  whenGone(then: (cause: unknown) => void): void {
    this.#onGone.push(then)
    if (this.#gone !== undefined) then(this.#gone)
  }

  /** Ends it once what was said is on its way. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve()
      this.#socket.once('close', () => resolve())
      this.#socket.end(() => this.#socket.destroy())
    })
  }
  destroy(): void {
    this.#socket.destroy()
  }
  hold(on: boolean): void {
    if (on) this.#socket.ref()
    else this.#socket.unref()
  }

  #take(part: Buffer): void {
    this.#parts.push(part)
    this.#length += part.length
    this.#deliver()
  }

  #deliver(): void {
    while (this.#hear !== undefined && this.#length >= HEAD) {
      // a head that came in pieces is put together; a body only when it is whole
      if (this.#parts[0]!.length < HEAD) this.#parts = [Buffer.concat(this.#parts)]
      const length = this.#parts[0]!.readUInt32BE(0)
      if (length > MOST_BATCH) {
        this.#socket.destroy(new Error(`a batch of ${length} bytes`))
        return
      }
      if (this.#length < HEAD + length) return
      const whole = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
      this.#length -= HEAD + length
      this.#parts = this.#length === 0 ? [] : [whole.subarray(HEAD + length)]
      try {
        this.#hear(deserialize(whole.subarray(HEAD, HEAD + length)))
      } catch (cause) {
        // what was said makes no sense: that is the end of this connection, not of the process
        this.#socket.destroy(cause instanceof Error ? cause : new Error(String(cause)))
        return
      }
    }
  }

  #end(cause: unknown): void {
    if (this.#gone !== undefined) return
    this.#gone = cause
    for (const then of this.#onGone) then(cause)
  }
}

/** The first line of a stream, and what came behind it. Rejects if it is too long, late or never ends. */
export const firstLine = (socket: Socket): Promise<{ readonly line: string; readonly rest: Buffer }> =>
  new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0)
    const end = (): void => {
      clearTimeout(timer)
      socket.off('data', take)
      socket.off('error', reject)
      socket.off('close', closed)
    }
    const take = (part: Buffer): void => {
      heard = Buffer.concat([heard, part])
      const at = heard.indexOf(NEW_LINE)
      if (at < 0 && heard.length <= MOST_LINE) return
      end()
      socket.pause()
      if (at < 0) reject(new Error(`a first line of more than ${MOST_LINE} bytes`))
      else resolve({ line: heard.subarray(0, at).toString(), rest: heard.subarray(at + 1) })
    }
    const closed = (): void => {
      end()
      reject(new Error('it was closed'))
    }
    const timer = setTimeout(() => {
      end()
      reject(new Error(`silent for ${PATIENCE / 1000} s`))
    }, PATIENCE)
    socket.on('data', take)
    socket.on('error', reject)
    socket.on('close', closed)
  })

const NEW_LINE = 10
const HEAD = 4
/** Bytes of a first line: version and token. */
const MOST_LINE = 4096
/** Bytes that wait for the other end, which is stopped or stuck. */
const MOST_UNSENT = 64 * 1024 * 1024
/** Bytes of a batch: what is said in one turn, of windows and queues that are bounded themselves. */
const MOST_BATCH = 256 * 1024 * 1024
/** ms for the first line. */
const PATIENCE = 5_000
