/**
 * What networks cost one core, without sockets: rules, frames through two VL2 machines, and requests to a controller.
 * By CPU time, which says more than the wall clock on a shared machine.
 *
 *     npx tsx bench/network.ts [seconds]
 */
import { type Identity, printIdentity, type SecretIdentity } from '../src/protocol/crypto/identity.ts'
import { sign } from '../src/protocol/crypto/signature.ts'
import type { Frame } from '../src/protocol/kernel/frame.ts'
import { type Address, address, networkId, printAddress, printNetworkId } from '../src/protocol/kernel/id.ts'
import { seededRandom } from '../src/protocol/kernel/rng.ts'
import { controller } from '../src/protocol/network/controller.ts'
import type { ControllerOutput } from '../src/protocol/network/controller-io.ts'
import { printDictionary, unsignedValue } from '../src/protocol/network/dictionary.ts'
import { macOf, macScheme } from '../src/protocol/network/mac.ts'
import type { Rule } from '../src/protocol/network/rule.ts'
import { filterOutbound, ruleEngineOf } from '../src/protocol/network/rule-engine.ts'
import { printRule } from '../src/protocol/network/rule-json.ts'
import { NOBODY } from '../src/protocol/network/rule-party.ts'
import type { OutPacket } from '../src/protocol/vl1-io.ts'
import { bestCrypto } from '../src/streams/io/crypto-fast.ts'
import { sum } from '../src/tcpip/checksum.ts'
import { framesOf, packetsOf, payloadOf, START, type Vl2Node, vl2Node, withHeadroom } from '../test/support/vl2-node.ts'

/** A rate and what it is compared to, both per second. */
export interface Measured {
  readonly value: number
  readonly limit: number
}

/** Rules evaluated in a second where only the last one decides; the limit is a loop that compares as many numbers. */
export const rulesPerSecond = (count: number, seconds: number): Measured => {
  const parts = { self: SENDER.address, own: NOBODY, unknownMatches: false, emulatedPrefixes: [] }
  const engine = ruleEngineOf({ ...parts, rules: rulesThatPass(count) })
  const { to, from, etherType, payload } = frame
  const random = seededRandom(1)
  let passed = 0
  const judged = rate(seconds, () => {
    const { verdict } = filterOutbound(engine, RECEIVER.address, NOBODY, from, to, etherType, payload, false, random)
    if (verdict === 'accept') passed++
  })
  const operands = Float64Array.from({ length: count }, (_, i) => i + 1)
  const compared = rate(seconds, (n) => {
    for (let i = 0; i < count; i++) if (operands[i] === -n) passed = 0
  })
  must(passed > 0)
  return { value: judged * count, limit: compared * count }
}

/** Frames of 1400 bytes from one member's host stack to another's, ten rules in each; the limit sums their bytes. */
export const framesPerSecond = (seconds: number): Measured => {
  const role = controller({ crypto, random: seededRandom(2), self: HOST })
  const tell = (input: Parameters<typeof role.step>[1]) => role.step(role.initial, input, START)[1]
  tell({
    _tag: 'CreateNetwork',
    number: NUMBER,
    change: { private: true, rules: rulesThatPass(10).map((rule) => printRule(rule)) },
  })
  const members = [SENDER, RECEIVER].map((self): Vl2Node => {
    const node = vl2Node({ crypto, self, at: START, known: [HOST, SENDER, RECEIVER] })
    tell({ _tag: 'Authorize', network: NETWORK, member: self.address })
    node.give({ _tag: 'Join', network: NETWORK })
    const answer = tell({ _tag: 'Request', request: requestOf(self, 1) })
    hear(node, HOST, packetsIn(answer))
    return node
  })
  const [sender, receiver] = members as [Vl2Node, Vl2Node]
  sender.take()
  receiver.take()
  const frames = Array.from({ length: BATCH }, () => frame)
  let arrived = 0
  const batches = rate(seconds, () => {
    sender.give({ _tag: 'Frames', network: NETWORK, frames })
    hear(receiver, SENDER, packetsOf(sender.take()))
    arrived += framesOf(receiver.take()).length
  })
  must(arrived > 0 && arrived % BATCH === 0)
  return { value: batches * BATCH, limit: rate(seconds, () => void sum(frame.payload)) }
}

/**
 * Requests answered in a second by a controller whose network has so many members, each request by another one, each
 * answer with an address and ten rules. The limit makes the same three signatures and nothing else.
 */
export const configRequestsPerSecond = (members: number, seconds: number): Measured => {
  const role = controller({ crypto, random: seededRandom(3), self: HOST })
  const everybody = Array.from({ length: members }, (_, i): Identity => ({ ...RECEIVER, address: address(1000 + i) }))
  const network = {
    nwid: printNetworkId(NETWORK),
    private: true,
    routes: [{ target: '10.0.0.0/8', via: null }],
    ipAssignmentPools: [{ ipRangeStart: '10.0.0.1', ipRangeEnd: '10.255.255.254' }],
    v4AssignMode: { zt: true },
    rules: rulesThatPass(10).map((rule) => printRule(rule)),
  }
  const stored = everybody.map((identity, i) => ({
    address: printAddress(identity.address),
    authorized: true,
    identity: printIdentity({ address: identity.address, publicKey: identity.publicKey }),
    ipAssignments: [`10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`],
  }))
  role.step(role.initial, { _tag: 'Restore', network, members: stored }, START)
  let answers = 0
  let bytes = 0
  const asked = rate(seconds, (n) => {
    const input = { _tag: 'Request', request: requestOf(everybody[n % members]!, n) } as const
    // a member that asks twice within a second is not answered
    for (const { data } of packetsIn(role.step(role.initial, input, START + 2_000 * Math.floor(n / members))[1])) {
      answers++
      bytes += data.length
    }
  })
  must(answers > 0)
  const chunk = new Uint8Array(Math.round(bytes / answers))
  const certificate = new Uint8Array(100)
  const signed = rate(seconds, () => {
    for (const message of [certificate, certificate, chunk]) sign(crypto, HOST, message)
  })
  return { value: asked, limit: signed }
}

const hear = (node: Vl2Node, from: Identity, packets: readonly OutPacket[]): void => {
  for (const packet of packets) node.hear(from, packet.verb, payloadOf(packet))
}
const packetsIn = (outputs: readonly ControllerOutput[]): readonly OutPacket[] =>
  outputs.flatMap((output) => (output._tag === 'Send' ? output.packets : []))
const requestOf = (member: Identity, id: number) => ({
  network: NETWORK,
  member,
  metadata: METADATA,
  packetId: BigInt(id),
  via: undefined,
})

/** `count` rules of which the last accepts what the others, a mixture as networks have it, do not match. */
const rulesThatPass = (count: number): readonly Rule[] => [
  ...Array.from({ length: count - 1 }, (_, i): Rule => {
    const flags = { not: false, or: i % 5 !== 0 }
    if (i === count - 2) return { _tag: 'Drop', not: false, or: false }
    switch (i % 5) {
      case 0:
        return { _tag: 'EtherType', value: 0x8100, ...flags }
      case 1:
        return { _tag: 'IpProtocol', value: 50, ...flags }
      case 2:
        return { _tag: 'IpDestPortRange', start: 1, end: 9, ...flags }
      case 3:
        return { _tag: 'Ipv4Source', ip: Uint8Array.of(192, 168, i & 255, 0), bits: 24, ...flags }
      default:
        return { _tag: 'Drop', not: false, or: false }
    }
  }),
  { _tag: 'Accept', not: false, or: false },
]

/** How often `work` is done in a second of CPU time, after a quarter of the time for the compiler. */
const rate = (seconds: number, work: (n: number) => void): number => {
  let n = 0
  const run = (until: number): number => {
    const began = process.cpuUsage()
    const first = n
    for (;;) {
      for (let i = 0; i < 64; i++) work(n++)
      const { user, system } = process.cpuUsage(began)
      if (user + system >= until * 1e6) return ((n - first) * 1e6) / (user + system)
    }
  }
  run(seconds / 4)
  return run(seconds)
}
const must = (truth: boolean): void => {
  if (!truth) throw new Error('what was measured did not happen')
}

const crypto = bestCrypto()
const nodeAt = (at: Address, seed: number): SecretIdentity => {
  const secretKey = seededRandom(seed)(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(crypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(crypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  return { address: at, publicKey, secretKey }
}
const HOST = nodeAt(address(0x60ca6443ca), 1)
const SENDER = nodeAt(address(0x1a02b166b2), 2)
const RECEIVER = nodeAt(address(0x89dd1d2eaf), 3)
const NUMBER = 0x123456
const NETWORK = networkId((BigInt(HOST.address) << 24n) | BigInt(NUMBER))
const METADATA = printDictionary([
  ['v', unsignedValue(7n)],
  ['majv', unsignedValue(1n)],
  ['minv', unsignedValue(14n)],
  ['revv', unsignedValue(1n)],
  ['revr', unsignedValue(1n)],
])
/** Frames of one turn of the event loop. */
const BATCH = 32
/** TCP from 10.0.0.1 to 10.0.0.2. */
const frame: Frame = (() => {
  const payload = withHeadroom(new Uint8Array(1400))
  payload.set([0x45, 0, 5, 0x78, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0xc0, 0, 0, 80])
  const macs = macScheme(NETWORK)
  return { to: macOf(macs, RECEIVER.address), from: macOf(macs, SENDER.address), etherType: 0x0800, payload }
})()

if (import.meta.filename === process.argv[1]) {
  const seconds = Number(process.argv[2] ?? 2)
  const show = (name: string, { value, limit }: Measured): void =>
    console.log(`${name.padEnd(40)} ${value.toFixed(0).padStart(12)}/s  ${(value / limit).toFixed(3)} of the limit`)
  for (const count of [10, 200]) show(`rules, of a list of ${count}`, rulesPerSecond(count, seconds))
  show('frames of 1400 B, both ends', framesPerSecond(seconds))
  for (const members of [1_000, 100_000])
    show(`config requests, ${members} members`, configRequestsPerSecond(members, seconds))
}
