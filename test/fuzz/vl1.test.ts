import { expect } from 'vitest'
import { printIdentity } from '../../src/protocol/crypto/identity.ts'
import type { Endpoint } from '../../src/protocol/datagram.ts'
import { address } from '../../src/protocol/kernel/id.ts'
import { parseEndpoint } from '../../src/protocol/peer/endpoint.ts'
import { MOST_PATHS, PATH_EXPIRE } from '../../src/protocol/peer/path.ts'
import { MAX_PATHS } from '../../src/protocol/peer/peer-record.ts'
import { MOST_CACHED, MOST_PEERS } from '../../src/protocol/peer/peer-table.ts'
import { MOST_REPORTS } from '../../src/protocol/peer/surface.ts'
import { MOST_HELLOS, MOST_PENDING } from '../../src/protocol/peer/validation.ts'
import { MOST_CALLED, MOST_HELD, MOST_PROBES, MOST_SOUGHT, MOST_UNSENT } from '../../src/protocol/peer/waiting.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import type { Vl1State } from '../../src/protocol/vl1.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import { MOST_MOONS } from '../../src/protocol/world/adoption.ts'
import { MOST_INTRODUCTIONS } from '../../src/protocol/world/root.ts'
import { makeWorld, rootAt } from '../protocol/vl1-world.ts'
import { membersOfUnion } from '../support/union.ts'
import { identityNamed } from '../support/vl2-network.ts'
import { oversized } from './collections.ts'
import { captured } from './samples.ts'
import { mustBeOneOf, storm } from './storm.ts'
import { forge } from './vl1-forge.ts'
import { BEACON, type Vl1Host, vl1Net } from './vl1-net.ts'

const [zr, za, zb, zx, zc] = (['zr', 'za', 'zb', 'zx', 'zc'] as const).map(identityNamed)
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr!, '10.0.0.1/9993')])
const samples = captured()
const honest = new Set([zr, za, zb, zx, zc].map((one) => printIdentity(one!)))
const at = (text: string): Endpoint => parseEndpoint(text)!

/** By the names of `src/protocol/peer/node.ts`. */
const bounds: Readonly<Record<string, number>> = {
  peers: MOST_PEERS,
  'peers[].routes': MAX_PATHS,
  cache: MOST_CACHED,
  'cache[].endpoints': MAX_PATHS,
  'paths.byAddress': MOST_PATHS,
  'paths.byAddress[]': MOST_PATHS,
  introductions: MOST_INTRODUCTIONS,
  'waiting.held': MOST_HELD,
  'waiting.unsent': MOST_UNSENT,
  'waiting.sought': MOST_SOUGHT,
  'waiting.called': MOST_CALLED,
  'waiting.probes': MOST_PROBES,
  'validations.pending': MOST_PENDING,
  'validations.pending[].hellos': MOST_HELLOS,
  'validations.groups': 0x4000,
  'surface.reports': MOST_REPORTS,
  moons: MOST_MOONS,
  seeds: MOST_MOONS,
  'assembly.slots': 32,
}
/** Between two steps nothing waits to be said or opened. */
const empty = (state: Vl1State): boolean =>
  [state.arrived, state.reached, state.dirty, state.news, state.outbox, state.messages].every((x) => x.length === 0) &&
  [...state.peers.values()].every((peer) => peer.inbox.length === 0 && peer.inboxPaths.length === 0)

const outputTags: ReadonlySet<string> = new Set(
  'Transmit Received Drop Learned Peer Indirect Online Collision World Validate Forget Trace'.split(' '),
)
const reasons = new Set(membersOfUnion('src/protocol/vl1-io.ts', 'DropReason'))

storm(
  'VL1',
  0.4,
  (c, tally, seed) => {
    let accounted = 0
    let quiet = false
    const tapped = new Set<Vl1Host>()
    const net = vl1Net(
      seed,
      planet,
      [
        [zr!, at('10.0.0.1/9993')],
        [za!, at('10.0.0.2/9993')],
        [zb!, at('10.0.0.3/9993')],
        [zx!, at('10.0.0.4/9993')],
      ],
      (host, output) => {
        mustBeOneOf(output._tag, outputTags)
        if (output._tag === 'Drop') {
          mustBeOneOf(output.reason, reasons)
          if (!quiet) tally.count(`drop ${output.reason}`)
          // what is too short to be a packet is counted, and not shown to those who tap the wire
          if (output.reason === 'runt') accounted++
        }
        if (output._tag === 'Trace' && output.trace.direction === 'in' && tapped.has(host)) {
          accounted++
          if (!quiet) tally.count(`outcome ${output.trace.outcome}`)
        }
      },
      (_address, text) => honest.has(text) || c.once(4),
    )
    const [, a, b] = net.hosts
    const say = (from: Vl1Host, to: Vl1Host, text: string): void => {
      const data = new Uint8Array([...new Uint8Array(HEADER), ...Buffer.from(text)])
      net.give(from, {
        _tag: 'Send',
        packets: [{ to: to.self.address, verb: verbCode.userMessage, data, compress: true }],
      })
    }
    for (let i = 0; i < 6; i++) {
      net.run(500)
      say(a!, b!, 'x'.repeat(30 + 500 * i))
      say(b!, a!, 'y'.repeat(30 + 500 * i))
    }
    net.give(b!, { _tag: 'Trust', peers: [a!.self.address] })
    net.run(2_000)
    const genuine = [...net.recent]
    const smith = forge(c, [zr!, za!, zb!, zx!, zc!], samples)
    const elsewhere = (): Endpoint => {
      const port = 1 + c.below(65_535)
      if (c.once(4)) return { address: `2001:db8:${c.below(4096).toString(16)}::${c.below(9) + 1}`, port }
      return { address: `198.${c.below(256)}.${c.below(256)}.${c.below(256)}`, port }
    }
    // everything from here on is accounted for
    for (const host of net.hosts) {
      net.give(host, { _tag: 'Tap', on: true })
      tapped.add(host)
    }
    net.run(40_000)
    accounted = 0
    const before = net.arrived
    return {
      feed: () => {
        const victim = c.pick(net.hosts)
        const [kind, data] = smith.make(c.once(2) ? genuine : net.recent, victim.self)
        const from = c.once(2) ? elsewhere() : c.pick(net.hosts).at
        tally.count('inputs')
        tally.count(`input ${kind}`)
        // a batch of a link may hold anything beside it
        const batch = (c.once(4) ? [data, c.pick(genuine).data] : [data]).map((one) => ({
          data: one.slice(),
          from,
          socket: 0,
        }))
        const outputs = net.give(victim, { _tag: 'Datagrams', batch })
        if (data.length === BEACON) expect(outputs.length).toBeGreaterThan(0)
        if (c.once(40)) {
          const packet = { to: c.once(2) ? a!.self.address : address(1 + c.below(1 << 30)), verb: c.below(32) }
          const length = HEADER + c.below(c.once(2) ? 100 : 12_000)
          const via = c.once(3) ? { via: { endpoint: from, socket: 0 } } : {}
          net.give(victim, {
            _tag: 'Send',
            packets: [{ ...packet, ...via, data: new Uint8Array(length), compress: c.once(2) }],
          })
        }
        if (c.once(20)) net.run(c.pick([0, 5, 50, 500, 500, 6_000]))
        if (c.once(100)) say(a!, b!, 'still here')
        return { victim: victim.self.address.toString(16), from, kind, data }
      },
      check: () => {
        for (const { state } of net.hosts) {
          expect(oversized(pick(state), bounds, 64)).toEqual([])
          expect(state.paths.size).toBe([...state.paths.byAddress.values()].reduce((sum, one) => sum + one.size, 0))
          expect(state.paths.size).toBeLessThanOrEqual(MOST_PATHS)
          expect(empty(state)).toBe(true)
        }
      },
      aftermath: () => {
        quiet = true
        net.run(40_000)
        // the wire is tapped by everybody: each datagram has come to something by now
        expect(accounted).toBe(net.arrived - before)
        a!.messages.length = 0
        b!.messages.length = 0
        const heard = (host: Vl1Host): boolean =>
          host.messages.some(({ payload }) => Buffer.from(payload).toString() === 'after all')
        // a false path that was confirmed with the peer's own keys carries nothing, and expires
        for (
          const until = net.now + PATH_EXPIRE + 60_000;
          net.now < until && !(heard(a!) && heard(b!));
          net.run(2_000)
        ) {
          say(a!, b!, 'after all')
          say(b!, a!, 'after all')
        }
        expect([heard(a!), heard(b!)]).toEqual([true, true])
      },
    }
  },
  (seen) => [...reasons].filter((reason) => !seen.has(`drop ${reason}`)),
)

/** What VL1 remembers, without what it was given. */
const pick = (state: Vl1State) => {
  const { peers, cache, paths, introductions, waiting, validations, surface, moons, seeds, assembly, contacts } = state
  return { peers, cache, paths, introductions, waiting, validations, surface, moons, seeds, assembly, contacts }
}
