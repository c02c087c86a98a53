import { verbCode } from '../verb/verb-code.ts'
import { forgetChoice } from './choice.ts'
import { doubt, LOOK, question } from './doubt.ts'
import { sayHello, tryAgain } from './greeting.ts'
import { type Node, say } from './node.ts'
import type { Path } from './path.ts'
import { isAlive } from './path-quality.ts'
import { heardOn, isDoubtful } from './path-silence.ts'
import { isLive, isTrusted, type Peer, type PeerRoute } from './peer.ts'
import { MAX_PATHS } from './peer-record.ts'
import { reviewLink, sayPath, setLink } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { pushPaths } from './push.ts'

/**
 * What every authenticated packet that counts does for its peer (`docs/protocol/vl1.md`, "received" processing). A path
 * is learned only from what `confirms` it, an OK that came straight by it and answers a contact that went straight by it:
 * it carries traffic after a round trip that we began.
 */
export const received = (node: Node, peer: Peer, path: Path, direct: boolean, verb: number, confirms = false): void => {
  const { now } = node
  heardOn(path, now)
  peer.lastReceive = now
  peer.lastPath = path
  peer.lastDirect = direct
  if (isNetworkVerb(verb)) peer.lastNetworkReceive = now
  if (peer.upstream) heardUpstream(node)
  if (direct) heardDirect(node, peer, path, confirms)
  // whoever can reach us asks no relay
  else if (peer.link === 'direct') doubt(node, peer)
  else if (peer.link === 'unreachable') setLink(node, peer, 'relay')
  if (isTrusted(peer, now) && now - peer.lastPush >= (direct ? PUSH_HAVE_PATH : PUSH_NO_PATH) * patience(node))
    pushPaths(node, peer, path)
}

/** Forgets a route, and says so. */
export const removeRoute = (node: Node, peer: Peer, route: PeerRoute): void => {
  peer.routes.splice(peer.routes.indexOf(route), 1)
  forgetChoice(node, peer)
  sayPath(node, peer, 'path-removed', route)
  reviewLink(node, peer)
}

const heardUpstream = (node: Node): void => {
  node.lastUpstreamReceive = node.now
  if (node.online) return
  node.online = true
  say(node, { _tag: 'Online', online: true })
}

const heardDirect = (node: Node, peer: Peer, path: Path, confirms: boolean): void => {
  for (const route of peer.routes)
    if (route.path === path) {
      route.heardAt = node.now
      if (peer.link !== 'direct') revived(node, peer)
      return
    }
  if (!mayUse(node, peer, path.endpoint)) return
  const sibling = siblingOf(node, peer, path)
  if (sibling !== undefined) {
    if (node.now - Math.max(sibling.heardAt, sibling.path.askedAt) < SIBLING_AGAIN) return
    // it may have been left for this one, which is tried if it does not answer
    question(node, peer, sibling.path)
    tryAgain(node, peer, path.endpoint, path.socket, SIBLING_WAIT)
  } else if (confirms) learn(node, peer, path)
  else if (node.now - path.lastConfirm > CONFIRM_AGAIN) {
    path.lastConfirm = node.now
    sayHello(node, peer, path.endpoint, path.socket)
    if (peer.routes.length === 0) tryAgain(node, peer, path.endpoint, path.socket)
  }
}

/**
 * A path to another port of the same NAT that works as far as we know: to follow the second while it does would only make
 * the path flap.
 */
const siblingOf = (node: Node, peer: Peer, path: Path): PeerRoute | undefined => {
  for (const route of peer.routes) {
    const known = route.path
    if (
      known.socket === path.socket &&
      known.endpoint.address === path.endpoint.address &&
      isAlive(node.now - known.lastIn) &&
      !isDoubtful(known, node.now)
    )
      return route
  }
  return undefined
}

const learn = (node: Node, peer: Peer, path: Path): void => {
  const route: PeerRoute = { path, heardAt: node.now, priority: 1 }
  const place = placeFor(node, peer, path)
  const replaced = peer.routes[place]
  peer.lastLearned = node.now
  peer.routes[place] = route
  // the peer may have left the others for this one
  for (const other of peer.routes) if (node.now - other.heardAt >= LOOK) question(node, peer, other.path)
  if (replaced !== undefined) sayPath(node, peer, 'path-removed', replaced)
  sayPath(node, peer, 'path-added', route)
  revived(node, peer)
}

const revived = (node: Node, peer: Peer): void => {
  peer.unanswered = 0
  forgetChoice(node, peer)
  setLink(node, peer, 'direct')
  node.reached.push(peer)
}

/** The first free place, that of a dead path from the same IP, or else that of the path silent for longest. */
const placeFor = (node: Node, peer: Peer, path: Path): number => {
  const { routes } = peer
  const same = routes.findIndex(
    (route) =>
      (!isLive(route, node.now) || isDoubtful(route.path, node.now)) &&
      route.path.socket === path.socket &&
      route.path.endpoint.address === path.endpoint.address,
  )
  if (same >= 0) return same
  if (routes.length < MAX_PATHS) return routes.length
  let oldest = 0
  for (let i = 1; i < routes.length; i++) if (routes[i]!.path.lastIn < routes[oldest]!.path.lastIn) oldest = i
  return oldest
}

/** Verbs that show a peer to take part in a network with us. */
const isNetworkVerb = (verb: number): boolean =>
  verb === verbCode.frame ||
  verb === verbCode.extFrame ||
  verb === verbCode.networkConfigRequest ||
  verb === verbCode.networkConfig ||
  verb === verbCode.multicastFrame

const patience = (node: Node): number => (node.config.lowBandwidth === true ? 16 : 1)

/** Between two HELLOs that confirm one path (`docs/protocol/vl1.md`, limits). */
export const CONFIRM_AGAIN = 1_000
/** Silence of a path, unasked, after which its peer may have left it for the port it speaks from; the time to deny it. */
const SIBLING_AGAIN = 1_000
const SIBLING_WAIT = 300
/** Between two PUSH_DIRECT_PATHS to one peer, with a direct path and without. */
export const PUSH_HAVE_PATH = 120_000
export const PUSH_NO_PATH = 15_000
