import type { Endpoint, LocalSocket } from '../datagram.ts'
import { callUpstream, probe } from './greeting.ts'
import { callUnreached } from './keepalive.ts'
import { removeRoute } from './learning.ts'
import { stray } from './moved.ts'
import type { Node } from './node.ts'
import { isActive, type Peer } from './peer.ts'
import { peerOf } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { forgetSockets } from './surface.ts'

/**
 * The link's sockets have changed. Paths over sockets that are gone are forgotten; from new ones the upstreams hear at
 * once, not at the next tick, and so does whoever was reached by those paths. Peers that take part in a network with us
 * are told as soon as there is a way to do it: what they send goes to where we have been until they find it silent.
 */
export const changeSockets = (node: Node, sockets: readonly LocalSocket[]): void => {
  const before = new Set(node.sockets.map((one) => one.socket))
  const after = new Set(sockets.map((one) => one.socket))
  node.sockets = sockets
  node.paths.tunnels = new Set(sockets.filter((one) => one.tunnel === true).map((one) => one.socket))
  forgetSockets(node.surface, (socket) => !after.has(socket))
  const lost = forgetPaths(node, (socket) => !after.has(socket))
  if (sockets.some((one) => !before.has(one.socket))) {
    callUpstreams(node)
    stray(node)
  }
  if (before.size === 0) greetKnown(node)
  if (sockets.length > 0)
    for (const [peer, endpoint] of lost)
      if (!peer.upstream && isActive(peer, node.now) && mayUse(node, peer, endpoint)) probe(node, peer, endpoint)
  callUnreached(node)
}

const forgetPaths = (node: Node, gone: (socket: number) => boolean): readonly (readonly [Peer, Endpoint])[] => {
  const lost: (readonly [Peer, Endpoint])[] = []
  for (const peer of node.peers.values())
    for (const route of peer.routes.filter(({ path }) => gone(path.socket))) {
      removeRoute(node, peer, route)
      lost.push([peer, route.path.endpoint])
    }
  return lost
}

/**
 * Those whom an earlier run was in touch with hear that we are back: what they send may go to a port that we had then,
 * for as long as they do not notice, and for native nodes that is four minutes. They count as active, so that they go on
 * hearing from us: a native node takes a new path only of what comes after the old one has been silent for 19 s.
 */
const greetKnown = (node: Node): void => {
  let left = MOST_GREETED
  for (const [address, { endpoints }] of [...node.cache]) {
    left -= endpoints.length
    if (left < 0) return
    const peer = peerOf(node, address) // who comes into memory is greeted
    if (peer !== undefined) peer.lastNetworkReceive = node.now
  }
}

const callUpstreams = (node: Node): void => {
  for (const address of node.upstreams.byAddress.keys()) {
    const peer = peerOf(node, address)
    if (peer === undefined) continue
    peer.unanswered = 0
    callUpstream(node, peer)
  }
}

/** Endpoints of known peers that are greeted at the start. */
export const MOST_GREETED = 256
