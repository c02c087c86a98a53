import { describe, expect, it } from 'vitest'
import { agree } from '../../src/protocol/crypto/agreement.ts'
import { decode } from '../../src/protocol/kernel/codec.ts'
import { address as addressIn } from '../../src/protocol/kernel/id.ts'
import { cipherOf, destinationOf, hopsOf, sourceOf, verbOf } from '../../src/protocol/packet/header.ts'
import { type PeerRecord, peerRecord } from '../../src/protocol/peer/peer-record.ts'
import { MOST_GREETED } from '../../src/protocol/peer/sockets.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peerIn, peersOf, recordsOf, viewOf } from '../../src/protocol/vl1.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { identityOf, makeWorld, outPacket, rootAt, type Sent, START, text, World1 } from './vl1-world.ts'

const [zr, za, zb] = [identityOf('zr'), identityOf('za'), identityOf('zb')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

const small = () => {
  const net = new World1()
  const root = net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  return { net, root, a, b }
}
/** What `a` keeps of `b` after they have met. */
const recordOfB = (): PeerRecord => {
  const { net, a, b } = small()
  net.run(100)
  net.send(a, b, verbCode.userMessage, text('00000000hello'))
  net.run(200)
  const record = decode(peerRecord, recordsOf(a.state).get(zb.address)!)
  if (record._tag === 'Left') throw new Error('no record')
  return record.right
}
const isHello = ({ data }: Sent): boolean => data.length > 28 && cipherOf(data) === 0 && verbOf(data) === verbCode.hello
const between = (net: World1, from: string, to: string): readonly Sent[] =>
  net.wire.filter((sent) => sent.from === from && sent.to === to)

describe('a node that starts', () => {
  it('says HELLO in the very step in which its sockets become known', () => {
    const net = new World1()
    net.add('a', za, ['10.0.0.2/9993', '10.0.0.2/20000'], { planet })
    expect(net.wire.filter(isHello).map(({ at, from }) => [at, from])).toEqual([
      [START, '10.0.0.2/9993'],
      [START, '10.0.0.2/20000'],
    ])
    expect(net.wire[0]!.data).toEqual(net.wire[1]!.data)
  })

  it('repeats an unanswered HELLO every 500 ms, and after ten of them every 5 s', () => {
    const net = new World1()
    net.add('a', za, '10.0.0.2/9993', { planet })
    net.run(20_000)
    const times = net.wire.filter(isHello).map(({ at }) => at - START)
    expect(times.slice(0, 10)).toEqual([0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500])
    expect(times.slice(10)).toEqual([5_000, 10_000, 15_000, 20_000])
  })

  it('is online after one round trip and a validation, and direct to its root', () => {
    const { net, a, root } = small()
    net.run(28)
    expect(a.said.find(({ output }) => output._tag === 'Online')).toEqual({
      at: START + 28,
      output: { _tag: 'Online', online: true },
    })
    expect(net.link(a, root)).toBe('direct')
    net.run(10)
    expect(net.link(root, a)).toBe('direct')
  })

  it('hears the OK to its first HELLO under suite 1 and speaks suite 3 from then on', () => {
    const { net } = small()
    net.run(100)
    const answers = between(net, '10.0.0.1/9993', '10.0.0.2/9993').map(({ data }) => cipherOf(data))
    expect(answers).toEqual([1, 0])
    expect(between(net, '10.0.0.2/9993', '10.0.0.1/9993').map(({ data }) => cipherOf(data))).toEqual([0, 3])
  })

  it('is online at once if it is a root itself', () => {
    const { root } = small()
    expect(root.said[0]).toEqual({ at: START, output: { _tag: 'Online', online: true } })
  })
})

describe('two nodes that never met', () => {
  it('meet by WHOIS and relay, and are direct a few round trips later', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(20)
    expect(net.texts(b)).toEqual([])
    net.run(20)
    expect(net.texts(b)).toEqual(['00000000hello'])
    expect(b.messages[0]).toMatchObject({ hops: 1, source: za.address, verb: verbCode.userMessage })
    net.run(40)
    expect([net.link(a, b), net.link(b, a)]).toEqual(['direct', 'direct'])
    expect(net.changes(a, b)).toEqual(['added', 'relay', 'version', 'path-added', 'direct'])
    expect(net.drops(a).concat(net.drops(b))).toEqual([])
  })

  it('need no validation of each other: the root vouches for both', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(1_000)
    expect([...a.said, ...b.said].some(({ output }) => output._tag === 'Validate')).toBe(false)
    expect(net.link(a, b)).toBe('direct')
  })

  it('open their NATs with four bytes that go no further', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(100)
    const junk = net.wire.filter(({ ttl }) => ttl !== undefined)
    expect(junk.map(({ data, ttl, from, to }) => [data.length, ttl, from, to])).toEqual([
      [4, 2, '10.0.0.2/9993', '10.0.0.3/9993'],
      [4, 2, '10.0.0.3/9993', '10.0.0.2/9993'],
    ])
  })

  it('stay on suite 1 for as long as everything is relayed', () => {
    const { net, a, b } = small()
    net.lose = ({ from, to }) => !from.startsWith('10.0.0.1/') && !to.startsWith('10.0.0.1/')
    net.run(100)
    for (let i = 0; i < 10; i++) {
      net.send(a, b, verbCode.userMessage, text(`0000000${i}ping`))
      net.run(1_000)
    }
    expect(net.texts(b)).toHaveLength(10)
    expect(net.link(a, b)).toBe('relay')
    const relayed = net.wire.filter(
      ({ data }) => data.length > 28 && hopsOf(data) === 1 && sourceOf(data) === za.address,
    )
    expect(new Set(relayed.map(({ data }) => cipherOf(data)))).toEqual(new Set([1]))
  })

  it('try a first contact once more after a second if the first was lost', () => {
    const { net, a, b } = small()
    net.run(100)
    net.lose = ({ from, to }) => ![from, to].includes('10.0.0.1/9993')
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(500)
    net.lose = () => false
    net.run(1_200)
    expect([net.link(a, b), net.link(b, a)]).toEqual(['direct', 'direct'])
  })
})

describe('packets', () => {
  it('travel in fragments where they are large, relayed and direct', () => {
    const { net, a, b } = small()
    net.run(100)
    const large = Array.from({ length: 6_000 }, (_, i) => String.fromCharCode(33 + ((i * 7919) % 90))).join('')
    net.send(a, b, verbCode.userMessage, text(large))
    net.run(200)
    net.send(a, b, verbCode.userMessage, text(large))
    net.run(50)
    expect(net.texts(b)).toEqual([large, large])
    expect(b.messages.map(({ hops }) => hops)).toEqual([1, 0])
    expect(net.wire.every(({ data }) => data.length <= 1432)).toBe(true)
  })

  it('are compressed where that was asked for and helps', () => {
    const { net, a, b } = small()
    net.run(100)
    const dull = 'x'.repeat(1_000)
    net.send(a, b, verbCode.userMessage, text(dull), true)
    net.run(100)
    expect(net.texts(b)).toEqual([dull])
    expect(net.wire.every(({ data }) => data.length < 400)).toBe(true)
  })

  it('of more than seven fragments are refused', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('meet'))
    net.run(100)
    net.send(a, b, verbCode.userMessage, new Uint8Array(9_928 - 28 + 1))
    net.run(100)
    expect(net.drops(a)).toEqual(['oversized'])
    net.send(a, b, verbCode.userMessage, new Uint8Array(9_928 - 28))
    net.run(100)
    expect(b.messages.at(-1)?.payload.length).toBe(9_900)
  })

  it('name their wire ID, which a reply repeats', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.multicastGather, text('gather'))
    net.run(100)
    const { packetId, via } = b.messages[0]!
    const id = new DataView(new ArrayBuffer(8))
    id.setBigUint64(0, packetId)
    const payload = Uint8Array.of(verbCode.multicastGather, ...new Uint8Array(id.buffer), 1, 2, 3)
    net.give(b, { _tag: 'Send', packets: [{ ...outPacket(za.address, verbCode.ok, payload), via }] })
    net.run(100)
    expect(a.messages.map(({ verb, payload: [inRe] }) => [verb, inRe])).toEqual([
      [verbCode.ok, verbCode.multicastGather],
    ])
    // an answer to nothing we sent is no answer
    id.setBigUint64(0, packetId ^ (1n << 40n))
    const forged = Uint8Array.of(verbCode.multicastGather, ...new Uint8Array(id.buffer), 1, 2, 3)
    net.give(b, { _tag: 'Send', packets: [{ ...outPacket(za.address, verbCode.ok, forged), via }] })
    net.run(100)
    expect(a.messages).toHaveLength(1)
    expect(net.drops(a)).toEqual(['unexpected-reply'])
  })

  it('to ourselves go nowhere', () => {
    const { net, a } = small()
    net.run(100)
    const before = net.wire.length
    net.send(a, a, verbCode.userMessage, text('echo'))
    expect(net.wire.length).toBe(before)
  })
})

describe('what is known of peers', () => {
  it('is shown as snapshots and answers look-ups', () => {
    const { net, a, b, root } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(200)
    const view = viewOf(a.state)
    expect(view.self).toEqual(za)
    expect(view.upstreams()).toEqual([zr.address])
    expect(view.bestUpstream()).toBe(zr.address)
    expect(view.isUpstream(zb.address)).toBe(false)
    expect(view.identityOf(zb.address)?.publicKey).toEqual(zb.publicKey)
    // the mean of 15 and 10 ms: the first HELLO waited at the other side for the answer to a WHOIS
    expect(view.directLatency(zb.address)).toBe(12)
    expect(peerIn(a.state, root.identity.address)).toMatchObject({ role: 'planet', link: 'direct' })
    expect(peersOf(a.state).get(zb.address)).toMatchObject({
      role: 'leaf',
      link: 'direct',
      latency: 12,
      version: { protocol: 12, major: 1, minor: 14, revision: 1 },
      paths: [
        { endpoint: { address: '10.0.0.3', port: 9993 }, socket: 0, preferred: true, expired: false, latency: 12 },
      ],
    })
  })

  it('survives a restart as records: the peer needs no WHOIS and is direct at once', () => {
    const record = recordOfB()
    expect(record).toMatchObject({ protocol: 12, endpoints: [{ address: '10.0.0.3', port: 9993 }] })

    const again = new World1()
    again.add('root', zr, '10.0.0.1/9993', { planet })
    const b2 = again.add('b', zb, '10.0.0.3/9993', { planet })
    const a2 = again.add('a', za, '10.0.0.2/9993', { planet, knownPeers: [record] })
    again.run(100)
    again.send(a2, b2, verbCode.userMessage, text('00000000again'))
    again.run(200)
    expect(again.texts(b2)).toEqual(['00000000again'])
    expect(again.link(a2, b2)).toBe('direct')
    const whois = again.wire.filter(({ from, data }) => from === '10.0.0.2/9993' && data.length === 33)
    expect(whois).toEqual([])
  })

  it('hears from a node that starts anew and was in touch with it before, without being asked', () => {
    const record = recordOfB()

    const again = new World1()
    again.add('root', zr, '10.0.0.1/9993', { planet })
    const b2 = again.add('b', zb, '10.0.0.3/9993', { planet })
    again.run(100)
    // on another port, of which b cannot know
    const a2 = again.add('a', za, '10.0.0.2/20000', { planet, knownPeers: [record] })
    again.run(200)
    expect(again.link(a2, b2)).toBe('direct')
    expect(again.link(b2, a2)).toBe('direct')
  })

  it('hears from it again after 19 s, when a native node takes the new path', () => {
    const record = recordOfB()

    const again = new World1()
    again.add('root', zr, '10.0.0.1/9993', { planet })
    again.add('b', zb, '10.0.0.3/9993', { planet })
    again.run(100)
    again.add('a', za, '10.0.0.2/20000', { planet, knownPeers: [record] })
    const begun = again.now
    again.run(40_000)
    const heard = again.wire.filter(({ from, to }) => from === '10.0.0.2/20000' && to === '10.0.0.3/9993')
    expect(heard.some(({ at }) => at - begun > 19_000)).toBe(true)
  })

  it('is one of many that are greeted at the start, but not of too many', () => {
    const strangers = Array.from({ length: 2 * MOST_GREETED }, (_, i) => ({
      identity: { ...zb, address: addressIn(zb.address - 1 - i) },
      protocol: 12,
      major: 1,
      minor: 14,
      revision: 1,
      endpoints: [{ address: '10.0.0.3', port: 1 + i }],
    }))
    const net = new World1()
    net.add('a', za, '10.0.0.2/9993', { planet, knownPeers: strangers })
    const greeted = new Set(net.wire.filter(isHello).map(({ to }) => to))
    expect(greeted.size).toBe(MOST_GREETED + 1)
  })

  it('is told at once to a layer above that asks for an identity', () => {
    const { net, a, b } = small()
    net.run(100)
    net.give(a, { _tag: 'Whois', address: b.identity.address })
    net.run(100)
    const learned = (): number =>
      a.said.filter(({ output }) => output._tag === 'Learned' && output.identity.address === zb.address).length
    expect(learned()).toBe(1)
    net.give(a, { _tag: 'Whois', address: b.identity.address })
    expect(learned()).toBe(2)
  })
})

describe('a tap', () => {
  it('records each packet as on the wire, and what became of it', () => {
    const { net, a, b } = small()
    net.run(100)
    net.give(b, { _tag: 'Tap', on: true })
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(100)
    const records = b.said.flatMap(({ output }) => (output._tag === 'Trace' ? [output.trace] : []))
    const arrived = net.wire.filter(({ to, ttl }) => to === '10.0.0.3/9993' && ttl === undefined).slice(2)
    expect(records.filter(({ direction }) => direction === 'in').length).toBe(arrived.length)
    const message = records.find(({ verb }) => verb === verbCode.userMessage)
    expect(message).toMatchObject({ direction: 'in', source: za.address, destination: zb.address, outcome: 'accepted' })
    expect(arrived.map(({ data }) => data)).toContainEqual(message?.bytes)
    expect(records.some(({ direction, verb }) => direction === 'out' && verb === verbCode.whois)).toBe(true)
  })

  it('costs nothing while nobody listens', () => {
    const { net, a } = small()
    net.run(1_000)
    expect(a.said.some(({ output }) => output._tag === 'Trace')).toBe(false)
  })
})

describe('armor', () => {
  it('is that of the two identities: every packet on the wire opens with their key', () => {
    const { net, a, b } = small()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('00000000hello'))
    net.run(200)
    const all = [zr, za, zb]
    for (const { data, ttl } of net.wire) {
      if (ttl !== undefined) continue
      const [from, to] = [sourceOf(data), destinationOf(data)].map((one) => all.find(({ address }) => address === one)!)
      const key = agree(nobleCrypto, from!, to!)!
      expect(nobleCrypto.session(key).open([data.slice()])).toEqual([true])
    }
  })
})
