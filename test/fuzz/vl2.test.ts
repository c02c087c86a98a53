import { expect } from 'vitest'
import type { Identity } from '../../src/protocol/crypto/identity.ts'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { type Address, address, mac, type NetworkId, networkId, parseNetworkId } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { HOST_GROUPS } from '../../src/protocol/network/announce.ts'
import { ROUTES } from '../../src/protocol/network/bridge.ts'
import { controller as controllerRole } from '../../src/protocol/network/controller.ts'
import type { ControllerInput, ControllerOutput } from '../../src/protocol/network/controller-io.ts'
import { MAX_MEMBERS, MAX_STRANGERS, MAX_WAITING } from '../../src/protocol/network/controller-state.ts'
import { HELD } from '../../src/protocol/network/held.ts'
import { macOf, macScheme } from '../../src/protocol/network/mac.ts'
import { MEMBERS } from '../../src/protocol/network/member.ts'
import { CREDENTIALS } from '../../src/protocol/network/membership.ts'
import { GROUPS, MEMBERSHIPS, MEMBERSHIPS_OF_PEER } from '../../src/protocol/network/multicast-group.ts'
import { GROUPS_BEHIND, OUTGOING } from '../../src/protocol/network/multicast-send.ts'
import { MAX_RULES } from '../../src/protocol/network/rule.ts'
import { BUDGETS } from '../../src/protocol/network/signature-budget.ts'
import { FRAME_FIELDS, framePacket } from '../../src/protocol/verb/frame.ts'
import { networkKey } from '../../src/protocol/verb/network-key.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER, type OutPacket } from '../../src/protocol/vl1-io.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'
import { membersOfUnion } from '../support/union.ts'
import { identityNamed, NETWORK } from '../support/vl2-network.ts'
import {
  framesOf,
  messageOf,
  packetsOf,
  payloadOf,
  START,
  type Vl2Node,
  vl2Node,
  withHeadroom,
} from '../support/vl2-node.ts'
import { oversized } from './collections.ts'
import { captured } from './samples.ts'
import { mustBeOneOf, storm } from './storm.ts'
import { vl2Forge } from './vl2-forge.ts'

const [zr, zc, za, zb, zx] = (['zr', 'zc', 'za', 'zb', 'zx'] as const).map(identityNamed)
const everybody: readonly Identity[] = [zr!, zc!, za!, zb!, zx!]
const samples = captured().filter(({ verb }) => verb !== verbCode.hello && verb !== verbCode.whois)
/** Of the same controller and the same members; nobody forges anything for it. */
const QUIET = networkId((BigInt(zc!.address) << 24n) | 2n)
const UNKNOWN = parseNetworkId('1234567890000001')!
const ADHOC = parseNetworkId('ff0000ffff000000')!

const frameOf = (network: NetworkId): Uint8Array =>
  framePacket(networkKey(network), 0x0800, new Uint8Array(20)).slice(HEADER)

/** By the names of `src/protocol/network/{turn,joined,member,multicast-group}.ts`. */
const bounds: Readonly<Record<string, number>> = {
  'table.byId[].members': MEMBERS,
  'table.byId[].members[].credentials': CREDENTIALS,
  'table.byId[].members[].revoked': CREDENTIALS,
  'table.byId[].routes': ROUTES,
  'table.byId[].inbox': 0,
  'table.byId[].hostGroups': HOST_GROUPS,
  'table.byId[].groupsBehind': GROUPS_BEHIND,
  'table.byId[].groups': HOST_GROUPS + GROUPS_BEHIND + 1,
  'table.byId[].assembly.slots': 3,
  'table.byId[].assembly.slots[].chunks': 474,
  held: HELD,
  outgoing: OUTGOING,
  'outgoing[].done': MEMBERS,
  'groups.networks': GROUPS,
  'groups.networks[]': GROUPS,
  'groups.networks[][].members': MEMBERSHIPS,
  'groups.ofPeer': MEMBERSHIPS,
  signatureBudgets: BUDGETS,
}
const roleBounds: Readonly<Record<string, number>> = {
  'networks[].members': MAX_MEMBERS,
  'networks[].owners': MAX_MEMBERS,
  strangers: MAX_STRANGERS,
  due: MAX_MEMBERS,
  logins: MAX_MEMBERS,
}
const outputTags: ReadonlySet<string> = new Set(
  'Send Frames Bridged Network Store Trust Whois Drop ConfigRequest Traced'.split(' '),
)
const reasons = new Set(membersOfUnion('src/protocol/vl2-io.ts', 'FrameDropReason'))
const roleReasons = new Set(membersOfUnion('src/protocol/network/controller-io.ts', 'ControllerDropReason'))

storm(
  'VL2',
  0.25,
  (c, tally, seed) => {
    const role = controllerRole({ crypto: fastCrypto, random: seededRandom(seed), self: zc! })
    let ids = 1n
    const nodeOf = (self: Identity, controller: boolean): Vl2Node =>
      vl2Node({ crypto: fastCrypto, self, known: everybody, roots: [zr!.address], seed, controller })
    const nodes = new Map<Address, Vl2Node>([zc!, za!, zb!].map((self) => [self.address, nodeOf(self, self === zc)]))
    const arrived: { readonly at: Address; readonly frame: Frame }[] = []
    const deliver = (from: Address, packet: OutPacket): void => {
      const sender = everybody.find((one) => one.address === from)!
      nodes.get(packet.to)?.hear(sender, packet.verb, payloadOf(packet).slice(), ids++ << 32n)
    }
    const tell = (input: ControllerInput): void =>
      heed(role.step(role.initial, input, nodes.get(zc!.address)!.now())[1])
    const heed = (outputs: readonly ControllerOutput[]): void => {
      for (const output of outputs) {
        if (output._tag === 'Drop') {
          mustBeOneOf(output.reason, roleReasons)
          tally.count(`controller drop ${output.reason}`)
        }
        if (output._tag === 'Send') for (const packet of output.packets) deliver(zc!.address, packet)
        if (output._tag === 'Configured' || output._tag === 'Refused') nodes.get(zc!.address)!.give(output)
      }
    }
    /** Hands on what was said, until all are silent. */
    const settle = (): void => {
      for (let busy = true, rounds = 0; busy; rounds++) {
        busy = false
        if (rounds > 200) throw new Error('they never stop talking')
        for (const [from, node] of nodes)
          for (const output of node.take()) {
            busy = true
            mustBeOneOf(output._tag, outputTags)
            if (output._tag === 'Drop') {
              mustBeOneOf(output.reason, reasons)
              tally.count(`drop ${output.reason}`)
            }
            if (output._tag === 'ConfigRequest') tell({ _tag: 'Request', request: output.request })
            for (const packet of packetsOf([output])) deliver(from, packet)
            for (const frame of framesOf([output])) arrived.push({ at: from, frame })
          }
        if (role.deadline(role.initial) < Infinity) heed(role.tick(role.initial, nodes.get(zc!.address)!.now())[1])
      }
      arrived.splice(0, Math.max(0, arrived.length - 50))
    }
    const pass = (span: number): void => {
      for (const end = now() + span; now() < end; ) {
        const next = Math.min(end, now() + 1_000)
        for (const node of nodes.values()) node.passTo(next)
        settle()
      }
    }
    const now = (): number => nodes.get(za!.address)!.now()

    const change = {
      private: true,
      v4AssignMode: { zt: true },
      ipAssignmentPools: [{ ipRangeStart: '10.1.0.1', ipRangeEnd: '10.1.0.200' }],
      routes: [{ target: '10.1.0.0/24' }],
    }
    for (const network of [NETWORK, QUIET]) {
      tell({ _tag: 'CreateNetwork', number: Number(network & 0xff_ffffn), change })
      for (const member of [za!, zb!]) tell({ _tag: 'Authorize', network, member: member.address })
    }
    for (const self of [za!, zb!])
      for (const network of [NETWORK, QUIET, ADHOC, UNKNOWN]) nodes.get(self.address)!.give({ _tag: 'Join', network })
    settle()
    pass(5_000)
    const smith = vl2Forge(c, NETWORK, UNKNOWN, zc!, [za!, zb!, zx!], samples)
    const anybody = (): Identity =>
      c.once(4) ? { address: address(1 + c.below(1 << 30)), publicKey: c.bytes(64) } : c.pick(everybody)
    const anyMac = () => mac(c.pick([c.below(2 ** 31) * 2 ** 16, 0xffff_ffff_ffff, 0x3333_0000_0001, 0]))

    return {
      feed: () => {
        const victim = c.pick([za!, za!, zb!, zc!])
        const node = nodes.get(victim.address)!
        const [kind, { verb, payload }] = smith(now())
        const from = anybody()
        tally.count('inputs')
        tally.count(`input ${kind}`)
        node.give({ _tag: 'Messages', messages: [messageOf(from, verb, payload.slice(), ids++ << 32n)] })
        const outputs = node.take()
        if (outputs.length === 0) tally.count(`nothing to say about 0x${verb.toString(16).padStart(2, '0')}`)
        // a frame or a request is acted on, answered or dropped aloud, always
        if ((verb === verbCode.frame && payload.length > FRAME_FIELDS) || verb === verbCode.networkConfigRequest)
          expect(outputs.length).toBeGreaterThan(0)
        for (const output of outputs) {
          mustBeOneOf(output._tag, outputTags)
          if (output._tag === 'Drop') tally.count(`drop ${output.reason}`)
          if (output._tag === 'ConfigRequest') tell({ _tag: 'Request', request: output.request })
          if (output._tag === 'Traced') tell({ _tag: 'Traces', peer: output.peer, traces: output.traces })
          for (const packet of packetsOf([output])) if (c.once(2)) deliver(victim.address, packet)
        }
        if (c.once(10)) {
          const own = macOf(macScheme(NETWORK), victim.address)
          const frame = {
            to: anyMac(),
            from: c.once(3) ? anyMac() : own,
            etherType: c.pick([0x800, 0x806, 0x86dd, c.below(0x10000)]),
          }
          const frames = [{ ...frame, payload: withHeadroom(c.bytes(c.below(c.once(9) ? 12_000 : 100))) }]
          node.give({ _tag: 'Frames', network: c.pick([NETWORK, NETWORK, ADHOC, UNKNOWN, networkId(1n)]), frames })
        }
        if (c.once(60)) {
          const groups = Array.from({ length: c.below(4) }, () => ({ mac: anyMac(), adi: c.below(9) }))
          node.give({ _tag: 'Groups', network: NETWORK, groups })
        }
        if (c.once(500)) {
          const again = () => messageOf(zx!, verbCode.frame, frameOf(NETWORK), ids++ << 32n)
          node.give({ _tag: 'Messages', messages: Array.from({ length: 40 }, again) })
        }
        if (c.once(60)) node.give({ _tag: 'Learned', identity: c.pick(everybody) })
        settle()
        if (c.once(30)) pass(c.pick([10, 500, 2_000, 6_000]))
        return { victim: victim.address.toString(16), from: from.address.toString(16), kind, verb, payload }
      },
      check: () => {
        for (const { state } of nodes.values()) {
          expect(oversized(state, bounds, MAX_RULES)).toEqual([])
          const { groups } = state
          const all = [...groups.networks.values()].flatMap((one) => [...one.values()])
          expect(groups.groups).toBe(all.length)
          expect(groups.memberships).toBe(all.reduce((sum, one) => sum + one.members.size, 0))
          expect(groups.memberships).toBeLessThanOrEqual(MEMBERSHIPS)
          expect(Math.max(0, ...groups.ofPeer.values())).toBeLessThanOrEqual(MEMBERSHIPS_OF_PEER)
        }
        expect(oversized(role.initial, roleBounds, MAX_RULES)).toEqual([])
        for (const one of role.initial.networks.values()) expect(one.waiting).toBeLessThanOrEqual(MAX_WAITING)
      },
      aftermath: () => {
        pass(130_000)
        const macs = macScheme(QUIET)
        const [from, to] = [macOf(macs, za!.address), macOf(macs, zb!.address)]
        const text = Buffer.from('after all')
        for (let i = 0; i < 10; i++) {
          const frames = [{ from, to, etherType: 0x0800, payload: withHeadroom(text) }]
          nodes.get(za!.address)!.give({ _tag: 'Frames', network: QUIET, frames })
          settle()
          pass(2_000)
        }
        const heard = arrived.filter(({ at, frame }) => at === zb!.address && frame.to === to && frame.from === from)
        expect(heard.map(({ frame }) => Buffer.from(frame.payload).toString())).toContain('after all')
        expect(now()).toBeGreaterThan(START)
      },
    }
  },
  (seen) => [...reasons].filter((reason) => !seen.has(`drop ${reason}`)),
)
