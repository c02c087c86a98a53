import { describe, expect, it } from 'vitest'
import { verbOf } from '../../src/protocol/packet/header.ts'
import {
  type Bonding,
  MOST_SAMPLES,
  NEGOTIATION_BURST,
  PER_LINK,
  problemInBonding,
  yields,
} from '../../src/protocol/peer/bond.ts'
import { echo } from '../../src/protocol/verb/echo.ts'
import { pathNegotiationRequest } from '../../src/protocol/verb/path-negotiation-request.ts'
import { qosMeasurement } from '../../src/protocol/verb/qos-measurement.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { B, handDriven } from './vl1-hand.ts'
import { type Host, identityOf, makeWorld, rootAt, type Sent, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

/** Two nodes with two ways to each other; b speaks to a as well, so that both are active. */
const bonded = (bonding: Bonding | undefined, ofB: Bonding | undefined = bonding) => {
  const net = new World1()
  net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet, ...(bonding === undefined ? {} : { bonding }) })
  const b = net.add('b', zb, ['10.0.0.3/9993', '10.1.0.3/9993'], {
    planet,
    ...(ofB === undefined ? {} : { bonding: ofB }),
  })
  net.run(100)
  const talk = (ms: number, every = 100): void => {
    for (let t = 0; t < ms; t += every) {
      net.send(a, b, verbCode.frame, text('frame'))
      net.send(b, a, verbCode.frame, text('frame'))
      net.run(every)
    }
  }
  talk(300)
  net.give(a, { _tag: 'Trust', peers: [zb.address] })
  net.give(b, { _tag: 'Trust', peers: [za.address] })
  talk(2_000)
  return { net, a, b, talk }
}
const cut = (ip: string) => (sent: Sent) => `${sent.from} ${sent.to}`.includes(`${ip}/`)
const framesTo = (wire: readonly Sent[], to: string): number =>
  wire.filter((sent) => sent.to === to && sent.from === '10.0.0.2/9993' && sent.data.length === 33).length
const places = ['10.0.0.3/9993', '10.1.0.3/9993'] as const
const active = (host: Host, peer: { readonly address: number }): string | undefined =>
  host.state.peers.get(peer.address as never)?.bond?.active?.path.endpoint.address

describe('active-backup', () => {
  it.each([500, 2_000, 5_000])(
    'leaves a path that falls silent within %i ms, and stays where it is then',
    (failoverInterval) => {
      const { net, a, b, talk } = bonded({ policy: 'active-backup', failoverInterval })
      talk(2 * failoverInterval)
      const first = active(a, zb)!
      const other = first === '10.0.0.3' ? '10.1.0.3' : '10.0.0.3'
      net.lose = cut(first)
      const before = b.messages.length
      talk(Math.ceil((1.4 * failoverInterval) / 100) * 100)
      expect(active(a, zb)).toBe(other)
      const lost = b.messages.length
      talk(1_000)
      expect(b.messages.length - lost).toBe(10)
      expect(lost - before).toBeLessThan((1.4 * failoverInterval) / 100 + 1)
      net.lose = () => false
      talk(5 * failoverInterval)
      expect(active(a, zb)).toBe(other)
    },
  )

  it('is shown path by path: which carries traffic, which could, which has fallen silent', () => {
    const { net, a, talk } = bonded({ policy: 'active-backup', failoverInterval: 500 })
    const shown = (): readonly string[] =>
      peersOf(a.state)
        .get(zb.address)!
        .paths.map(({ endpoint, bond }) => `${endpoint.address} ${bond}`)
        .sort()
    const first = active(a, zb)!
    const other = first === '10.0.0.3' ? '10.1.0.3' : '10.0.0.3'
    expect(shown()).toEqual([`${first} active`, `${other} standby`].sort())
    net.lose = cut(first)
    talk(1_000)
    expect(shown()).toEqual([`${first} silent`, `${other} active`].sort())
  })

  it('uses one path while all work', () => {
    const { net, talk } = bonded({ policy: 'active-backup' })
    talk(6_000)
    const before = net.wire.length
    talk(20_000)
    const counts = places.map((place) => framesTo(net.wire.slice(before), place))
    expect(Math.min(...counts)).toBe(0)
    expect(Math.max(...counts)).toBe(200)
  })

  it('asks each path three times in an interval, and never an upstream', () => {
    const { net, a, talk } = bonded({ policy: 'active-backup', failoverInterval: 3_000 })
    talk(3_000)
    const before = net.wire.length
    talk(30_000)
    const echoes = (to: string): number =>
      net.wire
        .slice(before)
        .filter((sent) => sent.to === to && sent.from === '10.0.0.2/9993' && sent.data.length === 28).length
    for (const place of places) expect(echoes(place)).toBe(30)
    expect(echoes('10.0.0.1/9993')).toBeLessThan(8) // which is asked every 5 s
    expect(a.state.peers.get(zr.address)?.bond === undefined).toBe(true)
  })

  it('measures one-way latency from reports under suite 0', () => {
    const { net, a, talk } = bonded({ policy: 'active-backup', failoverInterval: 500 })
    net.latency = 40
    talk(30_000)
    const links = [...a.state.peers.get(zb.address)!.bond!.links.values()]
    expect(links).toHaveLength(2)
    // the round trip of what was sampled, less the time it lay there, halved
    for (const { latency } of links) expect(latency).toBeCloseTo(40, 0)
    const reports = net.wire.filter(({ data }) => data[18] === 0 && verbOf(data) === verbCode.qosMeasurement)
    expect(reports.length).toBeGreaterThan(20)
  })
})

describe('balance-rr', () => {
  it('sends 64 packets by each path in turn', () => {
    const { net, talk } = bonded({ policy: 'balance-rr' })
    talk(6_000)
    const before = net.wire.length
    talk(PER_LINK * 4 * 10, 10)
    const run = net.wire.slice(before).filter(({ from, data }) => from === '10.0.0.2/9993' && data.length === 33)
    const changes = run.flatMap(({ to }, i) => (i > 0 && run[i - 1]!.to !== to ? [i] : []))
    expect(changes.slice(1).map((at, i) => at - changes[i]!)).toEqual([PER_LINK, PER_LINK, PER_LINK])
  })

  it('leaves out what does not work', () => {
    const { net, b, talk } = bonded({ policy: 'balance-rr', failoverInterval: 500 })
    talk(2_000)
    net.lose = cut('10.1.0.3')
    talk(1_000)
    const before = b.messages.length
    talk(20_000)
    expect(b.messages.length - before).toBe(200)
  })
})

describe('broadcast', () => {
  it('sends frames by all paths, and nothing else', () => {
    const { net, a, b, talk } = bonded({ policy: 'broadcast' })
    talk(6_000)
    const before = b.messages.length
    talk(1_000)
    net.send(a, b, verbCode.userMessage, text('12345678'))
    net.run(50)
    expect(b.messages.length - before).toBe(21)
  })
})

describe('a node without a bond', () => {
  it('ignores what bonds say', () => {
    const { net, a, b } = handDriven()
    b.hello()
    b.answer(b.contacts()[0]!)
    const heard = a.state.peers.get(zb.address)!.lastReceive
    net.run(1_000)
    b.say(verbCode.qosMeasurement, qosMeasurement, [{ packet: 1n as never, holding: 1 }], B, 0)
    b.say(verbCode.pathNegotiationRequest, pathNegotiationRequest, { utility: 5 }, B, 0)
    b.say(verbCode.ack, echo, { data: new Uint8Array(4) })
    expect(a.state.peers.get(zb.address)!.lastReceive).toBe(heard)
    expect(net.drops(a)).toEqual([])
  })

  it('talks with one that has', () => {
    const { net, a, b, talk } = bonded({ policy: 'balance-rr', failoverInterval: 500 }, undefined)
    talk(20_000)
    expect(net.link(a, b)).toBe('direct')
    expect(net.drops(b)).toEqual([])
  })
})

describe('what a bonded peer says', () => {
  const driven = (policy: Bonding['policy'] = 'active-backup') => {
    const hand = handDriven({ bonding: { policy } })
    hand.b.hello()
    hand.b.answer(hand.b.contacts()[0]!)
    hand.b.say(verbCode.frame, echo, { data: new Uint8Array(30) })
    hand.net.run(20_000)
    hand.b.hello('10.1.0.3/9993')
    hand.b.answer(hand.b.contacts('10.1.0.3/9993').at(-1)!, '10.1.0.3/9993')
    hand.b.say(verbCode.frame, echo, { data: new Uint8Array(30) })
    hand.net.send(hand.a, { identity: zb } as Host, verbCode.frame, new Uint8Array(30))
    hand.b.answer(hand.b.contacts().at(-1)!)
    return hand
  }

  it('moves us to the path it finds more useful, or as useful if its address is the larger', () => {
    const { a, b } = driven()
    const bond = a.state.peers.get(zb.address)!.bond!
    const other = bond.active!.path.endpoint.address === '10.0.0.3' ? '10.1.0.3/9993' : B
    b.say(verbCode.pathNegotiationRequest, pathNegotiationRequest, { utility: -32_768 }, other, 0)
    expect(bond.active!.path.endpoint.address).not.toBe(other.split('/')[0])
    b.say(verbCode.pathNegotiationRequest, pathNegotiationRequest, { utility: 7 }, other, 0)
    expect(bond.active!.path.endpoint.address).toBe(other.split('/')[0])
    expect([yields(1, 2, 5 as never, 4 as never), yields(2, 1, 4 as never, 5 as never)]).toEqual([true, false])
    expect([yields(1, 1, 4 as never, 5 as never), yields(1, 1, 5 as never, 4 as never)]).toEqual([true, false])
  })

  it('is taken eight times in a burst', () => {
    const { net, a, b } = driven()
    for (let i = 0; i < NEGOTIATION_BURST + 5; i++)
      b.say(verbCode.pathNegotiationRequest, pathNegotiationRequest, { utility: 7 }, B, 0)
    expect(net.drops(a).filter((reason) => reason === 'rate-limited')).toHaveLength(5)
  })

  it('fills memory of fixed size, and reports are taken so many at a time', () => {
    const { net, a, b } = driven()
    for (let i = 0; i < 1_000; i++) b.say(verbCode.frame, echo, { data: new Uint8Array(3) })
    const links = [...a.state.peers.get(zb.address)!.bond!.links.values()]
    expect(Math.max(...links.map((link) => link.received.size))).toBeLessThanOrEqual(MOST_SAMPLES)
    for (let i = 0; i < 100; i++)
      b.say(verbCode.qosMeasurement, qosMeasurement, [{ packet: 1n as never, holding: 1 }], B, 0)
    expect(net.drops(a).filter((reason) => reason === 'rate-limited')).toHaveLength(36)
    b.say(verbCode.pathNegotiationRequest, echo, { data: new Uint8Array(3) }, B, 0)
    expect(net.drops(a).at(-1)).toBe('malformed')
  })
})

it('policies that are not built, or are none, are refused', () => {
  for (const policy of ['active-backup', 'broadcast', 'balance-rr'])
    expect(problemInBonding(policy, 500)).toBeUndefined()
  expect(problemInBonding('balance-xor', undefined)).toEqual({ _tag: 'NotBuilt', policy: 'balance-xor' })
  expect(problemInBonding('balance-aware', undefined)).toEqual({ _tag: 'NotBuilt', policy: 'balance-aware' })
  expect(problemInBonding('fast', undefined)).toEqual({ _tag: 'NoPolicy', policy: 'fast' })
  expect(problemInBonding('broadcast', 499)).toEqual({ _tag: 'BadInterval', interval: 499 })
})
