import type { Frame } from '../src/protocol/kernel/frame.ts'
import { type Mac, mac } from '../src/protocol/kernel/id.ts'
import { seededRandom } from '../src/protocol/kernel/rng.ts'
import { stack } from '../src/tcpip/stack.ts'
import type { StackCall, StackInput, StackOutput } from '../src/tcpip/stack-io.ts'

/** A host stack that hands its frames to `peer`, in memory. */
export class Host {
  readonly machine
  inbox: Frame[] = []
  peer: Host | undefined
  on: (output: StackOutput) => void = () => {}

  constructor(address: Mac, ips: readonly string[], mtu: number) {
    this.machine = stack({ mac: address, random: seededRandom(address % 1000) })
    const addresses = ips.map((ip) => ({ address: ip, bits: ip.includes(':') ? 64 : 24 }))
    this.run({ _tag: 'Configure', mtu, addresses, routes: [] })
  }
  run(input: StackInput): readonly StackOutput[] {
    return this.#sort(this.machine.step(this.machine.initial, input, performance.now())[1])
  }
  call(...calls: StackCall[]): readonly StackOutput[] {
    return this.run({ _tag: 'Calls', calls })
  }
  tick(): readonly StackOutput[] {
    return this.#sort(this.machine.tick(this.machine.initial, performance.now())[1])
  }
  #sort(outputs: readonly StackOutput[]): readonly StackOutput[] {
    for (const output of outputs) {
      if (output._tag === 'Frames') for (const frame of output.frames) this.peer?.inbox.push(frame)
      else this.on(output)
    }
    return outputs
  }
}

export const pair = (mtu: number): readonly [Host, Host] => {
  const a = new Host(mac(0x0200_0000_0001), ['10.0.0.1', 'fd00::1'], mtu)
  const b = new Host(mac(0x0200_0000_0002), ['10.0.0.2', 'fd00::2'], mtu)
  a.peer = b
  b.peer = a
  return [a, b]
}

/** Hands over what lies in the inboxes, in batches as a socket drain gives them. */
export const exchange = (hosts: readonly Host[]): boolean => {
  let some = false
  for (const host of hosts) {
    host.tick()
    if (host.inbox.length === 0) continue
    const frames = host.inbox.splice(0, 32)
    host.run({ _tag: 'Frames', frames })
    some = true
  }
  return some
}

/** Nanoseconds of this process: on a shared machine they say more than the wall clock. */
export const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}
