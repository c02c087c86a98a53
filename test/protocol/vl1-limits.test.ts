import { describe, expect, it } from 'vitest'
import { encode } from '../../src/protocol/kernel/codec.ts'
import { packetIdOf } from '../../src/protocol/packet/header.ts'
import { ECHO_GATE } from '../../src/protocol/peer/dispatch.ts'
import { WHOIS_GATE } from '../../src/protocol/peer/introduction.ts'
import { CONFIRM_AGAIN } from '../../src/protocol/peer/learning.ts'
import { MOST_HASTY, PUSH_WINDOW } from '../../src/protocol/peer/push-gate.ts'
import { GROUP_BURST, GROUP_RATE } from '../../src/protocol/peer/validation.ts'
import { echo } from '../../src/protocol/verb/echo.ts'
import { error, errorCode } from '../../src/protocol/verb/error.ts'
import { hello } from '../../src/protocol/verb/hello.ts'
import { ok, okHello, okWhois } from '../../src/protocol/verb/ok.ts'
import { pushDirectPaths } from '../../src/protocol/verb/push-direct-paths.ts'
import { rendezvous, rendezvousAt } from '../../src/protocol/verb/rendezvous.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { whois } from '../../src/protocol/verb/whois.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { world } from '../../src/protocol/world/world.ts'
import { B, Hand, handDriven } from './vl1-hand.ts'
import { identityOf, makeWorld, outPacket, rootAt, World1 } from './vl1-world.ts'

/** Each row of the table of security checks and rate limits in `docs/protocol/vl1.md`, exceeded. */
const [zr, za, zb, zc, zx] = [identityOf('zr'), identityOf('za'), identityOf('zb'), identityOf('zc'), identityOf('zx')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])
const ROOT = '10.0.0.1/9993'

/** A peer that is known and has a path. */
const known = () => {
  const hand = handDriven()
  hand.b.hello()
  hand.b.answer(hand.b.contacts()[0]!)
  const limited = (): number => hand.net.drops(hand.a).filter((reason) => reason === 'rate-limited').length
  return { ...hand, limited }
}
/** The peer that is driven by hand is the root. */
const rooted = () => {
  const net = new World1()
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  net.lose = () => true
  return { net, a, root: new Hand(net, a, zr), b: new Hand(net, a, zb) }
}
/** Answers the first HELLO to the root with this. */
const okFor = (net: World1, to: string, updates: Uint8Array = new Uint8Array(0), seenAt: string | null = null) => {
  const { data } = net.wire.find((sent) => sent.to === to && sent.data.length === 137)!
  const [address = '', port = ''] = seenAt?.split('/') ?? []
  const value = {
    ...{ clock: 1n, protocol: 12, major: 1, minor: 14, revision: 1 },
    seenAt: seenAt === null ? null : { address, port: Number(port) },
    updates,
  }
  return { inReVerb: verbCode.hello, inReId: packetIdOf(data), answer: encode(okHello, value) }
}

describe('rate limits', () => {
  it('ECHO: one in 166 ms on each path', () => {
    const { net, b, limited } = known()
    for (let i = 0; i < 4; i++) b.say(verbCode.echo, echo, { data: new Uint8Array(1) })
    b.say(verbCode.echo, echo, { data: new Uint8Array(1) }, '10.0.0.3/7777')
    expect(limited()).toBe(3)
    net.run(ECHO_GATE + 1)
    b.say(verbCode.echo, echo, { data: new Uint8Array(1) })
    expect(limited()).toBe(3)
  })

  it('WHOIS: one in 100 ms of each peer, and any number by a root', () => {
    const { net, a, b, limited } = known()
    for (let i = 0; i < 3; i++) b.say(verbCode.whois, whois, [za.address])
    expect(limited()).toBe(2)
    net.run(WHOIS_GATE)
    b.say(verbCode.whois, whois, [za.address])
    expect(limited()).toBe(2)
    const asRoot = handDriven({ planet: makeWorld('planet', 7n, 1_000n, [rootAt(za, '10.0.0.2/9993')]) })
    asRoot.b.hello()
    for (let i = 0; i < 100; i++) asRoot.b.say(verbCode.whois, whois, [za.address])
    expect(asRoot.net.drops(asRoot.a)).toEqual([])
    expect(a.state.upstreams.amOne).toBe(false)
  })

  it('HELLO of known peers: none', () => {
    const { net, b, limited } = known()
    const before = net.wire.length
    for (let i = 0; i < 100; i++) b.hello()
    expect(limited()).toBe(0)
    expect(net.wire.slice(before).filter(({ to, data }) => to === B && data.length > 28).length).toBeGreaterThanOrEqual(
      100,
    )
  })

  it('confirming HELLO: one in a second for each path', () => {
    const { net, b } = known()
    net.run(20_000)
    const place = '10.0.0.3/4444'
    for (let i = 0; i < 5; i++) b.say(verbCode.nop, echo, { data: new Uint8Array(1) }, place)
    expect(b.contacts(place)).toHaveLength(1)
    net.run(CONFIRM_AGAIN + 1)
    for (let i = 0; i < 5; i++) b.say(verbCode.nop, echo, { data: new Uint8Array(1) }, place)
    expect(b.contacts(place)).toHaveLength(2)
  })

  it('PUSH_DIRECT_PATHS: eight in a row, until none came for 30 s', () => {
    const { net, b, limited } = known()
    for (let i = 0; i < MOST_HASTY + 3; i++) b.say(verbCode.pushDirectPaths, pushDirectPaths, { paths: [] })
    expect(limited()).toBe(3)
    net.run(PUSH_WINDOW + 1)
    b.say(verbCode.pushDirectPaths, pushDirectPaths, { paths: [] })
    expect(limited()).toBe(3)
  })

  it('identity checks: a burst and a rate for each prefix, before any work is done', () => {
    const { net, a } = handDriven()
    net.validation = 1e9
    const flood = (from: string, n: number, first = 0): void => {
      for (let i = 0; i < n; i++) {
        // another address each time, so that nobody waits for the verdict on the same
        const stranger = { ...zc, address: (zc.address + first + i) as never }
        new Hand(net, a, stranger).say(
          verbCode.hello,
          hello,
          {
            protocol: 12,
            major: 1,
            minor: 14,
            revision: 1,
            clock: 1n,
            identity: stranger,
            sentTo: undefined,
            planet: undefined,
          },
          from,
          0,
        )
      }
    }
    const limited = (): number => net.drops(a).filter((reason) => reason === 'rate-limited').length
    const checks = (): number => a.said.filter(({ output }) => output._tag === 'Validate').length
    flood('10.9.0.1/1', GROUP_BURST + 10)
    expect([checks(), limited()]).toEqual([GROUP_BURST, 10])
    flood('10.9.0.200/2', 5, 1_000)
    expect(limited()).toBe(15)
    expect(GROUP_RATE).toBeLessThan(GROUP_BURST)
  })

  it('claims to a known address: pinned, told once, and gated like strangers', () => {
    const { net, a, b, limited } = known()
    const impostor = { ...zx, address: zb.address }
    const other = new Hand(net, a, impostor)
    const value = {
      protocol: 12,
      major: 1,
      minor: 14,
      revision: 1,
      clock: 1n,
      identity: impostor,
      sentTo: undefined,
      planet: undefined,
    }
    for (let i = 0; i < GROUP_BURST + 5; i++) other.say(verbCode.hello, hello, value, '10.9.0.1/1', 0)
    expect(net.drops(a).filter((reason) => reason === 'collision')).toHaveLength(GROUP_BURST)
    expect(limited()).toBe(5)
    expect(a.state.peers.get(zb.address)?.identity.publicKey).toEqual(zb.publicKey)
    b.say(verbCode.nop, echo, { data: new Uint8Array(1) })
    expect(limited()).toBe(5)
  })
})

describe('what only an upstream may say', () => {
  const refused = ({ net, a }: { readonly net: World1; readonly a: Parameters<World1['drops']>[0] }): number =>
    net.drops(a).filter((reason) => reason === 'untrusted').length

  it('RENDEZVOUS', () => {
    const it = known()
    it.b.say(verbCode.rendezvous, rendezvous, rendezvousAt(zc.address, { address: '10.0.0.9', port: 1 })!)
    expect(refused(it)).toBe(1)
  })

  it('identities', () => {
    const it = known()
    // asked, as if it were one: what it says still does not count
    it.net.give(it.a, { _tag: 'Send', packets: [outPacket(zb.address, verbCode.whois, new Uint8Array(5))] })
    const { data } = it.net.wire.findLast(({ to }) => to === B)!
    const answer = encode(okWhois, [zc])
    it.b.say(verbCode.ok, ok, { inReVerb: verbCode.whois, inReId: packetIdOf(data), answer })
    expect(refused(it)).toBe(1)
    expect(it.a.state.peers.has(zc.address)).toBe(false)
  })

  it('worlds', () => {
    const it = known()
    const next = encode(world, makeWorld('planet', 7n, 2_000n, [rootAt(zb, B)]))
    it.b.say(verbCode.ok, ok, okFor(it.net, B, next))
    expect(refused(it)).toBe(1)
    expect(it.a.state.planet.timestamp).toBe(1_000n)
    const { net, a, root } = rooted()
    root.say(verbCode.ok, ok, okFor(net, ROOT, next), ROOT)
    expect(a.state.planet.timestamp).toBe(2_000n)
  })

  it('collisions', () => {
    const collision = {
      inReVerb: verbCode.hello,
      inReId: 1n,
      code: errorCode.identityCollision,
      detail: new Uint8Array(0),
    }
    const it = known()
    it.b.say(verbCode.error, error, collision)
    expect(refused(it)).toBe(1)
    expect(it.a.said.some(({ output }) => output._tag === 'Collision')).toBe(false)
    const { net, a, root } = rooted()
    root.say(verbCode.error, error, collision, ROOT)
    expect(net.drops(a)).toEqual(['unexpected-reply'])
    const { inReId } = okFor(net, ROOT)
    root.say(verbCode.error, error, { ...collision, inReId }, ROOT)
    expect(a.said.some(({ output }) => output._tag === 'Collision')).toBe(true)
  })

  it('that our address has changed', () => {
    const it = known()
    for (const seenAt of ['10.5.0.1/1', '10.5.0.2/1']) it.b.say(verbCode.ok, ok, okFor(it.net, B, undefined, seenAt))
    expect(it.b.paths()).toEqual([B])
    expect(peersOf(it.a.state).get(zb.address)?.paths[0]?.expired).toBe(false)
    const { net, a, root, b } = rooted()
    b.hello()
    b.answer(b.contacts()[0]!)
    expect(peersOf(a.state).get(zb.address)?.link).toBe('direct')
    for (const seenAt of ['10.5.0.1/1', '10.5.0.2/1'])
      root.say(verbCode.ok, ok, okFor(net, ROOT, undefined, seenAt), ROOT)
    expect(peersOf(a.state).get(zb.address)?.paths[0]?.expired).toBe(true)
  })
})

describe('who is believed', () => {
  it('a root only where it is listed', () => {
    const { net, a, root } = rooted()
    const place = '10.0.0.77/9993'
    root.say(verbCode.ok, ok, okFor(net, ROOT), place)
    expect(peersOf(a.state).get(zr.address)?.paths).toEqual([])
    root.say(verbCode.ok, ok, okFor(net, ROOT), ROOT)
    expect(peersOf(a.state).get(zr.address)?.paths).toHaveLength(1)
  })

  it('an OK only for what was asked, among the last 32 of its ring', () => {
    const { net, a, b } = known()
    const heard = a.state.peers.get(zb.address)!.lastReceive
    net.run(1_000)
    b.say(verbCode.ok, ok, { inReVerb: verbCode.echo, inReId: 0x1234_5678_9abc_def0n, answer: new Uint8Array(0) })
    expect(net.drops(a)).toEqual(['unexpected-reply'])
    expect(a.state.peers.get(zb.address)!.lastReceive).toBe(heard)
  })

  it('nobody who has our own address', () => {
    const { net, a, b } = known()
    const packet = b.say(verbCode.nop, echo, { data: new Uint8Array(1) }).slice()
    packet.copyWithin(13, 8, 13)
    net.inject(a, B, packet)
    expect(net.drops(a)).toEqual(['own-source'])
  })

  it('nobody whose packet was altered, and nothing that is malformed: both in silence', () => {
    const { net, a, b } = known()
    const packet = b.say(verbCode.nop, echo, { data: new Uint8Array(1) }).slice()
    packet[28]! ^= 1
    const before = net.wire.length
    net.inject(a, B, packet)
    b.say(verbCode.whois, echo, { data: new Uint8Array(3) })
    b.say(verbCode.ok, echo, { data: new Uint8Array(3) })
    expect(net.drops(a)).toEqual(['bad-mac', 'malformed', 'malformed'])
    expect(net.wire.length).toBe(before)
  })

  it('the same datagram twice, which does no harm', () => {
    const { net, a, b } = known()
    const packet = b.say(verbCode.userMessage, echo, { data: new Uint8Array(9) }).slice()
    net.inject(a, B, packet)
    expect(a.messages).toHaveLength(2)
  })
})
