import type { Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { VirtualDuplex } from '../../../api/adapter/duplex.ts'
import { toDuplex } from '../../../api/adapter/to-duplex.ts'
import type { Network } from '../../../api/network.ts'
import type { TcpSocket } from '../../../api/tcp-socket.ts'
import { ignore } from '../tunnel/splice.ts'

export interface NetcatEnds {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable
  readonly signal: AbortSignal
}
export interface NetcatTarget {
  /** Of the other end or, to listen, of this node; all of its addresses if none is named. */
  readonly host?: string | undefined
  readonly port: number
  /** ms of silence after which it is over, and in which a connection must stand. */
  readonly idle?: number | undefined
}

/** Connects, and joins the connection with stdin and stdout until it ends. */
export const connectTcp = async (network: Network, ends: NetcatEnds, target: NetcatTarget): Promise<void> => {
  const { host = '', port, idle } = target
  const { signal } = ends
  const socket = await network.connect({ host, port, signal, ...(idle === undefined ? {} : { timeout: idle }) })
  await join(socket, ends, idle)
}

/** Waits for one connection, takes no other, and joins it with stdin and stdout until it ends. */
export const listenTcp = async (
  network: Network,
  ends: NetcatEnds,
  target: NetcatTarget,
  listening: (at: { readonly address: string; readonly port: number }) => void = ignore,
): Promise<void> => {
  const { host, port, idle } = target
  const server = await network.listen({ port, signal: ends.signal, ...(host === undefined ? {} : { host }) })
  listening(server.address)
  const first = await new Promise<TcpSocket>((resolve, reject) => {
    const taking = server.connections$.subscribe({
      next: (socket) => {
        queueMicrotask(() => taking.unsubscribe())
        resolve(socket)
      },
      complete: () => reject(ends.signal.reason ?? new Error('the network has ended — look at `rxzt networks`')),
    })
  })
  await server.close()
  await join(first, ends, idle)
}

/**
 * The end of stdin is passed on, and what the other end says is written to its end. It is over when both have ended, or
 * when the other end has and stdin has nothing to say for `LAST_WORDS`; or when nothing was said for `idle`.
 */
const join = async (socket: TcpSocket, { stdin, stdout, signal }: NetcatEnds, idle?: number): Promise<void> => {
  const far = toDuplex(socket, { allowHalfOpen: true })
  const over = new AbortController()
  const end = (): void => over.abort()
  if (idle !== undefined) far.setTimeout(idle, end)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  stdin.pipe(far)
  try {
    await pipeline(far, stdout, { end: false, signal: over.signal })
    const cut = aborted(over.signal)
    await saidAll(stdin, far, over.signal, cut)
    far.end()
    // nothing is said to be sent that the other end has not taken
    await Promise.race([socket.closed, cut])
  } catch (error) {
    if (!over.signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
    stdin.unpipe(far)
    stdin.destroy()
    far.on('error', ignore)
    if (!far.destroyed) far.destroy()
  }
}

/** Resolves when stdin has ended and its last byte is on its way, or when nothing has come from it for `LAST_WORDS`. */
const saidAll = async (
  stdin: NetcatEnds['stdin'],
  far: VirtualDuplex,
  signal: AbortSignal,
  cut: Promise<void>,
): Promise<void> => {
  if (stdin.isTTY === true) return
  for (let taken = -1; !far.writableFinished && !far.destroyed; ) {
    const nothingNew = taken === far.bytesWritten && far.writableLength === 0 && stdin.readableLength === 0
    if (nothingNew) return
    taken = far.bytesWritten
    const pause = new AbortController()
    await Promise.race([
      setTimeout(LAST_WORDS, undefined, { signal: pause.signal }).catch(ignore),
      finished(far, { readable: false, signal: pause.signal }).catch(ignore),
      cut,
    ])
    pause.abort()
    signal.throwIfAborted()
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** ms that stdin may pause once the other end has nothing more to say. */
const LAST_WORDS = 500
