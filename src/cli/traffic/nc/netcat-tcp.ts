import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { VirtualDuplex } from '../../../api/adapter/duplex.ts'
import { toDuplex } from '../../../api/adapter/to-duplex.ts'
import type { Network } from '../../../api/network.ts'
import { ignore } from '../tunnel/splice.ts'

export interface NetcatEnds {
  readonly stdin: Readable
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
  await join(toDuplex(socket, { allowHalfOpen: true }), ends, idle)
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
  const first = await new Promise<VirtualDuplex>((resolve, reject) => {
    const taking = server.connections$.subscribe({
      next: (socket) => {
        queueMicrotask(() => taking.unsubscribe())
        resolve(toDuplex(socket, { allowHalfOpen: true }))
      },
      complete: () => reject(ends.signal.reason ?? new Error('the network has ended — look at `rxzt networks`')),
    })
  })
  await server.close()
  await join(first, ends, idle)
}

/**
 * The end of stdin is passed on, and what the other end says is written until it ends as well. It is over when the other
 * end has ended, whether stdin has or not, or when nothing was said for `idle`.
 */
const join = async (far: VirtualDuplex, { stdin, stdout, signal }: NetcatEnds, idle?: number): Promise<void> => {
  const over = new AbortController()
  const end = (): void => over.abort()
  if (idle !== undefined) far.setTimeout(idle, end)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  stdin.pipe(far)
  try {
    await pipeline(far, stdout, { end: false, signal: over.signal })
    await flushed(stdout)
    far.end()
    if (!far.writableFinished && !far.destroyed) await Promise.race([once(far, 'finish'), once(far, 'close')])
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

const flushed = (stdout: Writable): Promise<void> =>
  new Promise((resolve) => {
    stdout.write('', () => resolve())
  })
