import { describe, expect, it } from 'vitest'
import { agree } from '../../../src/protocol/crypto/agreement.ts'
import { type Codec, encode, writeU32 } from '../../../src/protocol/kernel/codec.ts'
import { type Address, address, writeU40 } from '../../../src/protocol/kernel/id.ts'
import { fragment } from '../../../src/protocol/packet/fragment.ts'
import { writeHeader } from '../../../src/protocol/packet/header.ts'
import { BEACON_GATE } from '../../../src/protocol/peer/beacon.ts'
import { MOST_PATHS } from '../../../src/protocol/peer/path.ts'
import { MOST_HASTY } from '../../../src/protocol/peer/push-gate.ts'
import { AGREEMENT_RATE, CHECK_BURST, CHECK_RATE, GROUP_BURST } from '../../../src/protocol/peer/validation.ts'
import { ASKS_BURST, ASKS_KEPT, ASKS_PER_SECOND, MOST_CALLED, MOST_HELD } from '../../../src/protocol/peer/waiting.ts'
import { echo } from '../../../src/protocol/verb/echo.ts'
import { hello } from '../../../src/protocol/verb/hello.ts'
import { pushDirectPaths } from '../../../src/protocol/verb/push-direct-paths.ts'
import { rendezvous, rendezvousAt } from '../../../src/protocol/verb/rendezvous.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { whois } from '../../../src/protocol/verb/whois.ts'
import { peerIn } from '../../../src/protocol/vl1.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { UNITE_INTERVAL } from '../../../src/protocol/world/root.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { identityOf, text } from '../vl1-world.ts'
import { ENEMY, overfull, ROOT, Siege } from './siege.ts'

const [za, zb, zc, zx] = (['za', 'zb', 'zc', 'zx'] as const).map(identityOf) as [Id, Id, Id, Id]
type Id = ReturnType<typeof identityOf>

/** Nothing but a header and some bytes, sealed with no key. */
const junk = (n: number, to: Address, from: number, flags = 0x88, length = 60): Uint8Array => {
  const packet = new Uint8Array(length)
  writeU32(packet, 4, n)
  writeU40(packet, 8, to)
  writeU40(packet, 13, from)
  packet[18] = flags
  return packet
}
/** A packet of the enemy with a good MAC; the same may be sent as often as one likes. */
const sealed = <A>(siege: Siege, verb: number, codec: Codec<A>, value: A): Uint8Array => {
  const body = encode(codec, value)
  const packet = new Uint8Array(HEADER + body.length)
  packet.set(body, HEADER)
  writeHeader(packet, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), siege.node.identity.address, zx.address, verb)
  siege.enemy.session.seal(1, [packet])
  return packet
}
/** Any of 2^24 places, at most one of a /24 in 65 536 in a row. */
const elsewhere = (n: number): string => `${20 + (n >> 16)}.${(n >> 8) & 0xff}.${n & 0xff}.9/4444`
const empty = { data: new Uint8Array(0) }

describe('a flood delays no known peer, and leaves no table overfull:', () => {
  it('packets from addresses that nobody has', () => {
    const siege = new Siege()
    const { net, node, work } = siege
    const [wire, opened] = [net.wire.length, work.opened]
    const delay = siege.storm(200, 20, (n) => [junk(n, za.address, 0x10_2030_0000 + n), elsewhere(n)])
    expect(delay).toBe(0)
    expect(overfull(node.state)).toEqual([])
    expect(node.state.waiting.held).toHaveLength(MOST_HELD)
    // no cipher is touched for them, and the root is asked for as many as the pace allows that is not ours
    expect(work.opened - opened).toBeLessThanOrEqual(20 + 5)
    expect(siege.sent(wire, (to) => to === ROOT)).toBeLessThanOrEqual(ASKS_BURST - ASKS_KEPT + ASKS_PER_SECOND)
  })

  it('packets of a peer that are damaged: one cipher call each, and nothing is sent', () => {
    const siege = new Siege()
    const { net, node, work } = siege
    const packet = sealed(siege, verbCode.echo, echo, empty)
    packet[20]! ^= 1
    const [wire, opened] = [net.wire.length, work.opened]
    expect(siege.storm(100, 10, () => [packet, ENEMY])).toBe(0)
    expect(work.opened - opened).toBeLessThanOrEqual(1_000 + 10)
    expect(siege.sent(wire, (to) => to === ENEMY)).toBe(0)
    expect(siege.drops()).toEqual({ 'bad-mac': 1_000 })
    expect(overfull(node.state)).toEqual([])
  })

  it('endpoints without end: the paths of peers stay, and so does the room for new ones', () => {
    const siege = new Siege()
    const { net, node, friend } = siege
    const packet = sealed(siege, verbCode.nop, echo, empty)
    packet[20]! ^= 1 // not even genuine
    const before = peerIn(node.state, friend.identity.address)?.paths.map(({ endpoint }) => endpoint)
    expect(siege.storm(100, Math.ceil((MOST_PATHS * 1.2) / 100), (n) => [packet, elsewhere(n)])).toBe(0)
    expect(overfull(node.state)).toEqual([])
    expect(peerIn(node.state, friend.identity.address)?.paths.map(({ endpoint }) => endpoint)).toEqual(before)
    // a peer that comes while it lasts has a path that is remembered
    const guest = siege.newcomer(zc)
    net.send(guest, node, verbCode.userMessage, text('may I'))
    siege.storm(100, 20, (n) => [packet, elsewhere(n)])
    expect(net.link(node, guest)).toBe('direct')
    const heard = peerIn(node.state, guest.identity.address)!.paths[0]!.lastReceive
    net.run(50)
    net.send(guest, node, verbCode.userMessage, text('still me'))
    net.run(10)
    expect(peerIn(node.state, guest.identity.address)!.paths[0]!.lastReceive).toBeGreaterThan(heard)
  })

  it('pieces of packets from one place: those from others are put together', () => {
    const siege = new Siege()
    const { net, node, friend } = siege
    const pieces = (n: number): Uint8Array => fragment(junk(n, za.address, zx.address, 0xc8, 1_500), 1_400)[n & 1]!
    expect(siege.storm(100, 40, (n) => [pieces(n), ENEMY], 'x'.repeat(3_000))).toBe(0)
    expect(siege.drops()['queue-full']).toBeGreaterThan(3_500)
    expect(overfull(node.state)).toEqual([])
    // the rest of a packet may come after any number of theirs
    net.lose = () => true
    const wire = net.wire.length
    net.send(friend, node, verbCode.userMessage, text('y'.repeat(3_000)))
    const [head, ...rest] = net.wire.slice(wire)
    net.inject(node, head!.from, head!.data.slice())
    for (let n = 0; n < 200; n++) net.inject(node, ENEMY, pieces(2 * n))
    for (const { from, data } of rest) net.inject(node, from, data.slice())
    expect(net.texts(node).at(-1)).toBe('y'.repeat(3_000))
  })

  it('HELLO of strangers with a wrong MAC: so many key agreements a second, and no memory-hard check', () => {
    const siege = new Siege()
    const { node, work } = siege
    const made = [0, 1, 2, 3].map((k) => {
      const stranger = { address: address(0x20_0000_0000 + k), publicKey: new Uint8Array(64).fill(9 + k) }
      const version = { protocol: 12, major: 1, minor: 14, revision: 1, clock: 1n }
      const body = encode(hello, { ...version, identity: stranger, sentTo: undefined, planet: undefined })
      const packet = new Uint8Array(HEADER + body.length)
      packet.set(body, HEADER)
      writeHeader(packet, new Uint8Array(8), za.address, stranger.address, verbCode.hello)
      return packet
    })
    const [before, said] = [work.agreements, node.said.length]
    expect(siege.storm(100, 30, (n) => [made[n & 3]!, elsewhere(n)])).toBe(0)
    expect(work.agreements - before).toBeLessThanOrEqual(AGREEMENT_RATE * 1.1)
    expect(node.said.slice(said).filter(({ output }) => output._tag === 'Validate')).toEqual([])
    expect(siege.drops()['rate-limited']).toBeGreaterThan(1_800)
    expect(overfull(node.state)).toEqual([])
  })

  it('HELLO of strangers with a good MAC: as many memory-hard checks as the gate of the prefix and that of all let through', () => {
    const siege = new Siege()
    const { net, node } = siege
    net.validation = 1e9 // no verdict ever comes
    const checks = (): number => node.said.filter(({ output }) => output._tag === 'Validate').length
    const before = checks()
    const key = nobleCrypto.session(agree(nobleCrypto, zc, node.identity)!)
    const greeting = (n: number): Uint8Array => {
      const stranger = { address: address(0x30_0000_0000 + n), publicKey: zc.publicKey }
      const version = { protocol: 12, major: 1, minor: 14, revision: 1, clock: 1n }
      const body = encode(hello, { ...version, identity: stranger, sentTo: undefined, planet: undefined })
      const packet = new Uint8Array(HEADER + body.length)
      packet.set(body, HEADER)
      writeHeader(packet, new Uint8Array(8), za.address, stranger.address, verbCode.hello)
      key.seal(0, [packet])
      return packet
    }
    expect(siege.storm(100, 1, (n) => [greeting(n), '10.9.9.9/1'])).toBe(0)
    expect(checks() - before).toBeLessThanOrEqual(GROUP_BURST + 2)
    expect(siege.storm(200, 1, (n) => [greeting(n), elsewhere(n)])).toBe(0)
    expect(checks() - before).toBeLessThanOrEqual(CHECK_BURST + CHECK_RATE)
    expect(overfull(node.state)).toEqual([])
    net.run(40_000)
    expect(node.state.validations.pending.size).toBe(0)
  })

  it('HELLO of a peer: one cipher call and one answer each', () => {
    const siege = new Siege()
    const { net, node, work } = siege
    const version = { protocol: 12, major: 1, minor: 14, revision: 1, clock: 1n }
    const greeting = sealedHello(siege, { ...version, identity: zx, sentTo: undefined, planet: undefined })
    const [wire, peers, opened] = [net.wire.length, node.state.peers.size, work.opened]
    expect(siege.storm(100, 5, () => [greeting, ENEMY])).toBe(0)
    expect(siege.sent(wire, (to) => to === ENEMY)).toBeLessThanOrEqual(500 + 1)
    expect(work.opened - opened).toBeLessThanOrEqual(500 + 15)
    expect(node.state.peers.size).toBe(peers)
    expect(overfull(node.state)).toEqual([])
  })

  it('ECHO of a peer: answered six times a second on each path', () => {
    const siege = new Siege()
    const { net } = siege
    const ping = sealed(siege, verbCode.echo, echo, empty)
    const wire = net.wire.length
    expect(siege.storm(500, 2, () => [ping, ENEMY])).toBe(0)
    expect(siege.sent(wire, (to) => to === ENEMY)).toBeLessThanOrEqual(4)
    expect(siege.drops()['rate-limited']).toBeGreaterThan(990)
  })

  it('ECHO of a peer from endpoints without end: no more answers than questions, and nothing kept', () => {
    const siege = new Siege()
    const { net, node } = siege
    const ping = sealed(siege, verbCode.echo, echo, empty)
    const wire = net.wire.length
    expect(siege.storm(100, 5, (n) => [ping, elsewhere(n)])).toBe(0)
    // an OK, and a HELLO to confirm the path
    expect(siege.sent(wire, (to) => !to.startsWith('10.'))).toBeLessThanOrEqual(2 * 500)
    expect(overfull(node.state)).toEqual([])
    expect(peerIn(node.state, zx.address)?.paths).toHaveLength(1)
  })

  it('WHOIS of a peer: one in 100 ms is looked up, and the questions it causes wait for ours', () => {
    const siege = new Siege()
    const { net, node } = siege
    const wire = net.wire.length
    const question = sealed(
      siege,
      verbCode.whois,
      whois,
      Array.from({ length: 200 }, (_, i) => address(0x40_0000_0000 + i)),
    )
    expect(siege.storm(300, 10, () => [question, ENEMY])).toBe(0)
    expect(siege.drops()['rate-limited']).toBeGreaterThan(2_990)
    expect(siege.sent(wire, (to) => to === ROOT)).toBeLessThanOrEqual(10)
    expect(overfull(node.state)).toEqual([])
  })

  it('PUSH_DIRECT_PATHS of a peer: eight in a row, eight endpoints of a kind in each', () => {
    const siege = new Siege()
    const { net, node } = siege
    const wire = net.wire.length
    const paths = Array.from({ length: 50 }, (_, i) => ({
      flags: 0,
      extension: new Uint8Array(0),
      endpoint: { address: `44.0.0.${i}`, port: 7 },
    }))
    const push = sealed(siege, verbCode.pushDirectPaths, pushDirectPaths, { paths })
    expect(siege.storm(100, 10, () => [push, ENEMY])).toBe(0)
    expect(siege.sent(wire, (to) => to.startsWith('44.'))).toBeLessThanOrEqual(MOST_HASTY * 8)
    expect(siege.drops()['rate-limited']).toBe(1_000 - MOST_HASTY)
    expect(overfull(node.state)).toEqual([])
  })

  it('USER_MESSAGE of a peer: each is passed on, nothing is kept or answered', () => {
    const siege = new Siege()
    const { net, node } = siege
    const wire = net.wire.length
    const message = sealed(siege, verbCode.userMessage, echo, { data: new Uint8Array(1_000) })
    const before = node.messages.length
    expect(siege.storm(100, 10, () => [message, ENEMY])).toBe(0)
    expect(node.messages.length - before).toBe(1_000 + 10)
    expect(siege.sent(wire, (to) => to === ENEMY)).toBe(0)
  })

  it('greetings of the LAN in the name of a peer: one in 2.5 s is answered', () => {
    const siege = new Siege()
    const beacon = new Uint8Array(13)
    writeU40(beacon, 8, zb.address)
    const wire = siege.net.wire.length
    expect(siege.storm(100, 10, () => [beacon, '10.0.0.3/9993'])).toBe(0)
    expect(siege.sent(wire, (to) => to === '10.0.0.3/9993')).toBeLessThanOrEqual(1)
    expect(siege.drops()['rate-limited']).toBe(999)
    expect(BEACON_GATE).toBeGreaterThan(100)
  })

  it('RENDEZVOUS of a root gone mad: so many calls are kept', () => {
    const siege = new Siege()
    const { net, node, root } = siege
    for (let i = 0; i < 500; i++) {
      const call = rendezvousAt(address(0x50_0000_0000 + i), { address: '44.0.0.1', port: 1 + i })!
      const data = new Uint8Array(HEADER + 13)
      data.set(encode(rendezvous, call), HEADER)
      net.give(root, { _tag: 'Send', packets: [{ to: node.identity.address, verb: verbCode.rendezvous, data }] })
    }
    net.run(10)
    expect(node.state.waiting.called.size).toBe(MOST_CALLED)
    expect(overfull(node.state)).toEqual([])
  })

  it('packets to be relayed between peers that say nothing: passed on, and each pair is introduced once in 30 s', () => {
    const siege = new Siege({ asRoot: true })
    const { net } = siege
    const wire = net.wire.length
    const forged = junk(1, za.address, zb.address)
    expect(siege.storm(200, 10, () => [forged, ENEMY])).toBe(0)
    const told = net.wire.slice(wire).filter(({ to, data }) => to === '10.0.0.2/9993' && data.length === 41)
    expect(told).toHaveLength(1)
    expect(siege.sent(wire, (to) => to === '10.0.0.2/9993')).toBeLessThanOrEqual(2_000 + 5)
    expect(UNITE_INTERVAL).toBeGreaterThan(200)
    expect(overfull(siege.node.state)).toEqual([])
  })
})

describe('while strangers flood a node', () => {
  it('it meets whom it wants to meet as soon as without them', () => {
    const meeting = (flooded: boolean): number => {
      const siege = new Siege()
      const { net, node } = siege
      const guest = siege.newcomer(zc)
      if (flooded) siege.storm(100, 30, (n) => [junk(n, za.address, 0x10_2030_0000 + n), elsewhere(n)])
      const before = net.now
      net.send(node, guest, verbCode.userMessage, text('come in'))
      for (let i = 0; i < 100 && guest.messages.length === 0; i++)
        siege.storm(1, flooded ? 30 : 0, (n) => [junk(n, za.address, 0x10_2030_0000 + n), elsewhere(n)])
      return guest.said.find(({ output }) => output._tag === 'Received')!.at - before
    }
    expect(meeting(true)).toBe(meeting(false))
  })

  it('a stranger that says HELLO itself is let in after one check', () => {
    const siege = new Siege()
    const { net, node } = siege
    siege.storm(100, 30, (n) => [junk(n, za.address, 0x10_2030_0000 + n), elsewhere(n)])
    const guest = net.add('guest', zc, '10.0.77.7/9993', { knownPeers: [recordOfNode(siege)] })
    net.send(guest, node, verbCode.userMessage, text('knock'))
    net.run(100)
    expect(net.link(node, guest)).toBe('direct')
  })
})

const sealedHello = (siege: Siege, value: Parameters<typeof hello.write>[1]): Uint8Array => {
  const body = encode(hello, value)
  const packet = new Uint8Array(HEADER + body.length)
  packet.set(body, HEADER)
  writeHeader(packet, Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1), siege.node.identity.address, zx.address, verbCode.hello)
  siege.enemy.session.seal(0, [packet])
  return packet
}

/** What a node of an earlier run remembers of the one under siege. */
const recordOfNode = ({ node }: Siege) => ({
  identity: node.identity,
  ...{ protocol: 12, major: 1, minor: 14, revision: 1 },
  endpoints: node.endpoints,
})
