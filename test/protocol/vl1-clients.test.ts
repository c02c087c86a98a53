import { beforeAll, describe, expect, it } from 'vitest'
import { agree } from '../../src/protocol/crypto/agreement.ts'
import { type SecretIdentity, sameIdentity } from '../../src/protocol/crypto/identity.ts'
import type { CipherSuite, Session } from '../../src/protocol/crypto/suite.ts'
import type { Endpoint, OutgoingDatagram } from '../../src/protocol/datagram.ts'
import { type Codec, decode, encode } from '../../src/protocol/kernel/codec.ts'
import { address } from '../../src/protocol/kernel/id.ts'
import type { Millis } from '../../src/protocol/kernel/machine.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import {
  bodyOf,
  cipherOf,
  destinationOf,
  hopsOf,
  packetIdOf,
  verbOf,
  writeHeader,
} from '../../src/protocol/packet/header.ts'
import { CHECK_BURST, CHECK_RATE } from '../../src/protocol/peer/validation.ts'
import { hello } from '../../src/protocol/verb/hello.ts'
import { ok, okHello, okWhois } from '../../src/protocol/verb/ok.ts'
import { endpointIn, rendezvous } from '../../src/protocol/verb/rendezvous.ts'
import { verbCode } from '../../src/protocol/verb/verb-code.ts'
import { whois } from '../../src/protocol/verb/whois.ts'
import { peerIn, vl1 } from '../../src/protocol/vl1.ts'
import { HEADER, type Vl1Input, type Vl1Output } from '../../src/protocol/vl1-io.ts'
import { fastCrypto } from '../../src/streams/io/crypto-fast.ts'
import { identityOf, makeWorld, rootAt, START } from './vl1-world.ts'

const CLIENTS = 1_000
const random = seededRandom(9)
const zr = identityOf('zr')
const version = { protocol: 12, major: 1, minor: 14, revision: 1 }

/** A node that is simulated by the datagrams it sends: its memory-hard work is taken for done. */
interface Client {
  readonly identity: SecretIdentity
  readonly endpoint: Endpoint
  readonly session: Session
}
const client = (n: number): Client => {
  const secretKey = random(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(fastCrypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(fastCrypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  const identity = { address: address(0x20_0000_0000 + n), publicKey, secretKey }
  // each in a network of its own, so that none waits for the gate of another
  const endpoint = { address: `${60 + (n >> 8)}.${n & 0xff}.1.7`, port: 9993 }
  return { identity, endpoint, session: fastCrypto.session(agree(fastCrypto, identity, zr)!) }
}

class Root {
  readonly machine = vl1({
    identity: zr,
    crypto: fastCrypto,
    random,
    planet: makeWorld('planet', 7n, 1_000n, [rootAt(zr, '10.0.0.1/9993')]),
  })
  readonly state = this.machine.initial
  readonly drops: string[] = []
  now: Millis = START

  constructor() {
    this.give({ _tag: 'Local', sockets: [{ address: '10.0.0.1', port: 9993, socket: 0 }] })
  }

  /** What it sends because of this. */
  give(input: Vl1Input): readonly OutgoingDatagram[] {
    return this.hear(this.machine.step(this.state, input, this.now)[1])
  }
  receive(data: Uint8Array, from: Endpoint): readonly OutgoingDatagram[] {
    return this.give({ _tag: 'Datagrams', batch: [{ data, from, socket: 0 }] })
  }
  say<A>(by: Client, verb: number, codec: Codec<A>, value: A, suite: CipherSuite = 3): readonly OutgoingDatagram[] {
    const body = encode(codec, value)
    const packet = new Uint8Array(HEADER + body.length)
    packet.set(body, HEADER)
    writeHeader(packet, random(8), zr.address, by.identity.address, verb)
    by.session.seal(suite, [packet])
    return this.receive(packet, by.endpoint)
  }
  pass(span: Millis): void {
    const until = this.now + span
    for (let at = this.machine.deadline(this.state); at <= until; at = this.machine.deadline(this.state)) {
      this.now = Math.max(this.now, at)
      this.hear(this.machine.tick(this.state, this.now)[1])
    }
    this.now = until
  }

  private hear(outputs: readonly Vl1Output[]): readonly OutgoingDatagram[] {
    const sent: OutgoingDatagram[] = []
    for (const output of outputs) {
      if (output._tag === 'Transmit') sent.push(...output.datagrams)
      if (output._tag === 'Drop') this.drops.push(output.reason)
      if (output._tag === 'Validate')
        sent.push(...this.give({ _tag: 'Validated', identity: output.identity, valid: true }))
    }
    return sent
  }
}

/** HELLO, and the answer to the HELLO by which the root confirms the path; false if it did not answer. */
const join = (root: Root, one: Client): boolean => {
  const said = { ...version, clock: 1n, identity: one.identity, sentTo: undefined, planet: undefined }
  const greeting = root.say(one, verbCode.hello, hello, said, 0).find(({ data }) => cipherOf(data) === 0)
  if (greeting === undefined) return false
  const answer = encode(okHello, { ...version, clock: 1n, seenAt: null, updates: new Uint8Array(0) })
  root.say(one, verbCode.ok, ok, { inReVerb: verbCode.hello, inReId: packetIdOf(greeting.data), answer })
  return true
}
/** What the root said to a client. */
const read = (one: Client, { data }: OutgoingDatagram): { readonly verb: number; readonly body: Uint8Array } => {
  const packet = data.slice()
  if (one.session.open([packet])[0] !== true) throw new Error('not for this client')
  return { verb: verbOf(packet), body: bodyOf(packet) }
}

describe('a root with a thousand clients', () => {
  const clients = Array.from({ length: CLIENTS }, (_, n) => client(n))
  const root = new Root()
  let [atOnce, refused] = [0, 0]

  beforeAll(() => {
    const eager = clients.slice(0, CHECK_BURST + CHECK_RATE)
    const waiting = [...eager.filter((one) => !join(root, one)), ...clients.slice(eager.length)]
    atOnce = CLIENTS - waiting.length
    for (let i = 0; i < waiting.length; i += CHECK_RATE) {
      root.pass(1_000)
      refused += waiting.slice(i, i + CHECK_RATE).filter((one) => !join(root, one)).length
    }
  }, 60_000)

  it('lets them in at the pace of the memory-hard check, all of them', () => {
    expect([atOnce, refused]).toEqual([CHECK_BURST, 0])
    expect(clients.every(({ identity }) => peerIn(root.state, identity.address)?.link === 'direct')).toBe(true)
    expect(new Set(root.drops)).toEqual(new Set(['rate-limited']))
    expect(root.state.peers.size).toBe(CLIENTS)
    expect(root.state.paths.size).toBe(CLIENTS)
  })

  it('answers WHOIS about any of them to any of them', () => {
    const wrong = clients.filter((asker, i) => {
      const wanted = clients[(i * 7 + 3) % CLIENTS]!.identity
      const answers = root.say(asker, verbCode.whois, whois, [wanted.address])
      if (answers.length !== 1) return true
      const { verb, body } = read(asker, answers[0]!)
      const said = decode(okWhois, body, 9)
      return !(
        verb === verbCode.ok &&
        body[0] === verbCode.whois &&
        said._tag === 'Right' &&
        said.right.length === 1 &&
        sameIdentity(said.right[0]!, wanted)
      )
    })
    expect(wrong).toEqual([])
  })

  it('relays between any two, and tells both where the other is, once', () => {
    root.pass(10)
    for (let i = 0; i < CLIENTS; i++) {
      const [from, to] = [clients[i]!, clients[(i + 1) % CLIENTS]!]
      const packet = new Uint8Array(60)
      writeHeader(packet, random(8), to.identity.address, from.identity.address, verbCode.frame)
      const sent = root.receive(packet.slice(), from.endpoint)
      const passed = sent.filter(({ data }) => data.length === packet.length)
      expect(passed.map(({ to, data }) => [to, hopsOf(data)])).toEqual([[to.endpoint, 1]])
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        const call = sent.find(({ data }) => data.length === 41 && destinationOf(data) === one.identity.address)!
        const { verb, body } = read(one, call)
        const told = decode(rendezvous, body)
        expect(verb).toBe(verbCode.rendezvous)
        expect(told._tag === 'Right' && [told.right.peer, endpointIn(told.right)]).toEqual([
          other.identity.address,
          other.endpoint,
        ])
      }
      expect(root.receive(packet.slice(), from.endpoint)).toHaveLength(1)
    }
    expect(root.state.introductions.size).toBe(CLIENTS)
  })

  it('has one deadline for all of them, and forgets all of them when they fall silent', () => {
    let ticks = 0
    const until = root.now + 560_000
    while (root.now < until) {
      const at = root.machine.deadline(root.state)
      root.pass(Math.max(1, Math.min(at, until) - root.now))
      ticks++
    }
    // a look every 5 s and a cleaning every 30 s
    expect(ticks).toBeLessThanOrEqual(140)
    expect(root.state.peers.size).toBe(0)
    expect(root.state.paths.size).toBe(0)
    expect(root.state.introductions.size).toBe(0)
    expect(root.state.cache.size).toBe(CLIENTS)
  })
})

describe('a root with a client that moves every minute', () => {
  it('remembers the places of the last minutes alone', () => {
    const root = new Root()
    const one = client(0)
    for (let move = 0; move < 60; move++) {
      expect(join(root, { ...one, endpoint: { address: `61.7.${move}.7`, port: 9993 } })).toBe(true)
      root.pass(60_000)
    }
    expect(peerIn(root.state, one.identity.address)?.paths.length).toBeLessThanOrEqual(6)
  })
})
