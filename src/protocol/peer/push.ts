import type { Endpoint } from '../datagram.ts'
import { parseIp, samePrefix } from '../kernel/ip.ts'
import { compressPacket } from '../packet/compression.ts'
import { type DirectPath, pathFlag, pushDirectPaths } from '../verb/push-direct-paths.ts'
import { verbCode } from '../verb/verb-code.ts'
import { forgetChoice, isSound } from './choice.ts'
import { isUsable, printEndpoint, sameEndpoint, scopeOfEndpoint } from './endpoint.ts'
import { contact, probe, sayHello } from './greeting.ts'
import { drop, type Node } from './node.ts'
import { familyOf, type Path, pathFor } from './path.ts'
import { isLive, type Peer } from './peer.ts'
import { MAX_PATHS } from './peer-record.ts'
import { reviewLink, sayPath } from './peer-table.ts'
import { mayUse } from './permission.ts'
import { isHastyPush } from './push-gate.ts'
import { compose, sendBy } from './seal.ts'
import { surfaceEndpoints } from './surface.ts'

/** Tells a peer that shares a network with us where we can be reached: our sockets, and how we appear to others. */
export const pushPaths = (node: Node, peer: Peer, path: Path): void => {
  peer.lastPush = node.now
  const all = new Map<string, Endpoint>()
  for (const { address, port } of node.sockets) all.set(printEndpoint({ address, port }), { address, port })
  for (const endpoint of surfaceEndpoints(node.surface)) all.set(printEndpoint(endpoint), endpoint)
  const paths = [...all.values()]
    .filter((endpoint) => isUsable(endpoint, node.policy))
    .map((endpoint): DirectPath => ({ flags: 0, extension: NOTHING, endpoint }))
  for (let i = 0; i < paths.length; i += RECORDS_PER_PACKET) {
    const some = { paths: paths.slice(i, i + RECORDS_PER_PACKET) }
    const packet = compressPacket(compose(node, peer.address, verbCode.pushDirectPaths, pushDirectPaths, some))
    sendBy(node, peer, packet, verbCode.pushDirectPaths, path)
  }
}

/** Tries what a peer offers (`docs/protocol/vl1.md`, PUSH_DIRECT_PATHS), within limits on how often and how many. */
export const takePushed = (node: Node, peer: Peer, path: Path, paths: readonly DirectPath[]): void => {
  if (isHastyPush(peer, node.now)) {
    drop(node, 'rate-limited', path, peer.address)
    return
  }
  const tried = new Map<number, number>()
  for (const { flags, endpoint } of paths) {
    if (endpoint === null || (flags & pathFlag.forget) !== 0) continue
    const redirect = (flags & pathFlag.clusterRedirect) !== 0
    if (!redirect && isActivePath(node, peer, endpoint)) continue
    if (!mayUse(node, peer, endpoint)) continue
    const kind = scopeOfEndpoint(endpoint) * 16 + familyOf(endpoint)
    const n = (tried.get(kind) ?? 0) + 1
    tried.set(kind, n)
    if (n > MOST_PER_KIND) continue
    if (redirect) follow(node, peer, path, endpoint)
    else if (isSound(node, peer)) contact(node, peer, endpoint)
    else probe(node, peer, endpoint)
  }
}

/**
 * Cluster redirect: the peer wants to be reached elsewhere from now on. The new path is live once it has answered, so
 * that nobody can point our traffic at a third party.
 */
const follow = (node: Node, peer: Peer, path: Path, endpoint: Endpoint): void => {
  sayHello(node, peer, endpoint, path.socket)
  const from = peer.routes.find((route) => route.path === path)
  const priority = (from?.priority ?? 1) + 2
  const kept = peer.routes.filter((route) => route.priority >= priority && !sameHost(route.path.endpoint, endpoint))
  const gone = peer.routes.filter((route) => !kept.includes(route))
  const route = { path: pathFor(node.paths, endpoint, path.socket), heardAt: -Infinity, priority }
  peer.routes.splice(0, peer.routes.length, ...kept.slice(1 - MAX_PATHS), route)
  forgetChoice(node, peer)
  for (const one of gone) sayPath(node, peer, 'path-removed', one)
  sayPath(node, peer, 'path-added', route)
  reviewLink(node, peer)
}

const isActivePath = (node: Node, peer: Peer, endpoint: Endpoint): boolean =>
  peer.routes.some((route) => isLive(route, node.now) && sameEndpoint(route.path.endpoint, endpoint))

/** One IPv4 address, or one IPv6 network of 64 bits. */
const sameHost = (a: Endpoint, b: Endpoint): boolean => {
  if (familyOf(a) !== familyOf(b)) return false
  if (familyOf(a) === 4) return a.address === b.address
  const [x, y] = [parseIp(a.address), parseIp(b.address)]
  return x !== undefined && y !== undefined && samePrefix(x, y, 64)
}

const NOTHING = new Uint8Array(0)
/** 24 bytes each at most: under 1200 bytes together. */
const RECORDS_PER_PACKET = 48
/** Endpoints of one scope and family that one push makes us try. */
const MOST_PER_KIND = 8
