import { readU32 } from '../../src/protocol/kernel/codec.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { type Mac, mac } from '../../src/protocol/kernel/id.ts'
import type { Millis } from '../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { BROADCAST_MAC } from '../../src/tcpip/address.ts'
import { TARGET_IP } from '../../src/tcpip/arp.ts'
import { ETHERTYPE_ARP } from '../../src/tcpip/ethernet.ts'
import { stack } from '../../src/tcpip/stack.ts'
import type { RouteEntry, StackCall, StackConfig, StackInput, StackOutput } from '../../src/tcpip/stack-io.ts'

export interface HostOptions {
  readonly addresses: readonly string[]
  readonly routes?: readonly RouteEntry[]
  readonly mtu?: number
  readonly config?: Partial<StackConfig>
}

/** One stack on the segment, and everything it ever said. */
export class TestHost {
  readonly mac: Mac
  readonly outputs: StackOutput[] = []
  readonly sent: Frame[] = []
  readonly machine
  readonly #segment: Segment
  mtu: number

  constructor(segment: Segment, address: Mac, seed: number, options: HostOptions) {
    this.#segment = segment
    this.mac = address
    this.mtu = options.mtu ?? 2800
    this.machine = stack({ mac: address, random: seededRandom(seed), ...options.config })
  }
  get state() {
    return this.machine.initial
  }
  configure(addresses: readonly string[], routes: readonly RouteEntry[] = []): void {
    this.input({ _tag: 'Configure', mtu: this.mtu, addresses: addresses.map(prefix), routes })
  }
  call(...calls: readonly StackCall[]): readonly StackOutput[] {
    return this.input({ _tag: 'Calls', calls })
  }
  hear(...frames: readonly Frame[]): readonly StackOutput[] {
    return this.input({ _tag: 'Frames', frames })
  }
  input(input: StackInput): readonly StackOutput[] {
    return this.#after(this.machine.step(this.state, input, this.#segment.now)[1])
  }
  tick(): readonly StackOutput[] {
    return this.#after(this.machine.tick(this.state, this.#segment.now)[1])
  }
  all<T extends StackOutput['_tag']>(tag: T): readonly Extract<StackOutput, { readonly _tag: T }>[] {
    return this.outputs.filter((output): output is Extract<StackOutput, { readonly _tag: T }> => output._tag === tag)
  }
  drops(): readonly string[] {
    return this.all('Drop').map(({ reason }) => reason)
  }
  /** As the link does: a group frame reaches those who published the group, an ARP request the owner of its target. */
  listens(frame: Frame): boolean {
    const adi = frame.etherType === ETHERTYPE_ARP ? readU32(frame.payload, TARGET_IP) : 0
    const isBroadcast = frame.to === BROADCAST_MAC && adi === 0
    const groups = this.all('Groups').at(-1)?.groups ?? []
    return isBroadcast || groups.some((group) => group.mac === frame.to && group.adi === adi)
  }
  /** Outputs of one socket without its frames. */
  of(id: number): readonly StackOutput[] {
    return this.outputs.filter((output) => 'id' in output && output.id === id)
  }
  #after(outputs: readonly StackOutput[]): readonly StackOutput[] {
    for (const output of outputs) {
      this.outputs.push(output)
      if (output._tag !== 'Frames') continue
      for (const frame of output.frames) {
        this.sent.push(frame)
        this.#segment.carry(this, frame)
      }
    }
    return outputs
  }
}

/** An Ethernet segment in virtual time: frames take `delay` ms, `loses` decides which of them never arrive. */
export class Segment {
  now: Millis = 1_000_000
  delay: Millis = 1
  loses: (frame: Frame) => boolean = () => false
  readonly hosts: TestHost[] = []
  readonly #flying: { readonly at: Millis; readonly from: TestHost; readonly frame: Frame }[] = []

  host(options: HostOptions): TestHost {
    const number = this.hosts.length + 1
    const host = new TestHost(this, mac(0x0200_0000_0000 + number), number, options)
    this.hosts.push(host)
    host.configure(options.addresses, options.routes)
    return host
  }
  carry(from: TestHost, frame: Frame): void {
    if (frame.payload.length > from.mtu) throw new Error(`${frame.payload.length} bytes do not fit the link`)
    // a receiver owns what it gets, and the headroom is the sender's
    if (!this.loses(frame)) {
      this.#flying.push({ at: this.now + this.delay, from, frame: { ...frame, payload: frame.payload.slice() } })
    }
  }
  /** Lets `ms` pass, every frame and every deadline at its moment. */
  run(ms: Millis): void {
    const end = this.now + ms
    for (;;) {
      let at = Infinity
      for (const flying of this.#flying) at = Math.min(at, flying.at)
      for (const host of this.hosts) at = Math.min(at, Math.max(this.now, host.machine.deadline(host.state)))
      if (at > end) break
      this.now = at
      const due = this.#flying.filter((flying) => flying.at <= at)
      for (const flying of due) this.#flying.splice(this.#flying.indexOf(flying), 1)
      for (const host of this.hosts) {
        const frames = due
          .filter(({ from, frame }) => from !== host && (frame.to === host.mac || host.listens(frame)))
          .map(({ frame }) => frame)
        if (frames.length > 0) host.hear(...frames)
        if (host.machine.deadline(host.state) <= at) host.tick()
      }
    }
    this.now = end
  }
}

const prefix = (text: string) => {
  const [address = '', bits = ''] = text.split('/')
  return { address, bits: Number(bits) }
}
/** `10.0.0.0/8 via 10.1.1.1`. */
export const route = (text: string, via?: string, metric = 0): RouteEntry => ({ target: prefix(text), via, metric })
