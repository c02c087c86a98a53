import type { Millis } from '../kernel/machine.ts'
import { bestUpstream, forgetChoice } from './choice.ts'
import { contact } from './greeting.ts'
import type { Node } from './node.ts'
import type { Path } from './path.ts'
import { isSuspect, MOST_UNANSWERED, noteDenied } from './path-silence.ts'
import { bestRoute, type Peer } from './peer.ts'
import { reviewLink } from './peer-table.ts'

/**
 * A path that falls silent while it is in use is found out within 2 s: what waits for a sign of life is asked for one by an
 * ECHO, five times in a row, and without an answer the relay takes over. A path that carries traffic both ways is never
 * asked. Native nodes notice after 19 s, and take the relay after 243 s.
 */

/** Something of the layers above has just been sent by this path, straight to `peer` or relayed. Bonds ask for themselves. */
export const awaitSign = (node: Node, peer: Peer, path: Path): void => {
  // what answers at once needs no answer itself
  if (node.now - path.heardAt < LOOK) return
  if (path.waitsSince === Infinity) path.waitsSince = node.now
  else if (node.watched.has(path) || isSuspect(path, node.now)) return
  if (peer.bond !== undefined) return
  const carrier = peer.link === 'direct' ? peer : bestUpstream(node)
  if (carrier !== undefined) watch(node, carrier, path, ASK_AFTER)
}

/** Something has been passed on by this path for somebody else; if it works, its peer speaks to us every few seconds. */
export const awaitSignOfClient = (node: Node, peer: Peer, path: Path): void => {
  if (node.now - path.heardAt >= CLIENT_SILENCE) awaitSign(node, peer, path)
}

/** The peer asks a relay though we reach it directly: the path is asked at once, and has half a second to answer. */
export const doubt = (node: Node, peer: Peer): void => {
  const best = bestRoute(peer, node.now)
  if (best === undefined || node.now - best.heardAt < LOOK || node.now - best.path.askedAt < QUESTION_AGAIN) return
  noteDenied(best.path)
  question(node, peer, best.path)
}

/** Asks by a path at once, not after a while of silence. */
export const question = (node: Node, peer: Peer, path: Path): void => {
  ask(node, peer, path)
  watch(node, peer, path, LOOK)
}

/** Asks again where nothing has come back, and lets the relay take over where nothing does. */
export const lookAtDoubts = (node: Node): void => {
  node.due.doubt = Infinity
  for (const [path, peer] of node.watched) {
    const owned = peer.routes.some((route) => route.path === path) && node.peers.get(peer.address) === peer
    if (!owned || path.waitsSince === Infinity) node.watched.delete(path)
    else if (isSuspect(path, node.now)) {
      node.watched.delete(path)
      forgetChoice(node, peer)
      reviewLink(node, peer)
    } else {
      const wait = path.probed === 0 ? path.waitsSince + ASK_AFTER - node.now : 0
      if (wait <= 0 && path.probed < MOST_UNANSWERED) ask(node, peer, path)
      // our own router may have forgotten us: then the relay does not reach us either, and has to hear where we are
      if (path.probed === HALF_WAY && !peer.upstream) questionRelay(node)
      node.due.doubt = Math.min(node.due.doubt, node.now + (wait > 0 ? wait : LOOK))
    }
  }
}

const questionRelay = (node: Node): void => {
  const relay = bestUpstream(node)
  const route = relay === undefined ? undefined : bestRoute(relay, node.now)
  if (relay === undefined || route === undefined || node.now - route.path.askedAt < QUESTION_AGAIN) return
  question(node, relay, route.path)
}

/** By all sockets if this one is a tunnel, so that a way without it is found when there is one again. */
const ask = (node: Node, peer: Peer, path: Path): void =>
  contact(node, peer, path.endpoint, path.tunnel ? undefined : path.socket)

const watch = (node: Node, peer: Peer, path: Path, within: Millis): void => {
  if (node.config.lowBandwidth === true || node.watched.has(path)) return
  node.watched.set(path, peer)
  node.due.doubt = Math.min(node.due.doubt, node.now + within)
}

/** Silence after something was sent until a sign of life is asked for, and between two questions. */
const ASK_AFTER: Millis = 750
export const LOOK: Millis = 250
const CLIENT_SILENCE: Millis = 6_000
/** Questions after which the relay is asked as well. */
const HALF_WAY = 2
/** Between two doubts about one path that others give rise to. */
const QUESTION_AGAIN: Millis = 1_000
