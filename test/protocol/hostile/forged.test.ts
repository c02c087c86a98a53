import { describe, expect, it } from 'vitest'
import { encode } from '../../../src/protocol/kernel/codec.ts'
import { readU40, writeU40 } from '../../../src/protocol/kernel/id.ts'
import { cipherOf, packetIdOf, verbOf } from '../../../src/protocol/packet/header.ts'
import { error, errorCode } from '../../../src/protocol/verb/error.ts'
import { ok, okHello } from '../../../src/protocol/verb/ok.ts'
import { rendezvous, rendezvousAt } from '../../../src/protocol/verb/rendezvous.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { peerIn, worldsOf } from '../../../src/protocol/vl1.ts'
import { createWorld, MAX_ENDPOINTS, MAX_ROOTS, type World, world } from '../../../src/protocol/world/world.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { Hand } from '../vl1-hand.ts'
import { identityOf, makeWorld, rootAt, type Sent, World1, worldKey } from '../vl1-world.ts'
import { ENEMY, overfull, planet, ROOT, Siege } from './siege.ts'

const [zr, za, zc, zx] = (['zr', 'za', 'zc', 'zx'] as const).map(identityOf) as [Id, Id, Id, Id]
type Id = ReturnType<typeof identityOf>

/** A node, and a root and a peer that say by hand what they should not. */
const byHand = () => {
  const net = new World1()
  const a = net.add('a', za, '10.0.0.2/9993', { planet })
  net.lose = () => true
  const root = new Hand(net, a, zr)
  const peer = new Hand(net, a, zx)
  peer.hello(ENEMY)
  const asked = (to: string): Sent => net.wire.find((sent) => sent.to === to && sent.data.length === 137)!
  return { net, a, root, peer, asked }
}
const okHelloOf = (asked: Sent, updates: Uint8Array = new Uint8Array(0)) => ({
  inReVerb: verbCode.hello as number,
  inReId: packetIdOf(asked.data),
  answer: encode(okHello, { clock: 1n, protocol: 12, major: 1, minor: 14, revision: 1, seenAt: null, updates }),
})

describe('an OK counts only', () => {
  it('for a packet that was sent, all of its ID', () => {
    const { net, a, peer, asked } = byHand()
    const answer = okHelloOf(asked(ENEMY))
    for (const wrong of [1n, 1n << 32n, 1n << 63n])
      peer.say(verbCode.ok, ok, { ...answer, inReId: (answer.inReId ^ wrong) as never }, ENEMY)
    expect(net.drops(a)).toEqual(['unexpected-reply', 'unexpected-reply', 'unexpected-reply'])
    expect(peerIn(a.state, zx.address)?.paths).toEqual([])
  })

  it('from whom it was sent to, though others know the ID: a relay sees it', () => {
    const { net, a, peer, asked } = byHand()
    peer.say(verbCode.ok, ok, okHelloOf(asked(ROOT)), ENEMY)
    expect(net.drops(a)).toEqual(['unexpected-reply'])
    expect(peerIn(a.state, zx.address)?.paths).toEqual([])
  })

  it('for the verb that was sent', () => {
    const { net, a, peer, asked } = byHand()
    const answer = okHelloOf(asked(ENEMY))
    for (const verb of [verbCode.echo, verbCode.whois, verbCode.networkConfigRequest, verbCode.hello | 0x20])
      peer.say(verbCode.ok, ok, { ...answer, inReVerb: verb }, ENEMY)
    expect(new Set(net.drops(a))).toEqual(new Set(['unexpected-reply']))
    expect(a.messages).toEqual([])
    peer.say(verbCode.ok, ok, answer, ENEMY)
    expect(peerIn(a.state, zx.address)?.paths).toHaveLength(1)
  })
})

describe('an ERROR that says another owns our address ends us only', () => {
  const collision = { inReVerb: verbCode.hello as number, code: errorCode.identityCollision, detail: new Uint8Array(0) }
  const ended = ({ a }: ReturnType<typeof byHand>): boolean => a.said.some(({ output }) => output._tag === 'Collision')

  it('from a root, about a HELLO it was sent: no recording of an earlier run does', () => {
    const it = byHand()
    const inReId = packetIdOf(it.asked(ROOT).data)
    it.root.say(verbCode.error, error, { ...collision, inReId: (inReId ^ 1n) as never }, ROOT)
    it.root.say(verbCode.error, error, { ...collision, inReVerb: verbCode.whois, inReId }, ROOT)
    it.peer.say(verbCode.error, error, { ...collision, inReId }, ENEMY)
    expect(it.net.drops(it.a)).toEqual(['unexpected-reply', 'unexpected-reply', 'untrusted'])
    expect(ended(it)).toBe(false)
    it.root.say(verbCode.error, error, { ...collision, inReId }, ROOT)
    expect(ended(it)).toBe(true)
  })
})

describe('RENDEZVOUS leads nowhere', () => {
  const at = (address: string, port = 9) => rendezvousAt(zx.address, { address, port })!

  it('if no root says it', () => {
    const { net, a, peer } = byHand()
    peer.say(verbCode.rendezvous, rendezvous, rendezvousAt(zr.address, { address: '44.0.0.1', port: 9 })!, ENEMY)
    expect(net.drops(a)).toEqual(['untrusted'])
    expect(net.wire.some(({ to }) => to.startsWith('44.'))).toBe(false)
  })

  it('if it names a place that is no physical path', () => {
    const { net, a, root } = byHand()
    net.give(a, { _tag: 'Managed', prefixes: [{ address: Uint8Array.of(10, 147, 0, 0), bits: 16 }] })
    const before = net.wire.length
    const odd = ['127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '169.254.1.1', '10.147.17.5', '::1', 'ff02::1']
    for (const address of odd) root.say(verbCode.rendezvous, rendezvous, at(address), ROOT)
    root.say(verbCode.rendezvous, rendezvous, at('44.0.0.1', 0), ROOT)
    expect(net.drops(a)).toEqual(odd.map(() => 'untrusted'))
    const places = net.wire.slice(before).map(({ to }) => to)
    expect(places.filter((to) => odd.some((one) => to.startsWith(`${one}/`)) || to.endsWith('/0'))).toEqual([])
  })
})

describe('our own packets, sent back to us', () => {
  it('are dropped, whoever sends them from wherever, and change nothing', () => {
    const { net, node } = new Siege()
    const ours = net.wire.filter(({ from, data }) => from === '10.0.0.2/9993' && data.length >= 28).slice(0, 40)
    const [said, wire, peers] = [node.said.length, net.wire.length, node.state.peers.size]
    for (const { data, to } of ours)
      for (const from of [to, ROOT, '10.0.0.2/9993', '44.0.0.1/1']) {
        net.inject(node, from, data.slice())
        // the same, turned round: its MAC covers source and destination
        const turned = data.slice()
        const [destination, source] = [readU40(turned, 8), readU40(turned, 13)]
        writeU40(turned, 8, source)
        writeU40(turned, 13, destination)
        net.inject(node, from, turned)
      }
    const news = node.said.slice(said).map(({ output }) => output)
    const reasons = news.map((output) => (output._tag === 'Drop' ? output.reason : output._tag))
    expect(reasons.filter((one) => one === 'own-source')).toHaveLength(4 * ours.length)
    expect(new Set(reasons)).toEqual(new Set(['own-source', 'bad-mac', 'malformed']))
    expect(net.wire.length).toBe(wire)
    expect(node.state.peers.size).toBe(peers)
    expect(overfull(node.state)).toEqual([])
  })
})

describe('a world is adopted only', () => {
  const told = (next: Uint8Array) => {
    const it = byHand()
    it.root.say(verbCode.ok, ok, okHelloOf(it.asked(ROOT), next), ROOT)
    const { planet: now, moons } = worldsOf(it.a.state)
    return { ...it, timestamp: now.timestamp, moons: moons.length }
  }
  const signedBy = (key: Id, value: Partial<World>): Uint8Array => {
    const roots = [rootAt(zc, '44.0.0.1/9993')]
    const facts = { type: 'planet', id: 7n, timestamp: 2_000n, updateKey: worldKey.publicKey, roots, ...value } as const
    const made = createWorld(fastCrypto, key, facts as never)
    if (made._tag === 'Left') throw new Error('no world')
    return encode(world, made.right)
  }

  it('if the key of the one before has signed it', () => {
    expect(told(signedBy(zx, { updateKey: zx.publicKey })).timestamp).toBe(1_000n)
    expect(told(signedBy(worldKey, {})).timestamp).toBe(2_000n)
  })

  it('if it is newer, and of the same name', () => {
    expect(told(signedBy(worldKey, { timestamp: 1_000n })).timestamp).toBe(1_000n)
    expect(told(signedBy(worldKey, { timestamp: 999n })).timestamp).toBe(1_000n)
    expect(told(signedBy(worldKey, { id: 8n })).timestamp).toBe(1_000n)
  })

  it('if it is a moon that was asked for', () => {
    expect(told(signedBy(worldKey, { type: 'moon', id: 0x99n })).moons).toBe(0)
  })

  it('if no byte of it was changed', () => {
    const genuine = signedBy(worldKey, {})
    for (let at = 0; at < genuine.length; at += 23) {
      const forged = genuine.slice()
      forged[at]! ^= 0x10
      const { timestamp, a, net } = told(forged)
      expect(timestamp).toBe(1_000n)
      expect(a.state.upstreams.byAddress.has(zr.address)).toBe(true)
      expect(net.drops(a).every((reason) => reason === 'malformed')).toBe(true)
    }
  })

  it('if it is not too large: roots and endpoints have a bound, and bytes behind it are no world', () => {
    const many = (n: number, endpoints: number): Uint8Array => {
      const one = encode(world, makeWorld('planet', 7n, 2_000n, [rootAt(zc, '44.0.0.1/9993')]))
      const count = one.length - ROOT_SIZE
      const root = one.subarray(count)
      const places = new Uint8Array(endpoints * 7).map((_, i) => (i % 7 === 0 ? 4 : 9))
      const entry = Uint8Array.of(...root.subarray(0, root.length - 8), endpoints, ...places)
      return Uint8Array.of(...one.subarray(0, count - 1), n, ...Array.from({ length: n }, () => [...entry]).flat())
    }
    for (const [roots, endpoints] of [
      [MAX_ROOTS + 1, 1],
      [255, 0],
      [1, MAX_ENDPOINTS + 1],
      [4, 255],
    ] as const)
      expect(told(many(roots, endpoints)).timestamp).toBe(1_000n)
  })

  it('however often it is repeated: a signature is checked once, and no more once it was taken', () => {
    const siege = new Siege()
    const { net, node, work } = siege
    const root = new Hand(net, node, zr)
    const asked = net.wire.find(({ to, data }) => to === ROOT && data.length === 137 && cipherOf(data) === 0)!
    expect(verbOf(asked.data)).toBe(verbCode.hello)
    const before = work.signatures
    for (let i = 0; i < 50; i++) root.say(verbCode.ok, ok, okHelloOf(asked, signedBy(worldKey, {})), ROOT)
    expect(work.signatures - before).toBe(1)
    expect(worldsOf(node.state).planet.timestamp).toBe(2_000n)
  })
})

/** A root with one IPv4 endpoint, at the end of a world: address, kind, keys, no secret, number of endpoints, endpoint. */
const ROOT_SIZE = 5 + 1 + 64 + 1 + 1 + 7
