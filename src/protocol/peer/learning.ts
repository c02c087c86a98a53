import { verbCode } from '../verb/verb-code.ts'
import { forgetChoice } from './choice.ts'
import { sayHello, tryAgain } from './greeting.ts'
import { type Node, say } from './node.ts'
import type { Path } from './path.ts'
import { isAlive } from './path-quality.ts'
import { isLive, isTrusted, type Peer, type PeerRoute } from './peer.ts'
import { MAX_PATHS } from './peer-record.ts'
import { reviewLink, sayPath, setLink } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { pushPaths } from './push.ts'

/**
 * What every authenticated packet that counts does for its peer (`docs/protocol/vl1.md`, "received" processing). A path
 * is learned only from an OK that came straight by it: it carries traffic after a round trip that we began.
 */
export const received = (node: Node, peer: Peer, path: Path, direct: boolean, verb: number): void => {
  const { now } = node
  peer.lastReceive = now
  peer.lastPath = path
  peer.lastDirect = direct
  if (isNetworkVerb(verb)) peer.lastNetworkReceive = now
  if (peer.upstream) heardUpstream(node)
  if (direct) heardDirect(node, peer, path, verb)
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

const heardDirect = (node: Node, peer: Peer, path: Path, verb: number): void => {
  for (const route of peer.routes)
    if (route.path === path) {
      route.heardAt = node.now
      if (peer.link !== 'direct') revived(node, peer)
      return
    }
  // a second port of the same NAT while the first works: following it would only make the path flap
  for (const { path: known } of peer.routes)
    if (
      known.socket === path.socket &&
      known.endpoint.address === path.endpoint.address &&
      isAlive(node.now - known.lastIn)
    )
      return
  if (!mayUse(node, peer, path.endpoint)) return
  if (verb === verbCode.ok) learn(node, peer, path)
  else if (node.now - path.lastConfirm > CONFIRM_AGAIN) {
    path.lastConfirm = node.now
    sayHello(node, peer, path.endpoint, path.socket)
    if (peer.routes.length === 0) tryAgain(node, peer, path.endpoint, path.socket)
  }
}

const learn = (node: Node, peer: Peer, path: Path): void => {
  const route: PeerRoute = { path, heardAt: node.now, priority: 1 }
  const place = placeFor(node, peer, path)
  const replaced = peer.routes[place]
  peer.routes[place] = route
  revived(node, peer)
  if (replaced !== undefined) sayPath(node, peer, 'path-removed', replaced)
  sayPath(node, peer, 'path-added', route)
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
      !isLive(route, node.now) &&
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
/** Between two PUSH_DIRECT_PATHS to one peer, with a direct path and without. */
export const PUSH_HAVE_PATH = 120_000
export const PUSH_NO_PATH = 15_000
