import { cryptHelloTail } from '../../../src/protocol/crypto/hello-tail.ts'
import { parseIdentity, type SecretIdentity } from '../../../src/protocol/crypto/identity.ts'
import type { CipherSuite } from '../../../src/protocol/crypto/suite.ts'
import { decode, encode, reader } from '../../../src/protocol/kernel/codec.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { payloadOf } from '../../../src/protocol/packet/compression.ts'
import {
  cipherOf,
  classify,
  destinationOf,
  hopsOf,
  isFragmentedHead,
  sourceOf,
  verbOf,
  writeHeader,
} from '../../../src/protocol/packet/header.ts'
import { addFragment, addHead, reassembly } from '../../../src/protocol/packet/reassembly.ts'
import { printEndpoint } from '../../../src/protocol/peer/endpoint.ts'
import { hello } from '../../../src/protocol/verb/hello.ts'
import { verbCode } from '../../../src/protocol/verb/verb-code.ts'
import { type Vl1Config, viewOf, worldsOf } from '../../../src/protocol/vl1.ts'
import { HEADER, type Message } from '../../../src/protocol/vl1-io.ts'
import { vl2 } from '../../../src/protocol/vl2.ts'
import { type World, world } from '../../../src/protocol/world/world.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { type Host, START, World1 } from '../../protocol/vl1-world.ts'
import { attempt, type Checked, type Checker, differs, hex, unhex } from '../checker.ts'

/** Every datagram must open and read as recorded; the roles that a machine can play must answer as the native node did. */
export const transcriptCheckers: Readonly<Record<string, Checker>> = {
  transcripts: (file) => {
    const original = file.cases[0].nodes[1].planet_hex as string
    return file.cases.flatMap((one: Transcript): readonly Checked[] => [
      ...(one.steps === undefined ? [] : datagrams(one)),
      ...roles(one, original),
    ])
  },
}

interface Step {
  readonly time_ms: number
  readonly from_node: string
  readonly from: string
  readonly to: string
  readonly wire_hex: string
  readonly kind: 'packet' | 'fragment' | 'junk'
  readonly key48_hex?: string
  readonly cipher?: number
  readonly hops?: number
  readonly verb?: number
  readonly payload_hex?: string
  readonly encrypted_tail_offset?: number
  readonly fragmented_flag?: boolean
}
interface TranscriptNode {
  readonly name: string
  readonly secret_string: string
  readonly udp_endpoint: string
  readonly planet_hex: string
}
interface Transcript {
  readonly name: string
  readonly steps: readonly Step[]
  readonly nodes: readonly TranscriptNode[]
  // biome-ignore lint/suspicious/noExplicitAny: the fields of each scenario are its own
  readonly [field: string]: any
}

const datagrams = (one: Transcript): readonly Checked[] => {
  const assembly = reassembly()
  let key = ''
  return one.steps.map((step, i) =>
    attempt(`${one.name}: datagram ${i} opens and reads as recorded`, () => {
      const data = unhex(step.wire_hex)
      if (step.kind === 'junk') return classify(data) === 'ignored' ? undefined : 'junk is ignored'
      const via = { endpoint: { address: '10.0.0.1', port: 1 }, socket: 0 }
      if (step.kind === 'fragment') {
        const whole = addFragment(assembly, data, via, 0)
        // the last piece makes a packet; what it says the step of the head does not tell
        return whole._tag === 'Assembled' ? opens(whole.packet, key, {}) : undefined
      }
      if (isFragmentedHead(data)) {
        // a head alone cannot be opened: its nodes' other packets tell the key
        key = one.steps.find((other) => pairOf(unhex(other.wire_hex)) === pairOf(data))?.key48_hex ?? ''
        addHead(assembly, data, via, 0)
        return undefined
      }
      return step.key48_hex === undefined ? 'no key' : opens(data, step.key48_hex, step)
    }),
  )
}

const opens = (packet: Uint8Array, key: string, step: Partial<Step>): string | undefined => {
  const [cipher, hops] = [cipherOf(packet), hopsOf(packet)]
  if (nobleCrypto.session(unhex(key)).open([packet])[0] !== true) return 'does not open'
  if (step.encrypted_tail_offset !== undefined)
    cryptHelloTail(nobleCrypto, unhex(key), packet, step.encrypted_tail_offset)
  const payload = payloadOf(packet)
  if (payload === undefined) return 'does not decompress'
  const found = { cipher, hops, verb: verbOf(packet), payload: hex(payload) }
  const wanted = {
    cipher: step.cipher ?? found.cipher,
    hops: step.hops ?? found.hops,
    verb: step.verb ?? found.verb,
    payload: step.payload_hex ?? found.payload,
  }
  return JSON.stringify(found) === JSON.stringify(wanted)
    ? undefined
    : `${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`
}

const roles = (one: Transcript, originalPlanet: string): readonly Checked[] => {
  switch (one.name) {
    case 'bootstrap-whois-relay-rendezvous-direct':
      return [attempt(`${one.name}: our root answers like the native root`, () => rootLike(one, false))]
    case 'relay-hop-limit':
      return [attempt(`${one.name}: our root relays like the native root`, () => rootLike(one, true))]
    case 'planet-update-and-moon-orbit':
      return [
        attempt(`${one.name}: our root sends the same worlds`, () => rootWithWorlds(one)),
        attempt(`${one.name}: our node adopts them`, () => adopts(one, originalPlanet)),
      ]
    case 'direct-peer-exchanges':
      return [attempt(`${one.name}: our node answers like the native node`, () => peerLike(one))]
    default:
      return one['impostor_secret_string'] === undefined ? [] : [attempt(`${one.name}: ERROR`, () => collides(one))]
  }
}

/** Feeds a root what the native root was sent, and compares what both sent. */
const rootLike = (one: Transcript, warm: boolean): string | undefined => {
  const net = new World1()
  const [rootNode, aNode, bNode] = one.nodes as [TranscriptNode, TranscriptNode, TranscriptNode]
  const root = addNode(net, rootNode)
  if (warm) {
    // the recording begins with nodes that know each other: so must we
    addNode(net, aNode)
    addNode(net, bNode)
    net.run(1_000)
  }
  return replay(net, one, root, rootNode, warm ? 0 : 15)
}

const rootWithWorlds = (one: Transcript): string | undefined => {
  const net = new World1()
  const rootNode = one.nodes[0]!
  const root = addNode(net, rootNode, { moons: [readWorld(one['a_moon_after_hex'])] })
  return replay(net, one, root, rootNode, 15)
}

const adopts = (one: Transcript, originalPlanet: string): string | undefined => {
  const net = new World1()
  const [rootNode, aNode] = one.nodes as [TranscriptNode, TranscriptNode]
  const moon = readWorld(one['a_moon_after_hex'])
  const root = addNode(net, rootNode, { moons: [moon] })
  const a = addNode(net, { ...aNode, planet_hex: originalPlanet })
  net.give(a, { _tag: 'Orbit', id: moon.id, seed: root.identity.address })
  net.run(1_000)
  const { planet, moons } = worldsOf(a.state)
  if (hex(encode(world, planet)) !== one['a_planet_after_hex']) return 'the planet was not replaced'
  if (moons.length !== 1) return 'the moon was not adopted'
  return differs('moon', hex(encode(world, moons[0]!)), one['a_moon_after_hex'])
}

const peerLike = (one: Transcript): string | undefined => {
  const net = new World1()
  const node = one.nodes[0]!
  const a = addNode(net, node, {}, '2600::7/20001')
  return replay(net, one, a, node, 0)
}

const collides = (one: Transcript): string | undefined => {
  const net = new World1()
  const known = parseIdentity(one['known_a_public_string'])
  if (known._tag === 'Left') return known.left
  const version = { protocol: one['known_peer_protocol_version'] as number, major: 1, minor: 14, revision: 1 }
  const root = net.add('root', secretOf(one['root_secret_string']), '5.5.5.1/9993', {
    knownPeers: [{ identity: known.right, ...version, endpoints: [] }],
  })
  net.inject(root, '9.9.9.9/1234', unhex(one['hello_wire_hex']))
  const sent = net.wire.find(({ to }) => to === '9.9.9.9/1234')
  if (sent === undefined) return 'no answer'
  // native nodes answer under suite 3 with the keys of the known peer, which the impostor cannot read: we do not
  return opens(sent.data, one['impostor_key48_hex'], {
    cipher: 1,
    verb: verbCode.error,
    payload_hex: `01${one['hello_wire_hex'].slice(0, 16)}04`,
  })
}

/**
 * Gives `host` what its native counterpart received, at the recorded times, and compares what each of them sent then:
 * receiver, suite, hops, verb and content, in any order. `delay` is what a datagram took in the recording.
 */
const replay = (net: World1, one: Transcript, host: Host, node: TranscriptNode, delay: number): string | undefined => {
  const keys = new Map(
    one.steps.flatMap((step) => (step.key48_hex === undefined ? [] : [[pairOf(unhex(step.wire_hex)), step.key48_hex]])),
  )
  net.validation = 0
  net.lose = () => true // from here on, everything comes from the recording
  const above = networksOver(net, host)
  const roots = worldsOf(host.state).planet.roots.flatMap(({ endpoints }) => endpoints.map(printEndpoint))
  const inputs = one.steps.filter((step) => step.to === node.udp_endpoint)
  for (const at of new Set(inputs.map((step) => step.time_ms + delay))) {
    net.run(START + at - net.now)
    const before = net.wire.length
    for (const step of inputs)
      if (step.time_ms + delay === at) {
        net.inject(host, step.from, inReplyToUs(net, one, step, keys))
        above(host.messages.splice(0))
      }
    net.run(0)
    const places = host.endpoints.map(printEndpoint)
    const found = net.wire
      .slice(before)
      // a node that the recording lets no root answer calls it at our own pace
      .filter(({ from, to }) => places.includes(from) && (node.name === 'root' || !roots.includes(to)))
      .map(({ to, data }) => describe(to, data, keys))
    const wanted = one.steps
      .filter((step) => step.from_node === node.name && step.time_ms === at)
      .map((step) => describe(step.to, unhex(step.wire_hex), keys))
    const difference = differs(`at ${at} ms, sent`, found.sort(), wanted.sort())
    if (difference !== undefined) return difference
  }
  return undefined
}

/**
 * A recorded OK names a packet of the native node. Ours sent the like under another ID: the OK is sealed anew to name
 * that. All else is given as it was recorded.
 */
const inReplyToUs = (net: World1, one: Transcript, step: Step, keys: ReadonlyMap<string, string>): Uint8Array => {
  const data = unhex(step.wire_hex)
  if (step.verb !== verbCode.ok || step.payload_hex === undefined) return data
  const asked = one.steps.find((other) => other.wire_hex.slice(0, 16) === step.payload_hex?.slice(2, 18))
  const ours = net.wire.find(
    ({ at, to, data: sent }) =>
      asked !== undefined &&
      at === START + asked.time_ms &&
      to === asked.to &&
      describe(to, sent, keys) === describe(to, unhex(asked.wire_hex), keys),
  )
  if (ours === undefined) return data
  const packet = new Uint8Array(HEADER + step.payload_hex.length / 2)
  writeHeader(packet, unhex('0123456789abcdef'), destinationOf(data), sourceOf(data), verbCode.ok)
  packet.set(unhex(step.payload_hex), HEADER)
  packet.set(ours.data.subarray(0, 8), HEADER + 1)
  nobleCrypto.session(unhex(step.key48_hex!)).seal(cipherOf(data) as CipherSuite, [packet])
  return packet
}

/** What a datagram says, as text; as it is on the wire if it is another's, or has no key. */
const describe = (to: string, wire: Uint8Array, keys: ReadonlyMap<string, string>): string => {
  const data = wire.slice() // it is opened in place
  const key = classify(data) === 'packet' ? keys.get(pairOf(data)) : undefined
  const [cipher, hops] = [cipherOf(data), hopsOf(data)]
  if (key === undefined || hops > 0) return `${to} ${hex(data)}`
  if (nobleCrypto.session(unhex(key)).open([data])[0] !== true) return `${to} unreadable ${hex(data)}`
  if (verbOf(data) === verbCode.hello) {
    const r = reader(data, HEADER)
    hello.read(r)
    cryptHelloTail(nobleCrypto, unhex(key), data, r.at)
  }
  return `${to} suite ${cipher} verb ${verbOf(data)} ${hex(payloadOf(data) ?? data)}`
}

const pairOf = (packet: Uint8Array): string => [sourceOf(packet), destinationOf(packet)].sort().join()

/** The layer of networks over a host, as a node has it that has joined none and is no controller. */
const networksOver = (net: World1, host: Host): ((messages: readonly Message[]) => void) => {
  const machine = vl2({
    crypto: nobleCrypto,
    random: seededRandom(1),
    view: viewOf(host.state),
    version: { major: 1, minor: 14, revision: 1 },
    platform: 'linux/x86_64',
    controller: false,
  })
  return (messages) => {
    const [, outputs] = machine.step(machine.initial, { _tag: 'Messages', messages }, net.now)
    for (const output of outputs) if (output._tag === 'Send') net.give(host, output)
  }
}

const addNode = (net: World1, node: TranscriptNode, config: Partial<Vl1Config> = {}, ...more: string[]): Host =>
  net.add(node.name, secretOf(node.secret_string), [node.udp_endpoint, ...more], {
    planet: readWorld(node.planet_hex),
    ...config,
  })

const secretOf = (text: string): SecretIdentity => {
  const found = parseIdentity(text)
  if (found._tag === 'Left' || found.right.secretKey === undefined) throw new Error('no secret identity')
  return { ...found.right, secretKey: found.right.secretKey }
}

const readWorld = (text: string): World => {
  const found = decode(world, unhex(text))
  if (found._tag === 'Left') throw new Error('no world')
  return found.right
}
