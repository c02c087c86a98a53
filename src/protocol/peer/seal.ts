import type { CipherSuite } from '../crypto/suite.ts'
import type { Endpoint, Via } from '../datagram.ts'
import { type Codec, writer, written } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { parseIp } from '../kernel/ip.ts'
import { sealTrusted, writeHeader } from '../packet/header.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import { noteSent } from './bond-measure.ts'
import { isStraight } from './choice.ts'
import { noteContact } from './contacted.ts'
import { trustedAt } from './local-rules.ts'
import { drop, type Node } from './node.ts'
import { nextId } from './packet-ids.ts'
import { type Path, pathFor, pathsTo } from './path.ts'
import { noteAsked } from './path-silence.ts'
import { type Peer, suiteFor } from './peer.ts'
import { armorOf } from './peer-table.ts'
import { expectReply } from './reply-filter.ts'
import { trace } from './trace.ts'
import { countForwarded, countSent } from './traffic.ts'

/** A message of VL1's own as a packet yet to be sealed. */
export const compose = <A>(node: Node, to: Address, verb: number, codec: Codec<A>, value: A): Uint8Array => {
  const w = writer(CONTROL_SIZE, HEADER)
  codec.write(w, value)
  const packet = written(w)
  writeHeader(packet, nextId(node.ids), to, node.self, verb)
  return packet
}

/** Seals one packet for a peer and sends it by exactly this path, as one datagram. */
export const sendBy = (node: Node, peer: Peer, packet: Uint8Array, verb: number, path: Path): void => {
  if (!seal(node, peer, packet, verb, suiteFor(peer), path.endpoint)) return
  transmit(node, packet, path, verb, isStraight(node, peer, path))
  noteSent(node, peer, packet, verb, path)
}

/** Seals one packet for a peer under suite 0, which only authenticates, and sends it by exactly this path. */
export const sendBare = (node: Node, peer: Peer, packet: Uint8Array, verb: number, path: Path): void => {
  if (seal(node, peer, packet, verb, 0, path.endpoint)) transmit(node, packet, path, verb)
}

/** Seals a contact attempt and sends it to an endpoint: by one socket, or by all if none is named. */
export const sendTo = (
  node: Node,
  peer: Peer,
  packet: Uint8Array,
  verb: number,
  suite: CipherSuite,
  endpoint: Endpoint,
  socket: number | undefined,
): void => {
  if (!seal(node, peer, packet, verb, suite, endpoint)) return
  noteContact(node.contacted, packet, endpoint)
  if (socket !== undefined) {
    const path = pathFor(node.paths, endpoint, socket)
    noteAsked(path, node.now)
    transmit(node, packet, path, verb)
    noteSent(node, peer, packet, verb, path)
    return
  }
  for (const path of pathsTo(node.paths, endpoint)) {
    noteAsked(path, node.now)
    path.lastOut = node.now
  }
  countSent(node.traffic, verb, packet, true)
  node.outbox.push({ data: packet, to: endpoint })
  if (node.tap) trace(node, 'out', packet, endpoint, verb, 'accepted')
}

/** Sends a datagram of ours by a path, which leads straight to whom it is for or to a relay. */
export const transmit = (node: Node, data: Uint8Array, path: Path, verb: number, straight = true): void => {
  countSent(node.traffic, verb, data, straight)
  put(node, data, path, verb)
}

/** Passes on a datagram of somebody else. */
export const forward = (node: Node, data: Uint8Array, path: Path): void => {
  countForwarded(node.traffic, data)
  put(node, data, path, undefined)
}

const put = (node: Node, data: Uint8Array, path: Path, verb: number | undefined): void => {
  path.lastOut = node.now
  node.outbox.push({ data, to: path.endpoint, socket: path.socket })
  if (node.tap) trace(node, 'out', data, path.endpoint, verb, 'accepted')
}

/** Four bytes that open our own NAT towards an endpoint and go no further. */
export const openNat = (node: Node, to: Via): void => {
  node.outbox.push({ data: node.config.random(4), to: to.endpoint, socket: to.socket, ttl: 2 })
}

/**
 * What goes to a trusted network is not sealed, unless it may go under suite 0 only. Its reply is expected all the same,
 * which native nodes do not do: theirs would be lost.
 */
const seal = (
  node: Node,
  peer: Peer,
  packet: Uint8Array,
  verb: number,
  suite: CipherSuite,
  endpoint: Endpoint,
): boolean => {
  const trusted =
    suite === 0 || node.rules.trusted.length === 0 ? undefined : trustedAt(node.rules, parseIp(endpoint.address))[0]
  if (trusted !== undefined) {
    sealTrusted(packet, trusted.high, trusted.low)
    if (isAnswered(verb)) expectReply(node.filter, packet, peer.address, verb)
    return true
  }
  const armor = armorOf(node, peer)
  if (armor === undefined) {
    drop(node, 'bad-identity', undefined, peer.address)
    return false
  }
  armor.session.seal(suite, [packet])
  if (isAnswered(verb)) expectReply(node.filter, packet, peer.address, verb)
  return true
}

/** Frames and answers get none themselves; remembering them would only push out what does. */
export const isAnswered = (verb: number): boolean =>
  verb !== verbCode.frame &&
  verb !== verbCode.extFrame &&
  verb !== verbCode.ok &&
  verb !== verbCode.error &&
  verb !== verbCode.qosMeasurement &&
  verb !== verbCode.pathNegotiationRequest

const CONTROL_SIZE = 256
