import type { Identity } from '../../src/protocol/crypto/identity.ts'
import type { Crypto } from '../../src/protocol/crypto/suite.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { FRAME_HEADROOM } from '../../src/protocol/kernel/frame.ts'
import type { Address } from '../../src/protocol/kernel/id.ts'
import type { Millis } from '../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { HEADER, type Message, type OutPacket, type Vl1View } from '../../src/protocol/vl1-io.ts'
import { type Vl2Config, type Vl2State, vl2 } from '../../src/protocol/vl2.ts'
import type { Vl2Input, Vl2Output } from '../../src/protocol/vl2-io.ts'

/** One VL2 machine in virtual time, with a VL1 that knows whom it is told to know. */
export interface Vl2Node {
  readonly self: Identity
  readonly state: Vl2State
  readonly known: Map<Address, Identity>
  readonly now: () => Millis
  /** Everything the machine has put out since the last call, in order. */
  readonly take: () => readonly Vl2Output[]
  readonly give: (input: Vl2Input) => void
  readonly hear: (from: Identity, verb: number, payload: Uint8Array, packetId?: bigint) => void
  readonly deadline: () => Millis
  /** Lets time pass, waking the machine whenever it asks. */
  readonly passTo: (time: Millis) => void
}

export interface Vl2NodeOptions {
  readonly crypto: Crypto
  readonly self: Identity
  readonly at?: Millis
  readonly known?: readonly Identity[]
  readonly roots?: readonly Address[]
  readonly bestRoot?: Address
  readonly seed?: number
  readonly controller?: boolean
  readonly issued?: NonNullable<Vl2Config['issued']>
  readonly latency?: (address: Address) => number | undefined
}

export const vl2Node = (options: Vl2NodeOptions): Vl2Node => {
  const { crypto, self, roots = [] } = options
  const known = new Map((options.known ?? []).map((one) => [one.address, one]))
  const view: Vl1View = {
    self,
    identityOf: (address) => known.get(address),
    isUpstream: (address) => roots.includes(address),
    upstreams: () => roots,
    bestUpstream: () => options.bestRoot ?? roots[0],
    directLatency: (address) => options.latency?.(address),
  }
  const machine = vl2({
    crypto,
    view,
    random: seededRandom(options.seed ?? 1),
    version: { major: 1, minor: 14, revision: 1 },
    controller: options.controller ?? false,
    platform: 'linux/x86_64',
    ...(options.issued === undefined ? {} : { issued: options.issued }),
  })
  let state = machine.initial
  let now = options.at ?? START
  let outputs: Vl2Output[] = []
  const give = (input: Vl2Input): void => {
    const [after, out] = machine.step(state, input, now)
    state = after
    outputs.push(...out)
  }
  return {
    self,
    get state() {
      return state
    },
    known,
    now: () => now,
    take: () => {
      const taken = outputs
      outputs = []
      return taken
    },
    give,
    hear: (from, verb, payload, packetId = 1n) =>
      give({ _tag: 'Messages', messages: [messageOf(from, verb, payload, packetId)] }),
    deadline: () => machine.deadline(state),
    passTo: (time) => {
      for (let at = machine.deadline(state); at <= time; at = machine.deadline(state)) {
        now = Math.max(now, at)
        const [after, out] = machine.tick(state, now)
        state = after
        outputs.push(...out)
      }
      now = time
    },
  }
}

export const messageOf = (identity: Identity, verb: number, payload: Uint8Array, packetId: bigint): Message => ({
  source: identity.address,
  identity,
  verb,
  payload,
  packetId,
  hops: 0,
  via: { endpoint: { address: '10.0.0.9', port: 9993 }, socket: 1 },
})

export const packetsOf = (outputs: readonly Vl2Output[]): readonly OutPacket[] =>
  outputs.flatMap((one) => (one._tag === 'Send' ? one.packets : []))
export const framesOf = (outputs: readonly Vl2Output[]): readonly Frame[] =>
  outputs.flatMap((one) => (one._tag === 'Frames' ? one.frames : []))
export const payloadOf = (packet: OutPacket): Uint8Array => packet.data.subarray(HEADER)

/** A payload as a host stack makes it: with headroom in the same buffer. */
export const withHeadroom = (payload: Uint8Array): Uint8Array => {
  const buffer = new Uint8Array(FRAME_HEADROOM + payload.length)
  buffer.set(payload, FRAME_HEADROOM)
  return buffer.subarray(FRAME_HEADROOM)
}

export const START: Millis = 1_700_000_000_000
