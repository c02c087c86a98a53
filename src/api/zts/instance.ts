import type { SchedulerLike } from 'rxjs'
import type { Link } from '../../streams/link.ts'
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

/** The state of one instance: what the C library keeps in globals. Every function gets it. */
export class Instance {
  readonly host: ZtsHost
  readonly options: ZtsOptions
  readonly clock: SchedulerLike
  /** Why the last socket call failed. */
  errno = 0
  /** `undefined` until started, and again once stopped. */
  node: ZtNode | undefined
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
    return node === undefined ? [] : [...this.joined].flatMap((id) => node.network(id) ?? [])
  }
  readonly joined = new Set<string>()

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
