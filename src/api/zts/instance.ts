import type { SchedulerLike } from 'rxjs'
import type { Counts } from '../../streams/counters.ts'
import type { Link } from '../../streams/link.ts'
import { isRecord, type OptionRules } from '../../streams/option.ts'
import type { NetworkId } from '../../streams/public-id.ts'
import type { NetworkState } from '../../streams/snapshot.ts'
import type { Network } from '../network.ts'
import type { ZtNode } from '../node.ts'
import type { NodeOptions } from '../node-options.ts'
import { result } from './constant/result.ts'
import type { Errno } from './errno.ts'
import type { UdpSettings, ZtsHost } from './host.ts'
import { freshSettings, type Settings } from './settings.ts'

export interface ZtsOptions {
  /** A virtual network: nodes are made in it, and its time is the time of the instance. */
  readonly net?: {
    readonly scheduler: SchedulerLike
    node(options: NodeOptions): Promise<ZtNode>
  }
  /** What nodes are made with where no `zts_init_*` call says otherwise. */
  readonly node?: Omit<NodeOptions, 'link' | 'signal'>
  /** The link of a node that starts, instead of UDP on every interface. */
  readonly link?: (settings: UdpSettings) => Link | readonly Link[]
}

export const ztsRules: OptionRules<ZtsOptions> = {
  net: {
    is: (x) => isRecord(x) && typeof x['node'] === 'function' && isRecord(x['scheduler']),
    cure: 'pass what virtualNet() gave',
  },
  node: { is: isRecord, cure: 'pass options of createNode()' },
  link: { is: (x) => typeof x === 'function', cure: 'pass a function that makes a link, as in () => udpLink()' },
}

/** The state of one instance: what the C library keeps in globals. Every function gets it. */
export class Instance {
  readonly host: ZtsHost
  readonly options: ZtsOptions
  readonly clock: SchedulerLike
  /** Why the last socket call failed. */
  errno = 0
  /** What the last call that gave a negative result would have thrown, if there was an error behind it. */
  error: Error | undefined
  phase: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped'
  /** While it runs. */
  node: ZtNode | undefined
  /** What the networks are that are joined. */
  states: ReadonlyMap<NetworkId, NetworkState> = new Map()
  /** What networks counted that were left since the start: the C library counts for all networks as one. */
  pastStats: Counts = {}
  settings: Settings = freshSettings()
  /** `zts_dns_set_server`: asked before the servers that controllers push. */
  readonly nameServers: (string | undefined)[] = [undefined, undefined]
  readonly #beforeStop = new Set<() => void | Promise<void>>()

  constructor(host: ZtsHost, options: ZtsOptions) {
    this.host = host
    this.options = options
    this.clock = options.net?.scheduler ?? options.node?.scheduler ?? host.platform.clock()
  }

  /** The networks that are joined, in the order in which they were. */
  get networks(): readonly Network[] {
    const { node } = this
    return node === undefined ? [] : [...this.states.keys()].flatMap((id) => node.network(id) ?? [])
  }
  network(id: NetworkId): Network | undefined {
    return this.states.has(id) ? this.node?.network(id) : undefined
  }

  /** An error that became a result code: kept for whoever wants to know more than the code. */
  failed(error: unknown): void {
    this.error = error instanceof Error ? error : new Error(String(error))
  }

  /** What a socket call gives that fails. */
  fail(errno: Errno): typeof result.ZTS_ERR_SOCKET {
    this.errno = errno
    return result.ZTS_ERR_SOCKET
  }

  /** What callers assign to `errno`, as C programs do before a call. */
  readonly setErrno = (errno: unknown): void => {
    this.errno = Number.isInteger(errno) ? (errno as number) : 0
  }

  /** Something that has to end before the node does: sockets. It stays registered for later runs. */
  beforeStop(end: () => void | Promise<void>): void {
    this.#beforeStop.add(end)
  }
  async endUsers(): Promise<void> {
    for (const end of this.#beforeStop) await end()
  }
}
