import { describe, expect, it } from 'vitest'
import { addFragmentHop } from '../../src/protocol/packet/fragment.ts'
import { addHop, destinationOf, hopsOf, sourceOf } from '../../src/protocol/packet/header.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { type Host, identityOf, makeWorld, rootAt, START, text, World1 } from './vl1-world.ts'

const zr = identityOf('zr')
const planet = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')])
const others = ['za', 'zb', 'zc', 'zx', 'zy', 'lza', 'lzb'].map(identityOf)
const [za, zb] = [others[0]!, others[1]!]

const onlineAt = (host: Host): number | undefined => {
  const found = host.said.find(({ output }) => output._tag === 'Online' && output.online)
  return found === undefined ? undefined : found.at - START
}
const pair = () => {
  const net = new World1()
  const root = net.add('root', zr, '10.0.0.1/9993', { planet })
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  const b = net.add('b', zb, '10.0.0.3/9993', { planet })
  net.run(100)
  return { net, root, a, b }
}

describe('a root', () => {
  it('lets fresh nodes that start together behind one address come online together', () => {
    const net = new World1()
    net.add('root', zr, '10.0.0.1/9993', { planet })
    const hosts = others.map((identity, i) => net.add(`n${i}`, identity, `10.0.0.9/${9993 + i}`, { planet }))
    net.run(30)
    expect(hosts.map(onlineAt)).toEqual(hosts.map(() => 28))
  })

  it('answers the HELLOs of all sockets of a fresh node after one validation', () => {
    const net = new World1()
    const root = net.add('root', zr, '10.0.0.1/9993', { planet })
    const a = net.add('a', za, ['10.0.0.2/9993', '10.0.0.2/20000'], { planet })
    net.run(100)
    expect(root.said.filter(({ output }) => output._tag === 'Validate')).toHaveLength(1)
    expect(
      peersOf(a.state)
        .get(zr.address)
        ?.paths.map(({ socket }) => socket),
    ).toEqual([0, 1])
  })

  it('introduces a pair at the first packet it relays for it, and again after 30 s at the earliest', () => {
    const { net, a, b } = pair()
    net.lose = ({ from, to }) => ![from, to].includes('10.0.0.1/9993')
    for (let i = 0; i < 65; i++) {
      net.send(a, b, verbCode.userMessage, text(`ping ${i}`))
      net.run(1_000)
    }
    const junk = net.wire.filter(({ ttl, from }) => ttl !== undefined && from === '10.0.0.2/9993')
    expect(junk.map(({ at }) => Math.round((at - START) / 1_000))).toEqual([0, 31, 61])
    expect(b.messages).toHaveLength(65)
  })

  it('introduces both ways: each side is told the other', () => {
    const { net, a, b, root } = pair()
    net.send(a, b, verbCode.userMessage, text('hello'))
    net.run(25)
    const told = net.wire.filter(({ from, data }) => from === '10.0.0.1/9993' && data.length === 41)
    expect(told.map(({ data }) => destinationOf(data)).sort()).toEqual([za.address, zb.address].sort())
    expect(root.said.some(({ output }) => output._tag === 'Drop')).toBe(false)
  })

  it('passes packets and fragments on up to three times, counting, and drops what it cannot place', () => {
    const { net, root } = pair()
    const packet = new Uint8Array(40)
    packet.set([1, 2, 3, 4, 5, 6, 7, 8])
    const fragment = new Uint8Array(40)
    fragment.set([9, 9, 9, 9, 9, 9, 9, 9])
    const write = (bytes: Uint8Array, address: number, at: number): void => {
      for (let i = 4, rest = address; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[at + i] = rest % 256
    }
    write(packet, zb.address, 8)
    write(packet, za.address, 13)
    write(fragment, zb.address, 8)
    fragment[13] = 0xff
    fragment[14] = 0x21
    const before = net.wire.length
    for (let hops = 0; hops < 5; hops++) {
      net.inject(root, '10.0.0.2/9993', packet.slice())
      net.inject(root, '10.0.0.2/9993', fragment.slice())
      addHop(packet)
      addFragmentHop(fragment)
    }
    const passed = net.wire.slice(before).filter(({ to, data }) => to === '10.0.0.3/9993' && data.length === 40)
    expect(passed.map(({ data }) => (data[13] === 0xff ? data[15] : hopsOf(data)))).toEqual([1, 1, 2, 2, 3, 3])
    expect(net.drops(root)).toEqual(['hop-limit', 'hop-limit', 'hop-limit', 'hop-limit'])
    write(packet, 0x1234567890, 8)
    packet[18] = 0
    net.inject(root, '10.0.0.2/9993', packet)
    expect(net.drops(root).at(-1)).toBe('unreachable')
  })

  it('tells who holds another key for a known address, keeps the first, and a root that says so is believed', () => {
    const { net, root, a } = pair()
    const thief = { ...zb, address: za.address }
    const t = net.add('thief', thief, '10.0.0.66/9993', { planet })
    net.run(100)
    expect(net.drops(root)).toContain('collision')
    expect(t.said.some(({ output }) => output._tag === 'Collision')).toBe(true)
    expect(a.said.some(({ output }) => output._tag === 'Collision')).toBe(false)
    expect(peersOf(root.state).get(za.address)?.identity.publicKey).toEqual(za.publicKey)
  })

  it('refuses an identity whose address is not that of its key, and shuts its prefix for a while', () => {
    const net = new World1()
    const root = net.add('root', zr, '10.0.0.1/9993', { planet })
    const fake = { ...za, address: zb.address }
    net.add('fake', fake, '10.0.7.66/9993', { planet })
    net.run(400)
    expect(net.drops(root)).toEqual(['bad-identity'])
    net.run(1_000)
    expect(net.drops(root)).toEqual(['bad-identity', 'rate-limited', 'rate-limited'])
    net.add('honest', za, '10.0.8.1/9993', { planet })
    net.run(100)
    expect(peersOf(root.state).has(za.address)).toBe(true)
  })

  it('asks another root for whom it does not know, so that the next question finds an answer', () => {
    const zc = identityOf('zc')
    const two = makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993'), rootAt(zc, '10.0.1.1/9993')])
    const net = new World1()
    const near = net.add('near', zr, '10.0.0.1/9993', { planet: two })
    net.add('far', zc, '10.0.1.1/9993', { planet: two })
    const a = net.add('a', za, '10.0.0.2/9993', { planet: two })
    // b is known to the far root alone
    net.lose = ({ from, to }) => [from, to].includes('10.0.0.3/9993') && [from, to].includes('10.0.0.1/9993')
    const b = net.add('b', zb, '10.0.0.3/9993', { planet: two })
    net.run(200)
    expect(net.link(near, b)).not.toBe('direct')
    net.send(a, b, verbCode.userMessage, text('hello'))
    net.run(1_500)
    expect(net.texts(b)).toEqual(['hello'])
  })
})

describe('a node that is no root', () => {
  it('relays nothing for strangers', () => {
    const { net, a } = pair()
    const packet = new Uint8Array(40).fill(1)
    net.inject(a, '10.0.0.99/1', packet)
    expect(sourceOf(packet)).not.toBe(za.address)
    expect(net.drops(a)).toEqual(['not-relaying'])
  })

  it('believes RENDEZVOUS and WHOIS answers only from a root', () => {
    const { net, a, b } = pair()
    net.send(a, b, verbCode.userMessage, text('hello'))
    net.run(100)
    const before = net.wire.length
    net.send(b, a, verbCode.rendezvous, Uint8Array.of(0, 0x80, 0x86, 0x21, 0x81, 0x87, 0x27, 0x09, 4, 10, 9, 9, 9))
    net.run(10)
    expect(net.drops(a)).toEqual(['untrusted'])
    expect(net.wire.slice(before).some(({ to }) => to.startsWith('10.9.9.9'))).toBe(false)
  })
})
