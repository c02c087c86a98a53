import type { Address } from '../kernel/id.ts'
import type { Node } from './node.ts'
import type { Path } from './path.ts'
import { relayQuality, UNKNOWN_LATENCY } from './path-quality.ts'
import { isDoubtful } from './path-silence.ts'
import { bestRoute, type Peer } from './peer.ts'

/** The upstream that serves best as relay; the last of equals in address order. One that is silent is still usable. */
export const bestUpstream = (node: Node): Peer | undefined => {
  if (node.relayTurn === node.turn) return node.relay
  let best: Peer | undefined
  let least = Infinity
  for (const address of [...node.upstreams.byAddress.keys()].sort((a, b) => a - b)) {
    const peer = node.peers.get(address)
    if (peer === undefined) continue
    const quality = relayQuality(latencyOf(node, peer), node.now - peer.lastReceive)
    if (quality > least && best !== undefined) continue
    best = peer
    least = quality
  }
  node.relay = best
  node.relayTurn = node.turn
  return best
}

/** Latency of the best live path in ms; `undefined` without one, or before it was measured. */
export const latencyOf = (node: Node, peer: Peer): number | undefined => {
  const latency = bestRoute(peer, node.now)?.path.latency
  return latency === undefined || latency >= UNKNOWN_LATENCY ? undefined : latency
}

/** The live path of the best upstream: how to reach whom we cannot reach ourselves. */
export const relayPath = (node: Node): Path | undefined => {
  const relay = bestUpstream(node)
  return relay === undefined ? undefined : bestRoute(relay, node.now)?.path
}

/** Whether a path leads to the peer itself, and not to the relay. */
export const isStraight = (node: Node, peer: Peer, path: Path): boolean =>
  peer === bestUpstream(node) || path !== relayPath(node)

/** Whether some live path leads straight to the peer. */
export const isDirect = (node: Node, peer: Peer): boolean => bestRoute(peer, node.now) !== undefined

/** Whether one does of which there is no reason to believe that it has stopped working. */
export const isSound = (node: Node, peer: Peer): boolean => {
  const best = bestRoute(peer, node.now)
  return best !== undefined && !isDoubtful(best.path, node.now)
}

/**
 * The path for packets to a peer (`docs/protocol/vl1.md`, send pipeline): its best live one, else the relay's, else any
 * that is remembered. The same answer for a whole turn, unless a path comes or goes in it.
 */
export const pathTo = (node: Node, peer: Peer): Path | undefined => {
  if (peer.choiceTurn === node.turn) return peer.choice
  peer.choice = bestRoute(peer, node.now)?.path ?? relayPath(node) ?? bestRoute(peer, node.now, true)?.path
  peer.choiceTurn = node.turn
  return peer.choice
}

/** To be called when the paths of a peer change. */
export const forgetChoice = (node: Node, peer: Peer): void => {
  peer.choiceTurn = -1
  if (node.upstreams.byAddress.has(peer.address)) {
    node.relayTurn = -1
    node.turn++ // whoever is reached by way of it has to choose again
  }
}

export const upstreamAddresses = (node: Node): readonly Address[] => [...node.upstreams.byAddress.keys()]
