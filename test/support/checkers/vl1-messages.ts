import { agree } from '../../../src/protocol/crypto/agreement.ts'
import { cryptHelloTail } from '../../../src/protocol/crypto/hello-tail.ts'
import {
  type Identity,
  parseIdentity,
  printIdentity,
  type SecretIdentity,
} from '../../../src/protocol/crypto/identity.ts'
import type { CipherSuite, Crypto } from '../../../src/protocol/crypto/suite.ts'
import { type Codec, decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { type Address, address, networkId, printAddress } from '../../../src/protocol/kernel/id.ts'
import { payloadOf } from '../../../src/protocol/packet/compression.ts'
import { bodyOf, cipherOf, destinationOf, sourceOf, verbOf, writeHeader } from '../../../src/protocol/packet/header.ts'
import { parseEndpoint, printEndpoint } from '../../../src/protocol/peer/endpoint.ts'
import { peerRecord } from '../../../src/protocol/peer/peer-record.ts'
import { echo } from '../../../src/protocol/verb/echo.ts'
import { error, errorNetwork } from '../../../src/protocol/verb/error.ts'
import { hello, helloMoons } from '../../../src/protocol/verb/hello.ts'
import { ok, okHello, okWhois } from '../../../src/protocol/verb/ok.ts'
import { pushDirectPaths } from '../../../src/protocol/verb/push-direct-paths.ts'
import { endpointIn, rendezvous, rendezvousAt } from '../../../src/protocol/verb/rendezvous.ts'
import { userMessage } from '../../../src/protocol/verb/user-message.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { whois } from '../../../src/protocol/verb/whois.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { attempt, type Checker, differs, hex, skipped, unhex, type Verdict } from '../checker.ts'
import { providers } from './providers.ts'
import { right, sorted } from './vl1-codec.ts'

// biome-ignore lint/suspicious/noExplicitAny: a case of a vector file, as its checker knows it
type Case = any

const messages: Checker = ({ cases }) =>
  cases.flatMap((one) => [
    attempt(`${one.name} layout`, () => layouts[one.message]?.(one) ?? skipped(`no layout for ${one.message}`)),
    ...(one.message === 'PEER_CACHE_FILE' ? [] : providers).map((crypto) =>
      attempt(`${one.name} armored by ${crypto.name}`, () =>
        one.message === 'HELLO' ? armoredHello(crypto, one) : armored(crypto, one),
      ),
    ),
  ])

/** Both directions: the fields give these bytes, and the bytes these fields. */
const bothWays = <A>(codec: Codec<A>, value: A, bytes: string): Verdict => {
  const why =
    differs('written', hex(encode(codec, value)), bytes) ??
    differs('read', sorted(right(decode(codec, unhex(bytes)))), sorted(value))
  return why === undefined ? { _tag: 'Passed' } : { _tag: 'Failed', why }
}

const endpoint = (text: string) => parseEndpoint(text) ?? null
const u64 = (text: string): bigint => BigInt(`0x${text}`)
const name = (text: string): Address => address(Number.parseInt(text, 16))
const identity = (text: string): Identity => right(parseIdentity(text))
const secret = (text: string): SecretIdentity => {
  const one = identity(text)
  if (one.secretKey === undefined) throw new Error('a secret identity is expected')
  return { ...one, secretKey: one.secretKey }
}
const versions = (fields: Case) => ({
  protocol: fields.protocol_version,
  major: fields.version_major,
  minor: fields.version_minor,
  revision: fields.version_revision,
})

const okOf = ({ fields, payload_hex }: Case, answer: Uint8Array): Verdict =>
  bothWays(ok, { inReVerb: fields.in_re_verb, inReId: u64(fields.in_re_packet_id_hex), answer }, payload_hex)
const passedBoth = (first: Verdict, second: Verdict): Verdict => (first._tag === 'Passed' ? second : first)

const helloOf = (one: Case) => ({
  ...versions(one.fields),
  clock: BigInt(one.fields.timestamp),
  identity: {
    address: secret(one.source_secret_string).address,
    publicKey: secret(one.source_secret_string).publicKey,
  },
  sentTo: endpoint(one.fields.sent_to),
  planet: { id: u64(one.fields.planet_id_hex), timestamp: BigInt(one.fields.planet_timestamp) },
})
const moonsOf = (one: Case) =>
  one.fields.moons.map((moon: Case) => ({ id: u64(moon.id_hex), timestamp: BigInt(moon.timestamp) }))

const layouts: Readonly<Record<string, (one: Case) => Verdict>> = {
  HELLO: (one) => {
    const tail = 2 * one.encrypted_tail_payload_offset
    return passedBoth(
      bothWays(hello, helloOf(one), one.plaintext_payload_hex.slice(0, tail)),
      bothWays(helloMoons, moonsOf(one), one.plaintext_payload_hex.slice(tail)),
    )
  },
  'OK(HELLO)': (one) => {
    const answer = {
      ...versions(one.fields),
      clock: BigInt(one.fields.timestamp_echo),
      seenAt: endpoint(one.fields.your_address),
      updates: unhex(one.fields.world_updates_hex),
    }
    return passedBoth(okOf(one, encode(okHello, answer)), bothWays(okHello, answer, one.payload_hex.slice(18)))
  },
  'OK(WHOIS)': (one) => {
    const answer: readonly Identity[] = one.fields.identities.map(identity)
    return passedBoth(okOf(one, encode(okWhois, answer)), bothWays(okWhois, answer, one.payload_hex.slice(18)))
  },
  'OK(ECHO)': (one) => okOf(one, unhex(one.fields.data_hex)),
  WHOIS: (one) => bothWays(whois, one.fields.addresses.map(name), one.payload_hex),
  RENDEZVOUS: (one) => {
    const value = rendezvousAt(name(one.fields.peer_address), parseEndpoint(one.fields.endpoint)!)!
    return passedBoth(
      bothWays(rendezvous, { ...value, flags: one.fields.flags }, one.payload_hex),
      verdict(differs('endpoint', printEndpoint(endpointIn(value)), one.fields.endpoint)),
    )
  },
  ECHO: (one) => bothWays(echo, { data: unhex(one.fields.data_hex) }, one.payload_hex),
  USER_MESSAGE: (one) =>
    bothWays(userMessage, { type: u64(one.fields.type_id_hex), data: unhex(one.fields.data_hex) }, one.payload_hex),
  PUSH_DIRECT_PATHS: (one) => {
    const paths = one.fields.paths.map((path: Case) => ({
      flags: path.flags,
      extension: unhex(path.extension_hex),
      endpoint: endpoint(path.endpoint),
    }))
    return bothWays(pushDirectPaths, { paths }, one.payload_hex)
  },
  ERROR: (one) => {
    const { fields, payload_hex } = one
    const detail = unhex(payload_hex.slice(20))
    const head = { inReVerb: fields.in_re_verb, inReId: u64(fields.in_re_packet_id_hex), code: fields.error_code }
    const whole = bothWays(error, { ...head, detail }, payload_hex)
    if (fields.network_id_hex === undefined) return passedBoth(whole, verdict(differs('detail', detail.length, 0)))
    const network = networkId(u64(fields.network_id_hex))
    return passedBoth(whole, bothWays(errorNetwork, { network }, payload_hex.slice(20)))
  },
  PEER_CACHE_FILE: ({ fields, file_hex }) =>
    bothWays(
      peerRecord,
      { identity: identity(fields.public_string), ...versions(fields), endpoints: fields.paths.map(endpoint) },
      file_hex,
    ),
}
const verdict = (why: string | undefined): Verdict => (why === undefined ? { _tag: 'Passed' } : { _tag: 'Failed', why })

const packetOf = (one: Case, to: Address, from: Address, verb: number, payload: Uint8Array): Uint8Array => {
  const packet = new Uint8Array(HEADER + payload.length)
  writeHeader(packet, unhex(one.packet_id_hex), to, from, verb)
  packet.set(payload, HEADER)
  return packet
}

/** A message under suites 1 and 3: sealed as the vector has it, and opened again. */
const armored = (crypto: Crypto, one: Case): string | undefined => {
  const session = crypto.session(unhex(one.key48_hex))
  const under = (suite: CipherSuite, wire: string): string | undefined => {
    const packet = packetOf(one, name(one.destination), name(one.source), one.verb, unhex(one.payload_hex))
    session.seal(suite, [packet])
    const received = unhex(wire)
    const genuine = session.open([received])[0]
    return (
      differs(`sealed under ${suite}`, hex(packet), wire) ??
      differs(`genuine under ${suite}`, genuine, true) ??
      differs('suite', cipherOf(received), suite) ??
      differs('verb', verbOf(received), one.verb) ??
      differs('ends', [sourceOf(received), destinationOf(received)].map(printAddress), [one.source, one.destination]) ??
      differs(`payload under ${suite}`, payloadOf(received), unhex(one.payload_hex))
    )
  }
  return under(1, one.wire_cipher1_hex) ?? under(3, one.wire_cipher3_hex)
}

/** HELLO as a receiver meets it: suite 0, then the tail; and as a sender makes it. */
const armoredHello = (crypto: Crypto, one: Case): string | undefined => {
  const [from, to] = [secret(one.source_secret_string), secret(one.destination_secret_string)]
  const key = agree(crypto, to, from)
  if (key === undefined) return 'no key was agreed on'
  const session = crypto.session(key)
  const tailAt = HEADER + one.encrypted_tail_payload_offset

  const packet = packetOf(one, to.address, from.address, verbCode.hello, unhex(one.plaintext_payload_hex))
  cryptHelloTail(crypto, key, packet, tailAt)
  const tailed = hex(bodyOf(packet))
  session.seal(0, [packet])

  const received = unhex(one.wire_hex)
  const genuine = session.open([received])[0]
  const r = reader(received, HEADER)
  const found = right(hello.read(r))
  const stopped = r.at
  cryptHelloTail(crypto, key, received, stopped)
  return (
    differs('key', hex(key), one.key48_hex) ??
    differs('tail', tailed, one.payload_after_tail_encryption_hex) ??
    differs('sealed', hex(packet), one.wire_hex) ??
    differs('genuine', genuine, true) ??
    differs('tail begins', stopped, tailAt) ??
    differs('hello', sorted(found), sorted(helloOf(one))) ??
    differs('identity', printIdentity(found.identity), printIdentity(from)) ??
    differs('moons', right(helloMoons.read(r)), moonsOf(one))
  )
}

export const vl1Messages: Readonly<Record<string, Checker>> = { messages }
