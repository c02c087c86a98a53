import { describe, expect, it } from 'vitest'
import { cipherOf } from '../../src/protocol/packet/header.ts'
import { parseEndpoint } from '../../src/protocol/peer/endpoint.ts'
import { echo } from '../../src/protocol/verb/echo.ts'
import { pathFlag, pushDirectPaths } from '../../src/protocol/verb/push-direct-paths.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { whois } from '../../src/protocol/verb/whois.ts'
import { peersOf } from '../../src/protocol/vl1.ts'
import { B, handDriven } from './vl1-hand.ts'
import { identityOf } from './vl1-world.ts'

const [za, zb] = [identityOf('za'), identityOf('zb')]

const push = (...endpoints: readonly (string | { text: string; flags: number })[]) => ({
  paths: endpoints.map((one) => ({
    flags: typeof one === 'string' ? 0 : one.flags,
    extension: new Uint8Array(0),
    endpoint: parseEndpoint(typeof one === 'string' ? one : one.text)!,
  })),
})

describe('a path', () => {
  it('is learned from an OK that came straight by it, and from nothing else', () => {
    const { b } = handDriven()
    b.hello()
    for (let i = 0; i < 3; i++) b.say(verbCode.nop, echo, { data: new Uint8Array(9) })
    expect(b.paths()).toEqual([])
    b.answer(b.contacts()[0]!, B, 1)
    expect(b.paths()).toEqual([])
    b.answer(b.contacts()[0]!)
    expect(b.paths()).toEqual([B])
  })

  it('is not learned from an OK that answers what was sent to another endpoint: it is asked itself', () => {
    const { b } = handDriven()
    b.hello()
    b.answer(b.contacts()[0]!, '10.0.0.9/9993')
    expect(b.paths()).toEqual([])
    b.answer(b.contacts('10.0.0.9/9993')[0]!, '10.0.0.9/9993')
    expect(b.paths()).toEqual(['10.0.0.9/9993'])
  })

  it('that is not confirmed yet is asked at most once in a second', () => {
    const { net, b } = handDriven()
    b.hello()
    const before = b.contacts().length
    for (let i = 0; i < 99; i++) {
      b.say(verbCode.nop, echo, { data: new Uint8Array(9) })
      net.run(1)
    }
    expect(b.contacts().length).toBe(before)
  })

  it('is not followed to another port of the same IP while it works', () => {
    const { net, b } = handDriven()
    b.hello()
    b.answer(b.contacts()[0]!)
    b.hello('10.0.0.3/7777')
    expect(b.contacts('10.0.0.3/7777')).toEqual([])
    net.run(20_000)
    b.hello('10.0.0.3/7777')
    b.answer(b.contacts('10.0.0.3/7777')[0]!, '10.0.0.3/7777')
    expect(b.paths()).toEqual([B, '10.0.0.3/7777'])
  })

  it('inside a joined network or on loopback is none', () => {
    const { net, a, b } = handDriven()
    net.give(a, { _tag: 'Managed', prefixes: [{ address: Uint8Array.of(10, 0, 0, 0), bits: 24 }] })
    b.hello()
    b.hello('127.0.0.1/5')
    expect(b.contacts()).toEqual([])
    expect(b.contacts('127.0.0.1/5')).toEqual([])
    const embedded = handDriven({ allowLoopback: true })
    embedded.b.hello('127.0.0.1/5')
    expect(embedded.b.contacts('127.0.0.1/5')).toHaveLength(1)
  })
})

describe('PUSH_DIRECT_PATHS', () => {
  const known = () => {
    const hand = handDriven()
    hand.b.hello()
    hand.b.answer(hand.b.contacts()[0]!)
    return hand
  }

  it('makes the node try what it may use and does not use yet', () => {
    const { b } = known()
    const offered = ['10.9.0.1/1', '127.0.0.1/2', '8.8.8.8/3', { text: '10.9.0.4/4', flags: pathFlag.forget }]
    b.say(verbCode.pushDirectPaths, pushDirectPaths, push(...offered, B))
    expect(b.contacts('10.9.0.1/1')).toHaveLength(1)
    expect(b.contacts('8.8.8.8/3')).toHaveLength(1)
    expect(b.contacts('127.0.0.1/2')).toEqual([])
    expect(b.contacts('10.9.0.4/4')).toEqual([])
    expect(b.contacts()).toHaveLength(1)
  })

  it('makes it try eight of a kind, and is taken eight times in a row', () => {
    const { net, b } = known()
    const before = net.wire.length
    for (let n = 0; n < 20; n++) {
      const many = Array.from({ length: 20 }, (_, i) => `10.9.${n}.1/${i + 1}`)
      b.say(verbCode.pushDirectPaths, pushDirectPaths, push(...many))
    }
    expect(net.wire.slice(before)).toHaveLength(8 * 8)
    net.run(31_000)
    b.say(verbCode.pushDirectPaths, pushDirectPaths, push('10.10.0.1/1'))
    expect(b.contacts('10.10.0.1/1')).toHaveLength(1)
  })

  it('that redirects to another place has to be confirmed from there', () => {
    const { net, a, b } = known()
    b.say(verbCode.pushDirectPaths, pushDirectPaths, push({ text: '10.9.0.1/1', flags: pathFlag.clusterRedirect }))
    expect(b.paths()).toEqual(['10.9.0.1/1'])
    expect(peersOf(a.state).get(zb.address)?.paths[0]?.expired).toBe(true)
    b.answer(b.contacts('10.9.0.1/1')[0]!, '10.9.0.1/1')
    expect(peersOf(a.state).get(zb.address)).toMatchObject({ link: 'direct', paths: [{ expired: false }] })
    expect(net.drops(a)).toEqual([])
  })
})

describe('what a peer sends', () => {
  it('is dropped where the suite is reserved, or is that of a trusted path', () => {
    const { net, a, b } = handDriven()
    b.hello()
    const packet = b.say(verbCode.nop, echo, { data: new Uint8Array(9) })
    for (const suite of [2, 4, 5, 6, 7]) {
      const other = packet.slice()
      other[18] = suite << 3
      net.inject(a, B, other)
    }
    expect(net.drops(a)).toEqual(['trusted-path', 'bad-cipher', 'bad-cipher', 'bad-cipher', 'bad-cipher'])
  })

  it('is dropped if it is a HELLO of a protocol before 4', () => {
    const { net, a, b } = handDriven()
    b.hello(B, 3)
    expect(net.drops(a)).toEqual(['old-protocol'])
  })

  it('is answered under suite 1 or 3, as it says it understands', () => {
    const { net, b } = handDriven()
    b.hello()
    b.say(verbCode.echo, echo, { data: new Uint8Array(5) })
    expect(cipherOf(net.wire.at(-1)!.data)).toBe(3)
    b.hello(B, 11)
    b.say(verbCode.echo, echo, { data: new Uint8Array(5) })
    net.run(200)
    b.say(verbCode.echo, echo, { data: new Uint8Array(5) })
    expect(cipherOf(net.wire.at(-1)!.data)).toBe(1)
  })

  it('is answered once in 100 ms if it is a WHOIS, and always for our own address', () => {
    const { net, a, b } = handDriven()
    b.hello()
    const answers = (): number => net.wire.filter(({ to, data }) => to === B && data.length === 108).length
    for (let i = 0; i < 5; i++) b.say(verbCode.whois, whois, [za.address])
    expect(answers()).toBe(1)
    net.run(100)
    b.say(verbCode.whois, whois, [za.address])
    expect(answers()).toBe(2)
    expect(net.drops(a)).toEqual(['rate-limited', 'rate-limited', 'rate-limited', 'rate-limited'])
  })
})
