import { describe, expect, it } from 'vitest'
import { agree } from '../../../src/protocol/crypto/agreement.ts'
import { cryptHelloTail } from '../../../src/protocol/crypto/hello-tail.ts'
import type { SecretIdentity } from '../../../src/protocol/crypto/identity.ts'
import type { Session } from '../../../src/protocol/crypto/suite.ts'
import { type Codec, decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { printAddress, printPacketId } from '../../../src/protocol/kernel/id.ts'
import { payloadOf } from '../../../src/protocol/packet/compression.ts'
import {
  cipherOf,
  classify,
  destinationOf,
  hopsOf,
  isCompressed,
  isFragmentedHead,
  packetIdOf,
  sourceOf,
  verbOf,
} from '../../../src/protocol/packet/header.ts'
import { addFragment, addHead, reassembly } from '../../../src/protocol/packet/reassembly.ts'
import { hello, helloMoons } from '../../../src/protocol/verb/hello.ts'
import { type Ok, ok, okHello, okWhois } from '../../../src/protocol/verb/ok.ts'
import { pushDirectPaths } from '../../../src/protocol/verb/push-direct-paths.ts'
import { rendezvous } from '../../../src/protocol/verb/rendezvous.ts'
import { decodeVerb, verbCode, verbName } from '../../../src/protocol/verb/table.ts'
import { whois } from '../../../src/protocol/verb/whois.ts'
import { isReplacedBy, readWorlds, world } from '../../../src/protocol/world/world.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'
import {
  capturedDatagrams,
  capturedNodes,
  capturedPackets,
  capturedPlanet,
  captureNames,
} from '../../support/captures.ts'
import { hex, unhex } from '../../support/checker.ts'

const nodes = new Map(capturedNodes.map((node) => [node.address as number, node]))
interface Pair {
  readonly key: Uint8Array
  readonly session: Session
}
const pairs = new Map<string, Pair>()
const pairOf = (a: SecretIdentity, b: SecretIdentity): Pair => {
  const name = `${a.address} ${b.address}`
  const known = pairs.get(name)
  if (known !== undefined) return known
  const key = agree(plainCrypto, a, b)!
  const made = { key, session: plainCrypto.session(key) }
  pairs.set(name, made)
  pairs.set(`${b.address} ${a.address}`, made)
  return made
}
const pairIn = (packet: Uint8Array): Pair => pairOf(nodes.get(destinationOf(packet))!, nodes.get(sourceOf(packet))!)

/** Whole packets of a capture, in the order in which they were complete. */
const packetsIn = (name: string): readonly Uint8Array[] => {
  const ring = reassembly()
  return capturedDatagrams(name).flatMap(({ data, from }) => {
    const kind = classify(data)
    if (kind !== 'packet' && kind !== 'fragment') return []
    if (kind === 'packet' && !isFragmentedHead(data)) return [data]
    const result = (kind === 'fragment' ? addFragment : addHead)(ring, data, { endpoint: from, socket: 1 }, 0)
    return result._tag === 'Assembled' ? [result.packet] : []
  })
}

const again = <A>(codec: Codec<A>, payload: Uint8Array): void => {
  const found = decode(codec, payload)
  expect(E.isRight(found)).toBe(true)
  if (E.isRight(found)) expect(hex(encode(codec, found.right))).toBe(hex(payload))
}
const rewrites =
  <A>(codec: Codec<A>) =>
  (payload: Uint8Array): void =>
    again(codec, payload)
const answers = new Map([
  [verbCode.hello as number, rewrites(okHello)],
  [verbCode.whois, rewrites(okWhois)],
])
const messages = new Map([
  ['WHOIS', rewrites(whois)],
  ['RENDEZVOUS', rewrites(rendezvous)],
  ['PUSH_DIRECT_PATHS', rewrites(pushDirectPaths)],
  ['OK', rewrites(ok)],
])

describe.each(captureNames)('native nodes in %s', (name) => {
  const packets = packetsIn(name)
  const decoded = capturedPackets(name)

  it('send packets that open, decompress and read as they were decoded', () => {
    const opened = packets.map((packet) => {
      const { session } = pairIn(packet)
      const facts = {
        packet_id: printPacketId(packetIdOf(packet)),
        from: printAddress(sourceOf(packet)),
        to: printAddress(destinationOf(packet)),
        hops: hopsOf(packet),
        cipher: cipherOf(packet),
      }
      expect(session.open([packet])).toEqual([true])
      const payload = payloadOf(packet)!
      expect(decodeVerb(verbOf(packet), payload)).toMatchObject({ _tag: 'Right' })
      return { ...facts, verb: verbOf(packet), compressed: isCompressed(packet), payload: hex(payload) }
    })
    const order = (a: { packet_id: string }, b: { packet_id: string }): number => (a.packet_id < b.packet_id ? -1 : 1)
    const spelled = (verb: number): string => (verbName(verb) ?? '').replace(/[A-Z]/g, '_$&').toUpperCase()
    expect(opened.map((one) => ({ ...one, verb: spelled(one.verb) })).sort(order)).toEqual(
      decoded
        .map(({ packet_id, from, to, hops, cipher, verb, compressed, payload }) => ({
          packet_id,
          from,
          to,
          hops,
          cipher,
          verb,
          compressed,
          payload,
        }))
        .sort(order),
    )
  })

  it('write what we write', () => {
    for (const { verb, payload } of decoded) {
      messages.get(verb)?.(unhex(payload))
      if (verb !== 'OK') continue
      const { inReVerb, answer } = (decode(ok, unhex(payload)) as E.Right<Ok>).right
      answers.get(inReVerb)?.(answer)
    }
  })

  it('say HELLO as we do, tail included', () => {
    const hellos = packetsIn(name).filter((packet) => verbOf(packet) === verbCode.hello && cipherOf(packet) === 0)
    for (const packet of hellos) {
      const r = reader(packet, 28)
      const head = hello.read(r)
      const tailAt = r.at
      cryptHelloTail(plainCrypto, pairIn(packet).key, packet, tailAt)
      const moons = helloMoons.read(r)
      expect(r.at).toBe(packet.length)
      if (E.isLeft(head) || E.isLeft(moons)) throw new Error('a HELLO that cannot be read')
      expect(head.right).toMatchObject({ protocol: 12, identity: { address: sourceOf(packet) } })
      expect(hex(encode(hello, head.right)) + hex(encode(helloMoons, moons.right))).toBe(hex(packet.subarray(28)))
    }
  })
})

describe('the planet of the captured network', () => {
  it('is read, written and verified', () => {
    const bytes = capturedPlanet()
    again(world, bytes)
    const [planet] = readWorlds(bytes)
    expect(isReplacedBy(plainCrypto, { ...planet!, timestamp: planet!.timestamp - 1n }, planet!)).toBe(true)
  })
})
