import type { Address } from '../kernel/id.ts'
import { bestUpstream, isDirect } from './choice.ts'
import { printEndpoint } from './endpoint.ts'
import { callUpstream, contact, sayHello, sayHelloByRelay } from './greeting.ts'
import { removeRoute } from './learning.ts'
import { tellMoved } from './moved.ts'
import { isSeed, type Node, say } from './node.ts'
import type { Path } from './path.ts'
import { needsHeartbeat } from './path-quality.ts'
import { isActive, isLive, type Peer } from './peer.ts'
import { peerOf, reviewLink } from './peer-table.ts'
import { seek } from './seek.ts'

/**
 * The periodic work (`docs/protocol/vl1.md`, periodic work): contact with upstreams and with whom networks name, pings to
 * peers that take part in a network with us, and whether we are online.
 *
 * Native nodes keep the NAT towards a root open with a WHOIS every 5 s; we send an ECHO on each of its paths that has
 * been idle for 14 s, and if we take part in a network one every 5 s to the root that serves as relay: should our router
 * forget us, nobody can reach us for so long. What we send is to be answered: while it is not, each look tries again, so that a path that leads
 * nowhere is noticed in 15 s (`isSuspect`). An upstream is then sent HELLO: it may have started anew and not know us.
 */
export const keepContact = (node: Node): void => {
  const { due, now } = node
  due.ping = now + PING_CHECK * (node.config.lowBandwidth === true ? 5 : 1)
  reviewOnline(node)
  node.engaged = isEngaged(node)
  for (const address of contactSet(node)) {
    const peer = peerOf(node, address)
    if (peer === undefined) seek(node, address)
    else keepUp(node, peer)
  }
  for (const peer of node.peers.values()) {
    if (peer.upstream || node.contacts.has(peer.address)) continue
    if (isActive(peer, now)) ping(node, peer, PEER_PING)
    reviewLink(node, peer)
  }
  tellMoved(node)
}

/**
 * The first HELLOs, in the very turn in which there are sockets, and again every 500 ms until they are answered; after
 * ten of them at the pace of the periodic work.
 */
export const callUnreached = (node: Node): void => {
  node.due.bootstrap = Infinity
  if (node.sockets.length === 0) return
  for (const address of node.upstreams.byAddress.keys()) {
    const peer = peerOf(node, address)
    if (peer === undefined || (node.online && isDirect(node, peer)) || peer.unanswered >= HASTY_HELLOS) continue
    // whoever answered, though no path could be learned from it, is not called in haste
    if (peer.lastReceive >= peer.lastHello && peer.lastHello !== -Infinity) continue
    if (node.now - peer.lastHello >= HELLO_RETRY) callUpstream(node, peer)
    node.due.bootstrap = Math.min(node.due.bootstrap, peer.lastHello + HELLO_RETRY)
  }
}

/** Whether somebody takes part in a network with us. */
const isEngaged = (node: Node): boolean => {
  for (const peer of node.peers.values()) if (!peer.upstream && isActive(peer, node.now)) return true
  return false
}

const contactSet = (node: Node): ReadonlySet<Address> =>
  new Set([...node.upstreams.byAddress.keys(), ...node.seeds.values(), ...node.contacts].filter((a) => a !== node.self))

const keepUp = (node: Node, peer: Peer): void => {
  const upstream = node.upstreams.byAddress.has(peer.address)
  ping(node, peer, upstream ? UPSTREAM_HELLO : PEER_PING)
  reviewLink(node, peer)
  if (isDirect(node, peer) && (node.online || !upstream)) return
  if (node.sockets.length === 0) return
  if (upstream) {
    if (node.now - peer.lastHello >= HELLO_RETRY) callUpstream(node, peer)
  } else if (node.now - peer.lastFullHello >= (isSeed(node, peer.address) ? PING_CHECK : CONTACT_HELLO)) {
    peer.lastFullHello = node.now
    sayHelloByRelay(node, peer)
  }
}

/** HELLO to all paths when that is due, ECHO to the idle ones else; dead ones are forgotten. */
const ping = (node: Node, peer: Peer, helloEvery: number): void => {
  const { now } = node
  const full = now - peer.lastFullHello >= helloEvery
  if (full && peer.routes.length > 0) peer.lastFullHello = now
  let highest = 1
  for (const route of peer.routes) if (route.priority > highest) highest = route.priority
  const greeted = new Set<string>()
  const relay = node.engaged ? bestUpstream(node) : undefined
  for (const route of [...peer.routes]) {
    const { path } = route
    if (!isLive(route, now) || route.priority !== highest) {
      removeRoute(node, peer, route)
      continue
    }
    const unanswered = isUnanswered(path, now)
    if (full || (unanswered && peer.upstream)) {
      // one HELLO leaves by all sockets, and so serves all paths to its endpoint
      const name = printEndpoint(path.endpoint)
      if (!greeted.has(name)) sayHello(node, peer, path.endpoint, path.socket)
      greeted.add(name)
    } else if (
      unanswered ||
      needsHeartbeat(now - path.lastOut) ||
      isQuietUpstream(peer, now) ||
      (peer === relay && now - path.lastOut >= RELAY_ECHO)
    )
      // by all sockets if this one is a tunnel, so that a way without it is found when there is one again
      contact(node, peer, path.endpoint, path.tunnel ? undefined : path.socket)
  }
}

/** What a root passes on keeps its path busy both ways, but only what it says itself shows that we are online. */
const isQuietUpstream = (peer: Peer, now: number): boolean => peer.upstream && needsHeartbeat(now - peer.lastReceive)

/** We have sent, and nothing has come back since. */
const isUnanswered = (path: Path, now: number): boolean => path.lastOut > path.lastIn && now - path.lastIn >= PING_CHECK

/** Online: we are an upstream, or one has spoken to us lately. */
const reviewOnline = (node: Node): void => {
  const window = node.config.onlineWindow ?? ONLINE_WINDOW * (node.config.lowBandwidth === true ? 5 : 1)
  if (!node.online || node.upstreams.amOne || node.now - node.lastUpstreamReceive < window) return
  node.online = false
  say(node, { _tag: 'Online', online: false })
  for (const address of node.upstreams.byAddress.keys()) {
    const peer = node.peers.get(address)
    if (peer !== undefined) peer.unanswered = 0
  }
  node.due.bootstrap = node.now
}

export const PING_CHECK = 5_000
const PEER_PING = 60_000
/** HELLO to an upstream that has a path: 16 heartbeats. */
const UPSTREAM_HELLO = 224_000
/** HELLO by the relay to a peer that a network wants kept in contact and that has no path. */
const CONTACT_HELLO = 28_000
const HELLO_RETRY = 500
/** Between two ECHO to the root that serves as relay; a little less than the period of the look. */
const RELAY_ECHO = 4_500
/** First HELLOs in a row at that pace. */
const HASTY_HELLOS = 10
/** As in the SDK: two keepalives unanswered, and a third one sent. */
const ONLINE_WINDOW = 30_000
