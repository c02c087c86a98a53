import { agree } from '../../src/protocol/crypto/agreement.ts'
import type { SecretIdentity } from '../../src/protocol/crypto/identity.ts'
import type { CipherSuite, Session } from '../../src/protocol/crypto/suite.ts'
import { writeU32 } from '../../src/protocol/kernel/codec.ts'
import { address, writeU40 } from '../../src/protocol/kernel/id.ts'
import { fragment, MAX_PIECES } from '../../src/protocol/packet/fragment.ts'
import { COMPRESSED, destinationOf, markFragmented, sourceOf, writeHeader } from '../../src/protocol/packet/header.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { HEADER } from '../../src/protocol/vl1-io.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'
import { type Chance, concat, mutate, splice } from './chance.ts'
import type { Sample } from './samples.ts'
import { BEACON, type Carried } from './vl1-net.ts'

/** Makes datagrams for a victim: some wrong outside, some with a good MAC and wrong inside. */
export interface Forge {
  /** What kind it is, and the datagram. */
  readonly make: (recent: readonly Carried[], victim: SecretIdentity) => readonly [kind: string, data: Uint8Array]
}

export const forge = (c: Chance, senders: readonly SecretIdentity[], samples: readonly Sample[]): Forge => {
  const sessions = new Map<string, Session>()
  const between = (a: SecretIdentity, b: SecretIdentity): Session => {
    const key = `${a.address} ${b.address}`
    const known = sessions.get(key) ?? fastCrypto.session(agree(fastCrypto, a, b)!)
    sessions.set(key, known)
    return known
  }
  const someAddress = () => c.pick([...senders.map((one) => one.address), address(0), address(0xff_1234_5678)])
  const forVictim = (recent: readonly Carried[], victim: SecretIdentity): Uint8Array => {
    const his = recent.filter(({ data }) => data.length > 18 && destinationOf(data) === victim.address)
    return c.pick(his.length > 0 ? his : recent).data
  }

  /** A reply names something that the victim did send, half of the time. */
  const answer = (recent: readonly Carried[], victim: SecretIdentity, verb: number): Uint8Array => {
    const sent = recent.filter(({ data }) => data.length > 28 && sourceOf(data) === victim.address)
    const head = concat(
      Uint8Array.of(verb),
      sent.length > 0 && c.once(2) ? c.pick(sent).data.subarray(0, 8) : c.bytes(8),
    )
    const same = samples.filter((one) => one.verb === verbCode.ok && one.payload[0] === verb)
    const body = same.length > 0 ? c.pick(same).payload.subarray(9) : c.bytes(c.below(60))
    return concat(head, c.once(3) ? body : mutate(c, body))
  }
  const inside = (recent: readonly Carried[], victim: SecretIdentity): Sample => {
    const one = c.pick(samples)
    switch (c.below(8)) {
      case 0:
        return {
          verb: verbCode.ok,
          payload: answer(recent, victim, c.pick([one.verb, verbCode.hello, verbCode.whois])),
        }
      case 1:
        return { verb: c.below(32), payload: c.bytes(c.below(200)) }
      case 2:
        return { verb: c.below(32), payload: one.payload }
      case 3:
        return { verb: one.verb, payload: splice(c, one.payload, c.pick(samples).payload) }
      case 4:
        return one
      default:
        return { verb: one.verb, payload: mutate(c, one.payload) }
    }
  }
  /** A packet of somebody with a good MAC, whatever it says. */
  const sealed = (recent: readonly Carried[], victim: SecretIdentity): readonly [string, Uint8Array] => {
    const sender = c.pick(senders.filter((one) => one !== victim))
    const { verb, payload } = inside(recent, victim)
    let body = payload
    // a HELLO is worth more if it says who sends it
    if (verb === verbCode.hello && body.length > 100 && !c.once(4)) {
      body = body.slice()
      writeU40(body, IDENTITY_IN_HELLO, sender.address)
      body[IDENTITY_IN_HELLO + 5] = 0
      body.set(sender.publicKey, IDENTITY_IN_HELLO + 6)
      if (c.once(4)) body[c.below(IDENTITY_IN_HELLO + 70)] = c.below(256)
    }
    const lz4 = c.once(8)
    if (lz4 && c.once(4)) body = bomb(c)
    const packet = concat(new Uint8Array(HEADER), body)
    writeHeader(packet, c.bytes(8), victim.address, sender.address, verb | (lz4 ? COMPRESSED : 0))
    if (c.once(10)) writeU40(packet, 13, someAddress())
    const suites: readonly CipherSuite[] = verb === verbCode.hello ? [0, 0, 0, 1, 3] : [1, 3]
    if (c.once(20)) markFragmented(packet)
    between(sender, victim).seal(c.pick(suites), [packet])
    packet[18] = packet[18]! | (c.once(3) ? c.below(8) : 0)
    return [`sealed ${lz4 ? 'LZ4' : `0x${verb.toString(16).padStart(2, '0')}`}`, packet]
  }

  const kinds: Readonly<Record<string, (recent: readonly Carried[], victim: SecretIdentity) => Uint8Array>> = {
    mutated: (recent, victim) => mutate(c, forVictim(recent, victim), 40),
    spliced: (recent, victim) => splice(c, forVictim(recent, victim), c.pick(recent).data),
    replayed: (recent, victim) => forVictim(recent, victim).slice(),
    readdressed: (recent, victim) => {
      const data = forVictim(recent, victim).slice()
      if (data.length < 28) return data
      if (c.once(2)) writeU40(data, 8, someAddress())
      if (c.once(2)) writeU40(data, 13, someAddress())
      data[18] = c.below(256)
      return data
    },
    fragments: (recent, victim) => {
      const packet = concat(forVictim(recent, victim), c.bytes(c.below(9_000)))
      markFragmented(packet)
      writeU32(packet, 0, c.below(40))
      writeU32(packet, 4, 0)
      writeU40(packet, 8, c.once(6) ? someAddress() : victim.address)
      const pieces = fragment(packet, 400 + c.below(1_200)).slice(0, 15)
      const piece = c.pick(pieces).slice()
      if (piece.length > 16 && piece[13] === 0xff) {
        if (c.once(2)) piece[14] = c.once(2) ? c.below(256) : (MAX_PIECES << 4) | c.below(8)
        if (c.once(4)) piece[15] = c.below(256)
      }
      return piece
    },
    beacon: () => {
      const data = c.bytes(BEACON)
      writeU40(data, 8, someAddress())
      return data
    },
    noise: () => c.bytes(c.pick([0, 1, 12, 13, 16, 17, 27, 28, 29, c.below(2_000)])),
  }
  const names = Object.keys(kinds)
  return {
    make: (recent, victim) => {
      if (c.once(2)) return sealed(recent, victim)
      const kind = c.pick(names)
      return [kind, kinds[kind]!(recent, victim)]
    },
  }
}

/** A block that unpacks to as much as its lengths can say. */
const bomb = (c: Chance): Uint8Array => {
  const ones = new Uint8Array(1 + c.below(3_000)).fill(255)
  return concat(Uint8Array.of(0x1f, c.below(256), 1, 0), ones, Uint8Array.of(c.below(255)), c.bytes(c.below(12)))
}

/** Protocol, version, revision and clock stand in front of it. */
const IDENTITY_IN_HELLO = 13
