import type { Writable } from 'node:stream'
import { merge, type Observable, take, takeUntil } from 'rxjs'
import type { Network } from '../../../api/network.ts'
import type { ZtNode } from '../../../api/node.ts'
import { pcapngWriter } from '../../../streams/capture/pcapng.ts'
import type { FrameTrace, PacketTrace } from '../../../streams/trace.ts'
import { abort$ } from './abort.ts'

export interface CaptureOptions {
  /** Also what is on the wire below the network. */
  readonly wire: boolean
  /** How many frames and packets; all until the command is ended if none is said. */
  readonly count?: number | undefined
  /** Bytes kept of each; 0 for all. */
  readonly snapLength: number
  readonly signal: AbortSignal
}

/** What is captured, in the order in which it came, until it is enough. */
const tapOf = (node: ZtNode, network: Network, options: CaptureOptions): Observable<FrameTrace | PacketTrace> => {
  const { wire, count, signal } = options
  const taps: readonly Observable<FrameTrace | PacketTrace>[] = wire
    ? [network.frames$, node.packets$]
    : [network.frames$]
  return merge(...taps).pipe(take(count ?? Number.POSITIVE_INFINITY), takeUntil(abort$(signal)))
}

/** Hands each to `show`; resolves when it is enough. */
export const watch = (
  node: ZtNode,
  network: Network,
  options: CaptureOptions,
  show: (item: FrameTrace | PacketTrace) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    tapOf(node, network, options).subscribe({ next: show, error: reject, complete: resolve })
  })

export interface Written {
  readonly written: number
  /** What came faster than it could be written. */
  readonly dropped: number
}

/** Writes a pcapng file as it comes. A tap does not wait: what the file cannot take in time is left out, and counted. */
export const capture = async (
  node: ZtNode,
  network: Network,
  options: CaptureOptions,
  file: Writable,
): Promise<Written> => {
  const { header, write } = pcapngWriter({ local: node.info.endpoints, snapLength: options.snapLength })
  let written = 0
  let dropped = 0
  const failed = new AbortController()
  file.on('error', (error) => failed.abort(error))
  file.write(header)
  await watch(node, network, { ...options, signal: AbortSignal.any([options.signal, failed.signal]) }, (item) => {
    if (file.writableLength > MOST_UNWRITTEN) dropped++
    else {
      file.write(write(item))
      written++
    }
  })
  failed.signal.throwIfAborted()
  return { written, dropped }
}

/** Bytes that wait for the file, or for whoever reads the pipe. */
const MOST_UNWRITTEN = 8 * 1024 * 1024
