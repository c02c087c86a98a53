import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agree } from '../../src/protocol/crypto/agreement.ts'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import { cipherOf, sourceOf, verbOf } from '../../src/protocol/packet/header.ts'
import { MOST_CALLED, MOST_HELD, MOST_SOUGHT, MOST_UNSENT } from '../../src/protocol/peer/waiting.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { identityOf, makeWorld, outPacket, rootAt, text, World1 } from './vl1-world.ts'

const [zr, za, zb, zx] = [identityOf('zr'), identityOf('za'), identityOf('zb'), identityOf('zx')]
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])

const three = (seed = 0) => {
  const net = new World1()
  const root = net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  let numbers = rng(seed)
  const chance = (): number => {
    const [value, after] = next(numbers)
    numbers = after
    return value / 0x1_0000_0000
  }
  return { net, root, a, b, chance }
}

describe('on a bad network', () => {
  it.each([1, 2, 3, 4, 5])('nodes that lose a third of all datagrams still meet (seed %i)', (seed) => {
    const { net, a, b, chance } = three(seed)
    net.lose = () => chance() < 0.33
    net.run(6_000)
    for (let i = 0; i < 140; i++) {
      net.send(a, b, verbCode.userMessage, text(`message ${i}`))
      net.run(500)
    }
    // they may be relayed at this moment: five questions in a row that are lost count as silence
    expect(net.changes(a, b)).toContain('direct')
    expect(net.texts(b).length).toBeGreaterThan(30)
  })

  it('datagrams that arrive twice are processed twice and do no harm', () => {
    const { net, a, b } = three()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('once'))
    net.run(100)
    net.lose = () => true
    for (const { to, from, data } of [...net.wire])
      for (const host of net.hosts)
        if (to === `10.0.0.${net.hosts.indexOf(host) + 1}/9993`) net.inject(host, from, data.slice())
    net.run(100)
    expect(net.texts(b)).toEqual(['once', 'once'])
    expect([net.link(a, b), net.link(b, a)]).toEqual(['direct', 'direct'])
  })

  it('packets with a flipped bit are dropped, and say nothing', () => {
    const { net, a, b } = three()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('the message'))
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('the message'))
    const { data } = net.wire.at(-1)!
    net.lose = () => true
    net.run(10)
    for (let bit = 0; bit < data.length * 8; bit++) {
      const forged = data.slice()
      forged[bit >> 3]! ^= 1 << (bit & 7)
      net.inject(b, '10.0.0.2/9993', forged)
    }
    // two arrived as sent, and the hop count of three bits is nobody's business but the relays'
    expect(net.texts(b)).toEqual(['the message', 'the message', 'the message', 'the message', 'the message'])
  })
})

describe('strangers', () => {
  it('fill queues of fixed size, and are told to nobody more often than the gate allows', () => {
    const { net, a } = three()
    net.run(100)
    const before = net.wire.length
    const packet = (i: number): Uint8Array => {
      const bytes = new Uint8Array(60)
      new DataView(bytes.buffer).setUint32(4, i)
      bytes.set([0x1a, 0x02, 0xb1, 0x66, 0xb2], 8) // to za
      bytes.set([0x10, 0x20, 0x30, i >> 8, i], 13)
      bytes[18] = 0x88
      return bytes
    }
    for (let i = 0; i < 2_000; i++) net.inject(a, '10.0.0.99/1', packet(i))
    expect(a.state.waiting.held).toHaveLength(MOST_HELD)
    expect(a.state.waiting.sought.size).toBeLessThanOrEqual(MOST_SOUGHT)
    expect(net.wire.length - before).toBeLessThanOrEqual(128)
    net.run(20_000)
    expect(a.state.waiting.held).toHaveLength(0)
    expect(a.state.waiting.sought.size).toBe(0)
    expect(net.drops(a).filter((reason) => reason === 'expired')).toHaveLength(MOST_HELD)
  })

  it('that do not exist hold up only so many packets, which expire after 5 s', () => {
    const { net, a } = three()
    net.run(100)
    for (let i = 0; i < 100; i++)
      net.give(a, { _tag: 'Send', packets: [outPacket(zx.address, verbCode.userMessage, text(`${i}`))] })
    expect(a.state.waiting.unsent).toHaveLength(MOST_UNSENT)
    expect(net.drops(a).filter((reason) => reason === 'queue-full')).toHaveLength(100 - MOST_UNSENT)
    net.run(5_500)
    expect(a.state.waiting.unsent).toHaveLength(0)
    expect(net.drops(a).filter((reason) => reason === 'expired')).toHaveLength(MOST_UNSENT)
    // asked for every 500 ms meanwhile
    const asked = net.wire.filter(({ from, data }) => from === '10.0.0.2/9993' && data.length === 33)
    expect(asked).toHaveLength(10)
  })

  it('get an answer to six ECHO a second on one path', () => {
    const { net, a, b } = three()
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('meet'))
    net.run(200)
    const before = net.drops(b).length
    for (let i = 0; i < 100; i++) {
      net.send(a, b, verbCode.echo, text('echo'))
      net.run(10)
    }
    const limited = net.drops(b).slice(before)
    expect(new Set(limited)).toEqual(new Set(['rate-limited']))
    expect(100 - limited.length).toBe(6)
  })

  it('cannot make a node remember more calls than it has room for', () => {
    const { net, root, a } = three()
    net.run(100)
    for (let i = 0; i < 100; i++) {
      const payload = Uint8Array.of(0, 1, 2, 3, 4, i, 0x27, 0x09, 4, 10, 0, 9, i)
      net.give(root, { _tag: 'Send', packets: [outPacket(za.address, verbCode.rendezvous, payload)] })
    }
    net.run(10)
    expect(a.state.waiting.called.size).toBe(MOST_CALLED)
  })
})

describe('whatever arrives', () => {
  it('never throws: ten thousand mutations of genuine datagrams', () => {
    const { net, root, a, b, chance } = three(99)
    net.run(100)
    net.send(a, b, verbCode.userMessage, text('x'.repeat(3_000)))
    net.give(b, { _tag: 'Trust', peers: [za.address] })
    net.run(200)
    const genuine = net.wire.filter(({ ttl }) => ttl === undefined)
    const hosts = [root, a, b]
    net.lose = () => true
    for (let i = 0; i < 10_000; i++) {
      const { data, from } = genuine[Math.floor(chance() * genuine.length)]!
      const length = chance() < 0.3 ? Math.floor(chance() * data.length) : data.length
      const bytes = data.slice(0, length)
      for (let n = Math.floor(chance() * 4); n > 0 && length > 0; n--)
        bytes[Math.floor(chance() * length)] = Math.floor(chance() * 256)
      net.inject(hosts[i % 3]!, chance() < 0.5 ? from : `10.1.${i & 255}.1/77`, bytes)
      if (i % 500 === 0) net.run(100)
    }
    expect(a.state.peers.size).toBeLessThan(10)
  })

  it('never throws: payloads of any verb that are sealed properly and mean nothing', () => {
    const { net, a } = three()
    net.run(100)
    const session = nobleCrypto.session(agree(nobleCrypto, zr, za)!)
    const head = net.wire.find(
      ({ data }) => data.length > 28 && sourceOf(data) === zr.address && cipherOf(data) === 1,
    )!.data
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 31 }),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (verb, body, lz4) => {
          const packet = new Uint8Array(28 + body.length)
          packet.set(head.subarray(0, 18))
          packet[27] = verb | (lz4 ? 0x80 : 0)
          packet.set(body, 28)
          session.seal(1, [packet])
          net.inject(a, '10.0.0.1/9993', packet)
          return true
        },
      ),
      { numRuns: 2_000, seed: 7 },
    )
    expect(a.said.some(({ output }) => output._tag === 'Drop' && output.reason === 'malformed')).toBe(true)
    expect(verbOf(head)).toBeLessThan(32)
  })
})
