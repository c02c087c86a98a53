import type { Millis } from '../kernel/machine.ts'
import { expire, expiryOf } from '../packet/reassembly.ts'
import { greetSeed } from '../world/adoption.ts'
import { sweepIntroductions } from '../world/root.ts'
import { pathTo } from './choice.ts'
import { sayHello } from './greeting.ts'
import { answerCall, probeAgain } from './introduction.ts'
import { removeRoute } from './learning.ts'
import { tellMoved } from './moved.ts'
import { drop, isSeed, type Node } from './node.ts'
import { sweepPaths } from './path.ts'
import { isActive, isLive, type Peer } from './peer.ts'
import { forgetSilent, pathsOfPeers } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { openAll, takeWhole } from './receive.ts'
import { ask } from './seek.ts'
import { sendAll } from './send.ts'
import { expireReports } from './surface.ts'
import { expirePending } from './validation.ts'
import { refuse } from './verdict.ts'
import { extract, isEmpty, PATIENCE, RETRY } from './waiting.ts'

/** Lets go, in the step in which it became possible, what waited for an identity or for a path. */
export const release = (node: Node): void => {
  while (node.arrived.length > 0 || node.reached.length > 0) {
    const { arrived, reached } = node
    node.arrived = []
    node.reached = []
    for (const peer of arrived) welcome(node, peer)
    for (const peer of reached) {
      if (!node.upstreams.byAddress.has(peer.address)) sendUnsent(node, peer)
      else {
        sendAllUnsent(node)
        tellMoved(node)
        for (const address of node.waiting.sought.keys()) ask(node, address)
      }
    }
  }
}

/** Looks through the queues: what to try again, what has waited for too long. */
export const retryQueues = (node: Node): void => {
  const { waiting, now, assembly, validations } = node
  for (const { packet, path, source } of extract(waiting.held, (one) => now - one.since >= PATIENCE))
    refuse(node, packet, path, 'expired', source)
  for (const { packet } of extract(waiting.unsent, (one) => now - one.since >= PATIENCE))
    drop(node, 'expired', undefined, packet.to)
  // the root did not answer in time: such a HELLO has to prove itself
  for (const { packet, path } of extract(waiting.held, (one) => one.hello && now - one.since >= RETRY))
    takeWhole(node, packet, path, false)
  openAll(node)
  sendAllUnsent(node)
  for (const [address, { until }] of waiting.sought)
    if (until <= now) waiting.sought.delete(address)
    else ask(node, address)
  for (const [address, { since }] of waiting.called) if (now - since >= PATIENCE) waiting.called.delete(address)
  probeAgain(node)
  for (let lost = expire(assembly, now) + expirePending(validations, now); lost > 0; lost--) drop(node, 'expired')
  const idle = isEmpty(waiting) && expiryOf(assembly) === Infinity && validations.pending.size === 0
  node.due.queue = idle ? Infinity : now + RETRY
}

/** Forgets what has been silent for long. */
export const clean = (node: Node): void => {
  node.due.housekeeping = node.now + HOUSEKEEPING
  forgetSilent(node)
  for (const peer of node.peers.values()) if (peer.routes.length > 1) forgetDead(node, peer)
  // cipher contexts are far larger than all else that is known of a peer; they are made again when it speaks
  for (const peer of node.peers.values())
    if (node.now - peer.lastReceive >= ARMOR_IDLE && !peer.upstream && !isActive(peer, node.now)) peer.armor = undefined
  sweepPaths(node.paths, pathsOfPeers(node), node.now - HOUSEKEEPING)
  expireReports(node.surface, node.now)
  sweepIntroductions(node)
}

/**
 * Forgets the paths of a peer on which nothing was heard for long, but for the latest. Those we ping lose all that are
 * dead; a root does not ping its clients, who would leave one behind with every move.
 */
const forgetDead = (node: Node, peer: Peer): void => {
  const latest = peer.routes.reduce((one, other) => (other.heardAt > one.heardAt ? other : one))
  for (const route of [...peer.routes]) if (route !== latest && !isLive(route, node.now)) removeRoute(node, peer, route)
}

/** A peer is known now. */
const welcome = (node: Node, peer: Peer): void => {
  node.waiting.sought.delete(peer.address)
  if (node.sockets.length > 0)
    for (const endpoint of node.cache.get(peer.address)?.endpoints ?? [])
      if (mayUse(node, peer, endpoint)) sayHello(node, peer, endpoint)
  answerCall(node, peer)
  if (isSeed(node, peer.address)) greetSeed(node, peer)
  for (const { packet, path } of extract(node.waiting.held, (one) => one.source === peer.address))
    takeWhole(node, packet, path, false)
  openAll(node)
  sendUnsent(node, peer)
}

const sendUnsent = (node: Node, peer: Peer): void => {
  if (pathTo(node, peer) === undefined) return
  const packets = extract(node.waiting.unsent, (one) => one.packet.to === peer.address)
  if (packets.length > 0)
    sendAll(
      node,
      packets.map((one) => one.packet),
    )
}

const sendAllUnsent = (node: Node): void => {
  for (const address of new Set(node.waiting.unsent.map((one) => one.packet.to))) {
    const peer = node.peers.get(address)
    if (peer !== undefined) sendUnsent(node, peer)
  }
}

export const HOUSEKEEPING: Millis = 30_000
/** Silence after which the keys shared with a peer that is in no network with us are put away. */
const ARMOR_IDLE: Millis = 60_000
