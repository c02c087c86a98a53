import { VirtualNode } from '../../node.ts'
import { result } from '../constant/result.ts'
import { errno as E, type Errno } from '../errno.ts'
import type { Instance } from '../instance.ts'
import type { Descriptor } from './descriptor.ts'
import { DescriptorTable } from './descriptor-table.ts'
import { Ground } from './ground.ts'
import { JoinedNetworks } from './joined-networks.ts'
import type { SysResult } from './perform.ts'

/** What every socket call does first and last: finds its descriptor, and says how it went as the C library does. */
export class Calls {
  readonly instance: Instance
  readonly table = new DescriptorTable()
  #node: VirtualNode | undefined
  #ground: Ground | undefined

  constructor(instance: Instance) {
    this.instance = instance
    instance.beforeStop(() => this.table.closeAll())
  }

  /** `undefined` while no node runs. */
  get ground(): Ground | undefined {
    const { node, clock } = this.instance
    if (!(node instanceof VirtualNode) || node.running.ended !== undefined) return undefined
    if (node !== this.#node) {
      const networks = new JoinedNetworks()
      node.running.network$.subscribe((joined) => networks.set(joined.values()))
      this.#node = node
      this.#ground = new Ground(networks, clock, node.running.hands.random)
    }
    return this.#ground
  }

  /** The descriptor with this number, or what the call gives. */
  find(fd: number): Descriptor | number {
    if (this.ground === undefined) return result.ZTS_ERR_SERVICE
    return this.table.get(fd) ?? this.fail(E.ZTS_EBADF)
  }

  /** A call on a descriptor that cannot block. */
  on(fd: number, call: (socket: Descriptor) => SysResult): number {
    const socket = this.find(fd)
    return typeof socket === 'number' ? socket : this.say(call(socket))
  }

  /** One that can. */
  async during(
    fd: number,
    call: (socket: Descriptor, ground: Ground) => SysResult | Promise<SysResult>,
  ): Promise<number> {
    const socket = this.find(fd)
    return typeof socket === 'number' ? socket : this.say(await call(socket, this.ground!))
  }

  /** What a call gives whose arguments are none. */
  get badArgument(): number {
    return this.ground === undefined ? result.ZTS_ERR_SERVICE : result.ZTS_ERR_ARG
  }

  /** -1 and `errno` for what failed. */
  say(sysResult: SysResult): number {
    return sysResult < 0 ? this.fail(-sysResult as Errno) : sysResult
  }
  fail(errno: Errno): number {
    return this.instance.fail(errno)
  }
}
