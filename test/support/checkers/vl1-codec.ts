import { parseIdentity } from '../../../src/protocol/crypto/identity.ts'
import { type Codec, decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { parseIp } from '../../../src/protocol/kernel/ip.ts'
import {
  compress,
  compressPacket,
  decompress,
  MOST_PAYLOAD,
  payloadOf,
} from '../../../src/protocol/packet/compression.ts'
import { fragment, piecesNeeded } from '../../../src/protocol/packet/fragment.ts'
import { classify, isCompressed, isFragmentedHead, verbOf } from '../../../src/protocol/packet/header.ts'
import { type Assembly, addFragment, addHead, reassembly } from '../../../src/protocol/packet/reassembly.ts'
import {
  gateOf,
  inetAddress,
  isUsable,
  parseEndpoint,
  printEndpoint,
  scopeOf,
} from '../../../src/protocol/peer/endpoint.ts'
import {
  averageLatency,
  isAlive,
  needsHeartbeat,
  pathQuality,
  UNKNOWN_LATENCY,
} from '../../../src/protocol/peer/path-quality.ts'
import { HEADER } from '../../../src/protocol/vl1-io.ts'
import { isReplacedBy, signedBytes, signWorld, world, worldOrNull } from '../../../src/protocol/world/world.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'
import { attempt, type Checker, differs, hex, unhex } from '../checker.ts'

/** The value, or a throw that the case reports as its failure. */
export const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(`unexpected refusal: ${JSON.stringify(either.left)}`)
  return either.right
}

/** The same value with the fields of every object in the order of their names: what `differs` compares is text. */
export const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value === null || typeof value !== 'object' || value instanceof Uint8Array
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, field]) => [key, sorted(field)]),
        )

const lz4: Checker = ({ cases }) =>
  cases.map((one) => attempt(one.name, () => (one.kind === 'compress' ? compressCase(one) : decompressCase(one))))

// biome-ignore lint/suspicious/noExplicitAny: a case of a vector file, as its checker knows it
type Case = any

const compressCase = (one: Case): string | undefined => {
  const payload = unhex(one.payload_hex)
  const packet = new Uint8Array(HEADER + payload.length)
  packet[27] = one.verb_byte_after & 0x1f
  packet.set(payload, HEADER)
  const sent = compressPacket(packet)
  const block = compress(payload)
  return (
    differs('compresses', block !== undefined, one.compresses) ??
    differs('verb byte', sent[27], one.verb_byte_after) ??
    differs('flag', [isCompressed(sent), verbOf(sent)], [one.compresses, one.verb_byte_after & 0x1f]) ??
    differs('payload again', payloadOf(sent), payload) ??
    differs('smaller', block === undefined || block.length < payload.length, true) ??
    (one.compressed_payload_hex === undefined
      ? undefined
      : differs('their block', decompress(unhex(one.compressed_payload_hex), MOST_PAYLOAD), payload))
  )
}

const decompressCase = (one: Case): string | undefined => {
  const found = decompress(unhex(one.compressed_payload_hex), MOST_PAYLOAD)
  return differs('payload', found === undefined ? null : hex(found), one.accept ? one.payload_hex : null)
}

const fragments: Checker = ({ cases }) =>
  cases.map((one) =>
    attempt(one.name, () => {
      const wire = unhex(one.assembled_wire_hex)
      const datagrams: Uint8Array[] = one.datagrams_hex.map(unhex)
      const order: number[] = one.example_arrival_order
      const made = fragment(wire, one.mtu)
      const forward = order.map((_, i) => i)
      return (
        differs('pieces', piecesNeeded(wire.length, one.mtu), one.total_fragments) ??
        differs('datagrams', made.map(hex), one.datagrams_hex) ??
        assembles(datagrams, order, wire, one.accepted_by_receiver) ??
        assembles(datagrams, forward, wire, one.accepted_by_receiver) ??
        assembles(datagrams, [...forward].reverse(), wire, one.accepted_by_receiver) ??
        assembles(datagrams, twice(order), wire, one.accepted_by_receiver)
      )
    }),
  )

/** Each datagram but the last comes twice. */
const twice = (order: readonly number[]): readonly number[] =>
  order.flatMap((n, i) => (i + 1 < order.length ? [n, n] : n))

const assembles = (
  datagrams: readonly Uint8Array[],
  order: readonly number[],
  wire: Uint8Array,
  accepted: boolean,
): string | undefined => {
  const ring = reassembly()
  const via = { endpoint: { address: '10.0.0.1', port: 9993 }, socket: 1 }
  let whole: Uint8Array | undefined
  for (const i of order) {
    const datagram = datagrams[i]!
    if (classify(datagram) === 'packet' && !isFragmentedHead(datagram)) whole = datagram
    else {
      const result: Assembly = (classify(datagram) === 'fragment' ? addFragment : addHead)(ring, datagram, via, 0)
      if (result._tag === 'Assembled') whole = result.packet
    }
  }
  return differs(`assembled in order ${order}`, whole === undefined ? null : hex(whole), accepted ? hex(wire) : null)
}

const inetaddress: Checker = ({ cases }) =>
  cases.map((one) => attempt(one.name, () => (one.kind === 'parse' ? parseCase(one) : serializeCase(one))))

const parseCase = (one: Case): string | undefined => {
  const r = reader(unhex(one.input_hex))
  const found = inetAddress.read(r)
  if (!one.parses || E.isLeft(found)) return differs('parses', E.isRight(found), one.parses)
  return (
    differs('consumed', r.at, one.bytes_consumed) ??
    differs('text', printEndpoint(found.right), one.string) ??
    differs('null', found.right === null, one.is_null)
  )
}

const serializeCase = (one: Case): string | undefined => {
  const endpoint = one.string === '' ? null : (parseEndpoint(one.string) ?? null)
  const ip = endpoint === null ? undefined : parseIp(endpoint.address)
  const policy = { allowLoopback: false, managed: [], blacklist: [] }
  return (
    differs('text', printEndpoint(endpoint), one.string) ??
    differs('bytes', hex(encode(inetAddress, endpoint)), one.serialized_hex) ??
    differs('read', right(decode(inetAddress, unhex(one.serialized_hex))), endpoint) ??
    differs('scope', ip === undefined ? 0 : scopeOf(ip), one.scope) ??
    differs('usable', endpoint !== null && isUsable(endpoint, policy), one.valid_as_path) ??
    differs('gate', gateOf(endpoint), one.rate_gate_hash)
  )
}

const worlds: Checker = ({ cases }) =>
  cases.map((one) =>
    attempt(one.name, () => {
      if (one.kind === 'make') return makeCase(one)
      if (one.kind === 'update') {
        const [current, update] = [read(world, one.current_serialized_hex), read(world, one.update_serialized_hex)]
        return differs('replaces', isReplacedBy(plainCrypto, current, update), one.should_replace)
      }
      const r = reader(unhex(one.input_hex))
      const found = worldOrNull.read(r)
      if (!one.parses || E.isLeft(found)) return differs('parses', E.isRight(found), one.parses)
      return differs('consumed', r.at, one.bytes_consumed)
    }),
  )

const read = <A>(codec: Codec<A>, text: string): A => right(decode(codec, unhex(text)))

const makeCase = (one: Case): string | undefined => {
  const key = { publicKey: unhex(one.signing_public_key_hex), secretKey: unhex(one.signing_private_key_hex) }
  const facts = {
    type: one.type === 127 ? ('moon' as const) : ('planet' as const),
    id: BigInt(`0x${one.id_hex}`),
    timestamp: BigInt(one.timestamp),
    updateKey: unhex(one.updates_must_be_signed_by_hex),
    roots: one.roots.map((root: Case) => ({
      identity: right(parseIdentity(root.identity)),
      endpoints: root.stable_endpoints.map(parseEndpoint),
    })),
  }
  const made = signWorld(plainCrypto, key, facts) // the vectors keep their own order of roots
  return (
    differs('signed region', hex(signedBytes(facts)), one.signed_region_hex) ??
    differs('signature', hex(made.signature), one.signature_hex) ??
    differs('bytes', hex(encode(world, made)), one.serialized_hex) ??
    differs('read', sorted(read(world, one.serialized_hex)), sorted(made))
  )
}

const path_quality: Checker = ({ cases }) =>
  cases.map((one) =>
    attempt(one.name, () => {
      const latency = one.latency_samples_ms.reduce(averageLatency, UNKNOWN_LATENCY)
      const ip = parseIp(parseEndpoint(one.endpoint)!.address)!
      return (
        differs('scope', scopeOf(ip), one.scope) ??
        differs('latency', latency, one.latency) ??
        differs(
          'quality',
          pathQuality(latency, one.ms_since_last_datagram_in, scopeOf(ip), one.priority),
          one.quality,
        ) ??
        differs('alive', isAlive(one.ms_since_last_datagram_in), one.alive) ??
        differs('heartbeat', needsHeartbeat(one.ms_since_last_datagram_out), one.needs_heartbeat)
      )
    }),
  )

export const vl1Codec: Readonly<Record<string, Checker>> = { lz4, fragments, inetaddress, worlds, path_quality }
