import { printSecret } from '../../protocol/crypto/identity.ts'
import { ArgumentError } from '../../streams/error.ts'
import { systemClock } from '../../streams/io/clock.ts'
import { systemRandom } from '../../streams/io/entropy.ts'
import { startThread } from '../../streams/io/node-thread.ts'
import type { UdpLinkOptions } from '../../streams/io/udp-link.ts'
import { isRecord, refuse } from '../../streams/option.ts'
import { wireIdentity } from '../identity.ts'
import { namedErrors } from '../named-errors.ts'
import type { ZtNode } from '../node.ts'
import { checkedNodeOptions, type NodeOptions } from '../node-options.ts'
import type { WorkerSetup } from './message.ts'
import { type NodeThread, startRemote } from './start-remote.ts'

/** Options of a node, but for what cannot go to another thread. */
export interface WorkerNodeOptions extends Omit<NodeOptions, 'link' | 'scheduler' | 'random'> {
  /** Instead of a link, which cannot go to another thread, the options of `udpLink()`. */
  readonly udp?: Omit<UdpLinkOptions, 'interfaces'>
}

/**
 * Runs a node on a thread of its own: what seals, opens and acknowledges packets no longer shares a core with the
 * program. It is used like one of `createNode()`; what differs: `stats` of nodes, networks and connections are those of
 * the last look, a store that is an object stays on this thread, and roles (`createController`, `serveLocalApi`, bridges)
 * need a node of this thread.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, and whatever `createNode()` throws
 * @example const node = await workerNode({ store: './home', udp: { port: 9993 } })
 */
export const workerNodeFrom =
  (program: URL) =>
  async (options: WorkerNodeOptions = {}): Promise<ZtNode> => {
    if (!isRecord(options)) refuse('options', options, 'pass an object like { store: "./home" }')
    const { udp = {}, ...rest } = options
    for (const name of ['link', 'scheduler', 'random'])
      if (name in rest) refuse(name, rest[name as keyof typeof rest], CURES[name]!)
    if (!isRecord(udp) || Object.values(udp).some((value) => typeof value === 'function'))
      refuse('udp', udp, 'pass options of udpLink() that are no functions, like { port: 9993 }')
    const { signal, store, autoUnref = false, identity, ...plain } = checkedNodeOptions(rest)
    signal?.throwIfAborted()
    if (store === '') refuse('store', store, 'pass the path of a directory, or a store')
    const setup: WorkerSetup = {
      options: { ...plain, ...(identity === undefined ? {} : { identity: textOf(identity) }) },
      udp,
      ...(store === undefined ? {} : { store: typeof store === 'string' ? { path: store } : 'remote' }),
    }
    const node = await startRemote(started(program, setup), {
      clock: systemClock(),
      random: systemRandom(),
      store: typeof store === 'object' ? namedErrors(store) : undefined,
      signal,
    })
    if (autoUnref) node.unref()
    return node
  }

const textOf = (identity: NonNullable<NodeOptions['identity']>): string => {
  const wire = wireIdentity(identity)
  return wire.secretKey === undefined
    ? (identity as { readonly public: string }).public
    : printSecret({ ...wire, secretKey: wire.secretKey })
}

const started = (program: URL, setup: WorkerSetup): NodeThread => {
  try {
    return startThread(program, setup)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `options cannot go to another thread: ${why} — pass plain values`,
      { cause },
    )
  }
}

const CURES: Readonly<Record<string, string>> = {
  link: 'a link cannot go to another thread: pass its options, as in udp: { port: 9993 }',
  scheduler: 'the thread has its own clock; leave it out',
  random: 'the thread has its own source; leave it out',
}
