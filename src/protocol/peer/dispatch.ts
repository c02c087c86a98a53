import { decode, readU32 } from '../kernel/codec.ts'
import { hopsOf, packetIdOf, verbOf } from '../packet/header.ts'
import { error, errorCode } from '../verb/error.ts'
import { okHello, okWhois } from '../verb/ok.ts'
import { pushDirectPaths } from '../verb/push-direct-paths.ts'
import { rendezvous } from '../verb/rendezvous.ts'
import { verbCode } from '../verb/verb-code.ts'
import { whois } from '../verb/whois.ts'
import { maySendWorlds, takeWorld } from '../world/adoption.ts'
import { readWorlds } from '../world/world.ts'
import { noteReceived, takeNegotiation, takeReport } from './bond-measure.ts'
import { wasSentTo } from './contacted.ts'
import { OLDEST_PROTOCOL } from './greeting.ts'
import { receiveHello, setVersion } from './hello-receipt.ts'
import { answerWhois, meet, reply, takeWhois } from './introduction.ts'
import { received } from './learning.ts'
import { ReceivedMessage } from './message.ts'
import { drop, type Node, say } from './node.ts'
import type { Path } from './path.ts'
import { averageLatency } from './path-quality.ts'
import type { Peer } from './peer.ts'
import { takePushed } from './push.ts'
import { isExpected } from './reply-filter.ts'
import { surfaceReport } from './surface-report.ts'
import { countReceived } from './traffic.ts'
import { accepted, type Verdict } from './verdict.ts'

/** An opened packet, and what is needed to answer it. */
export interface Opened {
  readonly peer: Peer
  readonly packet: Uint8Array
  /** Decompressed. */
  readonly payload: Uint8Array
  readonly path: Path
  readonly hops: number
  readonly verb: number
}

/**
 * Does what an authentic packet asks for. Verbs of the layers above are passed on; the others are answered here. What is
 * malformed or comes too often is refused, and does not count as received.
 */
export const dispatch = (node: Node, peer: Peer, packet: Uint8Array, payload: Uint8Array, path: Path): Verdict => {
  const verb = verbOf(packet)
  const hops = hopsOf(packet)
  if (verb !== verbCode.hello) countReceived(node.traffic, verb, packet.length, hops)
  if (peer.bond !== undefined && hops === 0) noteReceived(node, peer, packet, verb, path)
  if (((PASSED_ON >>> verb) & 1) === 0) return answer(node, { peer, packet, payload, path, hops, verb })
  node.messages.push(new ReceivedMessage(peer.identity, verb, payload, hops, path, packet))
  received(node, peer, path, hops === 0, verb)
  accepted(node, packet, path, verb)
  return undefined
}

const answer = (node: Node, it: Opened): Verdict => {
  switch (it.verb) {
    case verbCode.ok:
      return onOk(node, it)
    case verbCode.error:
      return onError(node, it)
    case verbCode.hello:
      return receiveHello(node, it.packet, it.path, true, false)
    case verbCode.whois:
      return onWhois(node, it)
    case verbCode.rendezvous:
      return onRendezvous(node, it)
    case verbCode.echo:
      return onEcho(node, it)
    case verbCode.pushDirectPaths:
      return onPushDirectPaths(node, it)
    case verbCode.nop:
      return count(node, it)
    case verbCode.ack:
      accepted(node, it.packet, it.path, it.verb)
      return undefined
    case verbCode.qosMeasurement:
      return onBond(node, it, takeReport(node, it.peer, it.path, it.payload))
    case verbCode.pathNegotiationRequest:
      return onBond(node, it, takeNegotiation(node, it.peer, it.path, it.payload))
    default:
      received(node, it.peer, it.path, it.hops === 0, it.verb)
      return 'unknown-verb'
  }
}

/** What bonds say to each other is no sign of life. */
const onBond = (node: Node, { packet, path, verb }: Opened, verdict: Verdict): Verdict => {
  if (verdict === undefined) accepted(node, packet, path, verb)
  return verdict
}

/** It counts as received. */
const count = (node: Node, it: Opened): undefined => {
  const { packet, payload, peer, path, hops, verb } = it
  accepted(node, packet, path, verb)
  const confirms = verb === verbCode.ok && wasSentTo(node.contacted, readU32(payload, 1), path.endpoint)
  received(node, peer, path, hops === 0, verb, confirms)
  return undefined
}

const pass = (node: Node, it: Opened): Verdict => {
  node.messages.push(new ReceivedMessage(it.peer.identity, it.verb, it.payload, it.hops, it.path, it.packet))
  return count(node, it)
}

/** Only an answer to what we sent counts at all. */
const onOk = (node: Node, it: Opened): Verdict => {
  if (it.payload.length < OK_HEADER) return 'malformed'
  if (!answersUs(node, it)) return 'unexpected-reply'
  switch (it.payload[0]) {
    case verbCode.hello:
      return onOkHello(node, it)
    case verbCode.whois:
      return onOkWhois(node, it)
    case verbCode.echo: // it says no more than that the path works, which counting it has noted
      return count(node, it)
    default:
      return pass(node, it)
  }
}

const onOkHello = (node: Node, it: Opened): Verdict => {
  const { peer, path, hops } = it
  const found = decode(okHello, it.payload, OK_HEADER)
  if (found._tag === 'Left') return 'malformed'
  const said = found.right
  if (said.protocol < OLDEST_PROTOCOL) return 'old-protocol'
  if (hops === 0) {
    const sample = Math.floor(node.now) - Number(said.clock)
    if (sample >= 0) path.latency = averageLatency(path.latency, sample)
  }
  setVersion(node, peer, said)
  if (said.seenAt !== null && hops === 0) surfaceReport(node, peer, path, said.seenAt)
  if (said.updates.length > 0) {
    if (maySendWorlds(peer)) for (const next of readWorlds(said.updates)) takeWorld(node, next)
    else drop(node, 'untrusted', path, peer.address)
  }
  return count(node, it)
}

const onOkWhois = (node: Node, it: Opened): Verdict => {
  if (!node.upstreams.byAddress.has(it.peer.address)) return 'untrusted'
  const found = decode(okWhois, it.payload, OK_HEADER)
  if (found._tag === 'Left') return 'malformed'
  takeWhois(node, found.right)
  return count(node, it)
}

const onError = (node: Node, it: Opened): Verdict => {
  const found = decode(error, it.payload)
  if (found._tag === 'Left') return 'malformed'
  if (found.right.code !== errorCode.identityCollision) return pass(node, it)
  if (!node.upstreams.byAddress.has(it.peer.address)) drop(node, 'untrusted', it.path, it.peer.address)
  // it ends us: a recording of one from an earlier run must not
  else if (answersUs(node, it)) say(node, { _tag: 'Collision' })
  else return 'unexpected-reply'
  return count(node, it)
}

/** OK and ERROR begin with the verb and the ID of what they answer. */
const answersUs = (node: Node, { peer, payload }: Opened): boolean =>
  isExpected(node.filter, readU32(payload, 1), readU32(payload, 5), peer.address, payload[0]!)

const onWhois = (node: Node, it: Opened): Verdict => {
  const found = decode(whois, it.payload)
  if (found._tag === 'Left') return 'malformed'
  return answerWhois(node, it.peer, it.path, packetIdOf(it.packet), found.right) ? count(node, it) : 'rate-limited'
}

const onRendezvous = (node: Node, it: Opened): Verdict => {
  if (!node.upstreams.byAddress.has(it.peer.address)) return 'untrusted'
  const found = decode(rendezvous, it.payload)
  if (found._tag === 'Left') return 'malformed'
  meet(node, it.path, found.right)
  return count(node, it)
}

const onEcho = (node: Node, it: Opened): Verdict => {
  const { path, peer, packet } = it
  if (node.now - path.lastEcho < ECHO_GATE) return 'rate-limited'
  path.lastEcho = node.now
  reply(node, peer, path, verbCode.echo, packetIdOf(packet), it.payload)
  return count(node, it)
}

const onPushDirectPaths = (node: Node, it: Opened): Verdict => {
  const found = decode(pushDirectPaths, it.payload)
  if (found._tag === 'Left') return 'malformed'
  takePushed(node, it.peer, it.path, found.right.paths)
  return count(node, it)
}

/** The verbs of the layers above, as bits: nearly all packets, so they are told apart at one look. */
const PASSED_ON = [
  verbCode.frame,
  verbCode.extFrame,
  verbCode.multicastLike,
  verbCode.networkCredentials,
  verbCode.networkConfigRequest,
  verbCode.networkConfig,
  verbCode.multicastGather,
  verbCode.multicastFrame,
  verbCode.userMessage,
  verbCode.remoteTrace,
].reduce((bits, verb) => bits | (1 << verb), 0)
/** Verb and packet ID, in front of what an OK answers. */
const OK_HEADER = 9
/** Between two ECHO that one path has answered: six in a second (`docs/protocol/vl1.md`, limits). */
export const ECHO_GATE = 1000 / 6
