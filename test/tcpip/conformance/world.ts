import { FRAME_HEADROOM, type Frame } from '../../../src/protocol/kernel/frame.ts'
import { mac } from '../../../src/protocol/kernel/id.ts'
import type { Step } from '../../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { type StackState, stack } from '../../../src/tcpip/stack.ts'
import type { RouteEntry, StackCall, StackConfig, StackInput, StackOutput } from '../../../src/tcpip/stack-io.ts'

/** The stack under test on a link of its own, and the clock. Nothing moves unless a script says so. */
export interface World {
  readonly family: 4 | 6
  /** Addresses of the stack and of the peer that scripts mean unless they say otherwise. */
  readonly own: string
  readonly peer: string
  /** ms by which the stack under test may be late; ours never is. */
  readonly tolerance: number
  /** ms until its addresses are settled. */
  readonly settling: number
  /** News that a program above it is never told. */
  readonly isUntold: (news: string) => boolean
  /** ms since the case began. */
  readonly now: () => number
  readonly input: (input: StackInput) => void
  readonly call: (...calls: readonly StackCall[]) => void
  readonly hear: (...frames: readonly Frame[]) => void
  readonly configure: (mtu: number, addresses: readonly string[], routes: readonly RouteEntry[]) => void
  /** Lets time pass until `until`, or to the moment when `stop` holds. */
  readonly run: (until: number, stop?: () => boolean) => void
  /** Something outside of the stack that happens later. */
  readonly later: (ms: number, act: () => void) => void
  readonly deadline: () => number
  readonly sizes: () => { readonly neighbours: number; readonly fragments: number; readonly fragmentBytes: number }
  /** Time begins again. */
  readonly start: () => void
}

export const MACS = {
  own: mac(0x0200_0000_0001),
  peer: mac(0x0200_0000_0002),
  other: mac(0x0200_0000_0003),
  third: mac(0x0200_0000_0004),
}
export const OWN = { 4: '10.0.0.1', 6: 'fd00::1' }
export const PEER = { 4: '10.0.0.2', 6: 'fd00::2' }

export const createWorld = (
  family: 4 | 6,
  onFrame: (frame: Frame) => void,
  onOutput: (output: StackOutput) => void,
  config: Partial<StackConfig> = {},
): World => {
  let now = 1_700_000_000_000
  let zero = now
  const plans: { readonly at: number; readonly act: () => void }[] = []
  const machine = stack({ mac: MACS.own, random: seededRandom(7), ...config })
  let state = machine.initial
  const after = (outputs: readonly StackOutput[]): void => {
    for (const output of outputs) {
      if (output._tag !== 'Frames') {
        onOutput(output)
        continue
      }
      for (const frame of output.frames) {
        if (frame.payload.byteOffset < FRAME_HEADROOM) throw new Error('a frame left without headroom')
        // what is below owns it from here on, and writes where it likes
        const payload = frame.payload.slice()
        frame.payload.fill(0xdb)
        onFrame({ ...frame, payload })
      }
    }
  }
  const waiting: StackInput[] = []
  let isBusy = false
  const deliver = ([next, outputs]: Step<StackState, StackOutput>): void => {
    state = next
    isBusy = true
    after(outputs)
    isBusy = false
  }
  /** What is asked for while outputs are being delivered waits its turn, as above a running stack. */
  const settle = (): void => {
    while (!isBusy && waiting.length > 0) deliver(machine.step(state, waiting.shift()!, now))
  }
  const input = (given: StackInput): void => {
    waiting.push(given)
    settle()
  }
  return {
    family,
    ...{ tolerance: 0, settling: SETTLING, isUntold: () => false },
    own: OWN[family],
    peer: PEER[family],
    now: () => now - zero,
    input,
    call: (...calls) => input({ _tag: 'Calls', calls }),
    // a step owns what it is given; scripts use the same bytes again
    hear: (...frames) => input({ _tag: 'Frames', frames: frames.map((f) => ({ ...f, payload: f.payload.slice() })) }),
    configure: (mtu, addresses, routes) =>
      input({
        _tag: 'Configure',
        mtu,
        routes,
        addresses: addresses.map((text) => ({ address: text.split('/')[0]!, bits: Number(text.split('/')[1]) })),
      }),
    run: (until, stop) => {
      for (;;) {
        if (stop?.() === true) return
        const at = Math.min(machine.deadline(state), plans[0]?.at ?? Infinity)
        if (at > until + zero) break
        now = Math.max(now, at)
        if (plans[0] !== undefined && plans[0].at <= now) {
          plans.shift()!.act()
          continue
        }
        deliver(machine.tick(state, now))
        settle()
      }
      now = Math.max(now, until + zero)
    },
    later: (ms, act) => {
      const at = now + ms
      let place = plans.length
      while (place > 0 && plans[place - 1]!.at > at) place--
      plans.splice(place, 0, { at, act })
    },
    deadline: () => machine.deadline(state) - zero,
    sizes: () => state.sizes(),
    start: () => {
      zero = now
    },
  }
}

/** Until addresses are announced and found to be nobody else's. */
const SETTLING = 5000
