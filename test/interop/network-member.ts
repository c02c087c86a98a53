import { eventually, type NativeNode, type OurNode, type Segment } from './namespaces.ts'
import type { Heard, Order, Seen } from './peer.ts'

/** A member of a virtual network, of either make: what tests do with it does not depend on which. */
export interface Member {
  readonly make: 'native' | 'ours'
  /** Its host in the segment. */
  readonly host: string
  readonly id: string
  /** Joins, and waits until as many addresses as expected work. */
  join(network: string, addresses: number): Promise<void>
  leave(): Promise<void>
  /** `IP/bits`. */
  addresses(): Promise<readonly string[]>
  /** How many of `count` echoes were answered. */
  ping(to: string, count: number, size?: number): Promise<number>
  /** What `peer.ts` and `kernel-peer.ts` know. */
  tell(order: Order): Promise<unknown>
}

export const ip4 = async (member: Member): Promise<string> =>
  (await member.addresses()).find((one) => one.includes('.'))!.split('/')[0]!
/** The RFC 4193 address begins with `fd`, the 6PLANE one with `fc`. */
export const ip6 = async (member: Member, prefix: 'fd' | 'fc'): Promise<string> =>
  (await member.addresses()).find((one) => one.startsWith(prefix))!.split('/')[0]!

export const heard = (member: Member, port: number): Promise<readonly Heard[]> =>
  member.tell({ do: 'heard', port }) as Promise<readonly Heard[]>
export const seen = (member: Member): Promise<readonly Seen[]> =>
  member.tell({ do: 'seen' }) as Promise<readonly Seen[]>
export const transfer = (from: Member, host: string, port: number, bytes: number) =>
  from.tell({ do: 'transfer', host, port, bytes }) as Promise<{ readonly same: boolean; readonly ms: number }>

/** A native node, and the kernel's stack on the interface that it makes. */
export class NativeMember implements Member {
  readonly make = 'native'
  readonly host: string
  readonly id: string
  node: NativeNode
  /** The interface of the network joined last. */
  device = ''
  private readonly segment: Segment
  private kernel: OurNode | undefined
  private network = ''
  constructor(segment: Segment, host: string, id: string, node: NativeNode) {
    this.segment = segment
    this.host = host
    this.id = id
    this.node = node
  }

  /** `settings` are those of the local API, such as `allowGlobal`. */
  async join(network: string, addresses: number, settings: Readonly<Record<string, boolean>> = {}): Promise<void> {
    this.network = network
    this.node.api('POST', `/network/${network}`, settings)
    const { portDeviceName } = await eventually(
      `${this.host} in ${network}`,
      () => this.node.api('GET', `/network/${network}`),
      (state) => state.status === 'OK' && state.assignedAddresses.length >= addresses,
    )
    this.device = portDeviceName
    // the kernel's interface comes up some time after the status says so
    await eventually(
      `addresses of ${this.device}`,
      () => this.onInterface(),
      (found) => found.length >= addresses,
    )
    this.kernel = this.segment.kernel(this.host, this.device)
  }

  async leave(): Promise<void> {
    this.node.api('DELETE', `/network/${this.network}`)
    await this.kernel?.kill()
  }

  async addresses(): Promise<readonly string[]> {
    return this.node.api('GET', `/network/${this.network}`).assignedAddresses
  }

  /** Those of the kernel that are more than tentative; link-local ones do not count. */
  private onInterface(): readonly string[] {
    const [link] = JSON.parse(this.segment.run(this.host, 'ip', '-j', 'addr', 'show', 'dev', this.device))
    return link.addr_info
      .filter((one: { scope: string; tentative?: boolean }) => one.scope === 'global' && one.tentative !== true)
      .map((one: { local: string }) => one.local)
  }

  async ping(to: string, count: number, size = 56): Promise<number> {
    const args = ['-M', 'do', '-n', '-c', `${count}`, '-i', '0.2', '-W', '2', '-s', `${size}`, to]
    // ping ends with an error where some are lost
    const out = await this.segment.exec(this.host, 'sh', '-c', `ping ${args.join(' ')} || true`)
    return Number(/(\d+) received/.exec(out)?.[1] ?? 0)
  }

  async tell(order: Order): Promise<unknown> {
    if (order.do !== 'bind') return this.kernel!.tell(order)
    const own = (await this.addresses()).find((one) => one.includes('.'))
    return this.kernel!.tell(own === undefined ? order : { ...order, address: own.split('/')[0]! })
  }
}

export class OurMember implements Member {
  readonly make = 'ours'
  readonly host: string
  readonly id: string
  node: OurNode
  constructor(host: string, id: string, node: OurNode) {
    this.host = host
    this.id = id
    this.node = node
  }

  async join(network: string, addresses: number): Promise<void> {
    await this.node.tell({ do: 'join', network, ...(addresses === 0 ? { wait: 'ok' } : {}) })
    await eventually(
      `${this.host} in ${network}`,
      () => this.addresses(),
      (found) => found.length >= addresses,
    )
  }

  async leave(): Promise<void> {
    await this.node.tell({ do: 'leave' })
  }

  async addresses(): Promise<readonly string[]> {
    const { state } = await this.node.tell({ do: 'state' })
    return state.addresses.map(({ address, bits }: { address: string; bits: number }) => `${address}/${bits}`)
  }

  async ping(to: string, count: number, size = 56): Promise<number> {
    // a ping waits for a network that is not ready; here that counts as silence
    if ((await this.node.tell({ do: 'state' })).state.status !== 'ready') return 0
    const replies = await this.node.tell({ do: 'ping', host: to, count, size, timeout: 2000 })
    return replies.filter((one: { rtt?: number }) => one.rtt !== undefined).length
  }

  /** Frames and packets dropped so far, by layer and reason. */
  async drops(): Promise<Readonly<Record<string, number>>> {
    return (await this.node.tell({ do: 'state' })).stats.drops
  }

  tell(order: Order): Promise<unknown> {
    return this.node.tell(order)
  }
}
