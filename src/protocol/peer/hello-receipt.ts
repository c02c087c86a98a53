import { cryptHelloTail } from '../crypto/hello-tail.ts'
import { type Identity, sameIdentity } from '../crypto/identity.ts'
import { encode, reader } from '../kernel/codec.ts'
import { hopsOf, isCompressed, packetIdOf, sourceOf } from '../packet/header.ts'
import { error, errorCode } from '../verb/error.ts'
import { type Hello, hello, helloMoons, type WorldRevision } from '../verb/hello.ts'
import { okHello } from '../verb/ok.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import { worldUpdates } from '../world/adoption.ts'
import { gateOf } from './endpoint.ts'
import { OLDEST_PROTOCOL, ourVersion } from './greeting.ts'
import { reply } from './introduction.ts'
import { received } from './learning.ts'
import { type Node, say } from './node.ts'
import type { Path } from './path.ts'
import type { Peer } from './peer.ts'
import { addPeer, armorOf, armorWith, peerOf } from './peer-table.ts'
import { compose, transmit } from './seal.ts'
import { surfaceReport } from './surface-report.ts'
import { countReceived } from './traffic.ts'
import { admit, admitCheck, hasRoom, joinPending, settle, startPending } from './validation.ts'
import { accepted, judge, refuse, type Verdict } from './verdict.ts'
import { enqueue, MOST_HELD, RETRY } from './waiting.ts'

/**
 * The procedure for a HELLO (`docs/protocol/vl1.md`, HELLO). `proven`: it came encrypted and was opened with the keys of
 * the peer; else its MAC is still to be checked. `patient`: it may wait for the answer to a WHOIS about its sender.
 */
export const receiveHello = (
  node: Node,
  packet: Uint8Array,
  path: Path,
  proven: boolean,
  patient: boolean,
): Verdict => {
  const r = reader(packet, HEADER)
  const found = hello.read(r)
  if (found._tag === 'Left' || isCompressed(packet)) return 'malformed'
  const said = found.right
  if (said.protocol < OLDEST_PROTOCOL) return 'old-protocol'
  if (said.identity.address !== sourceOf(packet)) return 'malformed'
  const peer = peerOf(node, said.identity.address)
  if (peer === undefined) return receiveStranger(node, packet, path, said.identity, patient)
  if (!proven) {
    if (!sameIdentity(peer.identity, said.identity)) return collide(node, packet, path, said.identity)
    if (armorOf(node, peer)?.session.open([packet])[0] !== true) return 'bad-mac'
  }
  return greet(node, peer, packet, path, said, r.at)
}

/** The verdict of the memory-hard check: the stranger becomes a peer, and what it said is answered. */
export const takeVerdict = (node: Node, identity: Identity, valid: boolean): void => {
  const pending = settle(node.validations, identity, valid, node.now)
  if (pending === undefined) return
  if (valid) addPeer(node, identity)
  for (const { packet, path } of pending.hellos)
    judge(node, packet, path, valid ? receiveHello(node, packet, path, false, false) : 'bad-identity', identity.address)
}

const greet = (node: Node, peer: Peer, packet: Uint8Array, path: Path, said: Hello, tail: number): Verdict => {
  const key = armorOf(node, peer)?.key
  if (key === undefined) return 'bad-identity'
  cryptHelloTail(node.config.crypto, key, packet, tail)
  const moons = helloMoons.read(reader(packet, tail))
  if (moons._tag === 'Left') return 'malformed'
  const hops = hopsOf(packet)
  const direct = hops === 0
  countReceived(node.traffic, verbCode.hello, packet.length, hops)
  if (said.sentTo !== undefined && said.sentTo !== null && direct) surfaceReport(node, peer, path, said.sentTo)
  answer(node, peer, packet, path, said, moons.right)
  setVersion(node, peer, said)
  accepted(node, packet, path, verbCode.hello)
  received(node, peer, path, direct, verbCode.hello)
  return undefined
}

const answer = (
  node: Node,
  peer: Peer,
  packet: Uint8Array,
  path: Path,
  said: Hello,
  moons: readonly WorldRevision[],
): void => {
  const { address, port } = path.endpoint
  const body = encode(okHello, {
    clock: said.clock,
    ...ourVersion(node),
    seenAt: { address, port: said.protocol < REPORTS_PORT_FROM ? 0 : port },
    updates: worldUpdates(node, said.planet, moons),
  })
  reply(node, peer, path, verbCode.hello, packetIdOf(packet), body)
}

/** Records what a peer says it speaks. */
export const setVersion = (
  node: Node,
  peer: Peer,
  { protocol, major, minor, revision }: Pick<Hello, 'protocol' | 'major' | 'minor' | 'revision'>,
): void => {
  if (peer.protocol === protocol && peer.major === major && peer.minor === minor && peer.revision === revision) return
  peer.protocol = protocol
  peer.major = major
  peer.minor = minor
  peer.revision = revision
  say(node, { _tag: 'Peer', address: peer.address, change: 'version' })
}

/** A HELLO of somebody we do not know: cheap checks first, then the memory-hard one, outside. */
const receiveStranger = (node: Node, packet: Uint8Array, path: Path, identity: Identity, patient: boolean): Verdict => {
  const { waiting, validations, now } = node
  // at first contact the root's answer is usually right behind it, and saves the check
  const asked = waiting.sought.get(identity.address)
  if (patient && asked !== undefined && now - asked.askedAt < RETRY) {
    const item = { source: identity.address, packet, path, since: now, hello: true }
    const lost = enqueue(waiting.held, item, MOST_HELD)
    if (lost !== undefined) refuse(node, lost.packet, lost.path, 'queue-full')
    node.due.queue = Math.min(node.due.queue, now + RETRY)
    return undefined
  }
  const underWay = validations.pending.get(identity.address)
  if (underWay !== undefined) return joinPending(underWay, identity, packet, path) ? undefined : 'queue-full'
  const group = gateOf(path.endpoint)
  if (!hasRoom(validations) || !admit(validations, group, now)) return 'rate-limited'
  const armor = armorWith(node, identity)
  if (armor === undefined) return 'bad-identity'
  if (armor.session.open([packet])[0] !== true) return 'bad-mac'
  if (!admitCheck(validations, now)) return 'rate-limited'
  joinPending(startPending(validations, identity, group, now), identity, packet, path)
  say(node, { _tag: 'Validate', identity })
  node.due.queue = Math.min(node.due.queue, now + RETRY)
  return undefined
}

/**
 * Somebody holds the secret of another key for an address we know: it is told so, with the keys of what it claims to be,
 * which it can read. Who was known first stays.
 */
const collide = (node: Node, packet: Uint8Array, path: Path, claimed: Identity): Verdict => {
  if (!admit(node.validations, gateOf(path.endpoint), node.now)) return 'rate-limited'
  const armor = armorWith(node, claimed)
  if (armor === undefined || armor.session.open([packet])[0] !== true) return 'bad-mac'
  const refusal = compose(node, claimed.address, verbCode.error, error, {
    inReVerb: verbCode.hello,
    inReId: packetIdOf(packet),
    code: errorCode.identityCollision,
    detail: NOTHING,
  })
  armor.session.seal(1, [refusal])
  transmit(node, refusal, path, verbCode.error)
  return 'collision'
}

const NOTHING = new Uint8Array(0)
/** Older nodes expect port 0. */
const REPORTS_PORT_FROM = 5
