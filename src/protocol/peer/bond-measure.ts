import { decode } from '../kernel/codec.ts'
import { packetIdOf } from '../packet/header.ts'
import { pathNegotiationRequest } from '../verb/path-negotiation-request.ts'
import { MAX_QOS_RECORDS, type QosRecord, qosMeasurement } from '../verb/qos-measurement.ts'
import { verbCode } from '../verb/verb-code.ts'
import {
  type Bond,
  bondedPath,
  ECHOES,
  failoverOf,
  isEligible,
  linkOf,
  MOST_SAMPLES,
  NEGOTIATION_BURST,
  NEGOTIATION_RATE,
  REPORT_BURST,
  REPORT_RATE,
  unbond,
  utilityOf,
  yields,
} from './bond.ts'
import { contact } from './greeting.ts'
import type { Node } from './node.ts'
import type { Path } from './path.ts'
import { isActive, isLive, type Peer, type PeerRoute } from './peer.ts'
import { take } from './rate-gate.ts'
import { compose, sendBare } from './seal.ts'
import type { Verdict } from './verdict.ts'

/**
 * The periodic work of bonds (`docs/protocol/vl1.md`, multipath): an ECHO by each path three times in a failover
 * interval, a report of what came by it every second interval, and the choice of the path in use.
 */
export const keepBonds = (node: Node): void => {
  const interval = failoverOf(node)
  for (const peer of [...node.bonded]) {
    const { bond } = peer
    if (bond === undefined || peer.upstream || !isActive(peer, node.now) || !node.peers.has(peer.address)) {
      unbond(node, peer)
      continue
    }
    for (const route of bond.links.keys()) if (!peer.routes.includes(route)) bond.links.delete(route)
    for (const { path } of peer.routes.filter((route) => isLive(route, node.now)))
      contact(node, peer, path.endpoint, path.socket)
    if (node.now - bond.lastReport >= 2 * interval) report(node, peer, bond)
    review(node, peer, bond)
  }
  node.due.bond = node.bonded.size > 0 ? node.now + interval / ECHOES : Infinity
}

/** Notes a sealed packet that has just left by a path; only those with odd wire IDs are measured. */
export const noteSent = (node: Node, peer: Peer, packet: Uint8Array, verb: number, path: Path): void => {
  if (peer.bond === undefined || !isSample(packet, verb)) return
  const route = routeOf(peer, path)
  if (route !== undefined) note(linkOf(peer.bond, route).sent, packetIdOf(packet), node.now)
}

/** Notes a genuine packet that came straight by a path. */
export const noteReceived = (node: Node, peer: Peer, packet: Uint8Array, verb: number, path: Path): void => {
  if (peer.bond === undefined || !isSample(packet, verb)) return
  const route = routeOf(peer, path)
  if (route !== undefined) note(linkOf(peer.bond, route).received, packetIdOf(packet), node.now)
}

/** QOS_MEASUREMENT: how long packets of ours lay there before the report of them left. Nothing without a bond. */
export const takeReport = (node: Node, peer: Peer, path: Path, payload: Uint8Array): Verdict => {
  const found = decode(qosMeasurement, payload)
  if (found._tag === 'Left') return 'malformed'
  const { bond } = peer
  const route = routeOf(peer, path)
  if (bond === undefined || route === undefined) return undefined
  if (!take(bond.reports, node.now, REPORT_RATE, REPORT_BURST)) return 'rate-limited'
  const link = linkOf(bond, route)
  for (const { packet, holding } of found.right) {
    const sentAt = link.sent.get(packet)
    if (sentAt === undefined) continue
    link.sent.delete(packet)
    const sample = Math.max(0, (node.now - sentAt - holding) / 2)
    link.latency = link.latency === undefined ? sample : (link.latency + sample) / 2
  }
  return undefined
}

/** PATH_NEGOTIATION_REQUEST: the other end has chosen this path, and says how useful it finds it. */
export const takeNegotiation = (node: Node, peer: Peer, path: Path, payload: Uint8Array): Verdict => {
  const found = decode(pathNegotiationRequest, payload)
  if (found._tag === 'Left') return 'malformed'
  const { bond } = peer
  const route = routeOf(peer, path)
  if (bond === undefined || route === undefined || node.config.bonding?.policy !== 'active-backup') return undefined
  if (!take(bond.negotiations, node.now, NEGOTIATION_RATE, NEGOTIATION_BURST)) return 'rate-limited'
  if (!isEligible(node, route)) return undefined
  const { active } = bond
  const mine = active === undefined ? -Infinity : utilityOf(bond, active)
  if (yields(mine, found.right.utility, node.self, peer.address)) bond.active = route
  return undefined
}

/** Leaves a path that fell silent, and says so to the other end by the new one. */
const review = (node: Node, peer: Peer, bond: Bond): void => {
  if (node.config.bonding?.policy !== 'active-backup') return
  const before = bond.active
  bondedPath(node, peer)
  const after = bond.active
  if (after === undefined || after === before || !understands(peer)) return
  if (node.now - bond.lastNegotiation < failoverOf(node)) return
  bond.lastNegotiation = node.now
  const body = { utility: utilityOf(bond, after) }
  const packet = compose(node, peer.address, verbCode.pathNegotiationRequest, pathNegotiationRequest, body)
  sendBare(node, peer, packet, verbCode.pathNegotiationRequest, after.path)
}

const report = (node: Node, peer: Peer, bond: Bond): void => {
  bond.lastReport = node.now
  if (!understands(peer)) return
  for (const [{ path }, link] of bond.links) {
    const records: QosRecord[] = []
    for (const [packet, at] of link.received)
      if (records.length < MAX_QOS_RECORDS)
        records.push({ packet: packet as QosRecord['packet'], holding: Math.min(65_535, Math.round(node.now - at)) })
    link.received.clear()
    if (records.length === 0) continue
    const packet = compose(node, peer.address, verbCode.qosMeasurement, qosMeasurement, records)
    sendBare(node, peer, packet, verbCode.qosMeasurement, path)
  }
}

const note = (samples: Map<bigint, number>, id: bigint, now: number): void => {
  if (samples.size >= MOST_SAMPLES)
    for (const oldest of samples.keys()) {
      samples.delete(oldest)
      break
    }
  samples.set(id, now)
}

const routeOf = (peer: Peer, path: Path): PeerRoute | undefined => {
  for (const route of peer.routes) if (route.path === path) return route
  return undefined
}

const isSample = (packet: Uint8Array, verb: number): boolean =>
  (packet[7]! & 1) === 1 && verb !== verbCode.ack && verb !== verbCode.qosMeasurement

/** Whether it may have a bond of its own. */
const understands = (peer: Peer): boolean => peer.protocol >= MULTIPATH_FROM
const MULTIPATH_FROM = 11
