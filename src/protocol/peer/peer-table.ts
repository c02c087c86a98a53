import { agree } from '../crypto/agreement.ts'
import type { Identity } from '../crypto/identity.ts'
import { encode } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import type { PeerPath, PeerSnapshot } from '../vl1-io.ts'
import { isEligible } from './bond.ts'
import { isDirect, relayPath } from './choice.ts'
import { reviewIndirect } from './indirect.ts'
import { isSeed, type Node, say } from './node.ts'
import type { Path } from './path.ts'
import { UNKNOWN_LATENCY } from './path-quality.ts'
import { type Armor, bestRoute, isLive, isPeerAlive, newPeer, type Peer, type PeerRoute } from './peer.ts'
import { MAX_PATHS, type PeerRecord, peerRecord } from './peer-record.ts'

/** The peer of an address, from memory or from what was stored of earlier runs. */
export const peerOf = (node: Node, address: Address): Peer | undefined => {
  const known = node.peers.get(address)
  if (known !== undefined || node.cache.size === 0) return known
  const record = node.cache.get(address)
  if (record === undefined) return undefined
  const peer = addPeer(node, record.identity)
  peer.protocol = record.protocol
  peer.major = record.major
  peer.minor = record.minor
  peer.revision = record.revision
  return peer
}

/** Takes an identity into memory. The first for an address stays until the peer is forgotten: it is never replaced. */
export const addPeer = (node: Node, identity: Identity): Peer => {
  const known = node.peers.get(identity.address)
  if (known !== undefined) return known
  if (node.peers.size >= MOST_PEERS) evict(node)
  const peer = newPeer(identity, node.now)
  peer.upstream = node.upstreams.byAddress.has(peer.address) || isSeed(node, peer.address)
  node.peers.set(peer.address, peer)
  node.arrived.push(peer)
  say(node, { _tag: 'Peer', address: peer.address, change: 'added' })
  say(node, { _tag: 'Learned', identity })
  return peer
}

/** The keys shared with a peer; `undefined` if its public key allows none. */
export const armorOf = (node: Node, peer: Peer): Armor | undefined => {
  if (peer.armor === undefined) peer.armor = armorWith(node, peer.identity) ?? null
  return peer.armor ?? undefined
}
export const armorWith = (node: Node, identity: Identity): Armor | undefined => {
  const key = agree(node.config.crypto, node.config.identity, identity)
  return key === undefined ? undefined : { key, session: node.config.crypto.session(key) }
}

/** Says how the peer is reached, where that has changed, and why not straight. */
export const setLink = (node: Node, peer: Peer, link: PeerSnapshot['link']): void => {
  if (peer.link !== link) {
    peer.link = link
    say(node, { _tag: 'Peer', address: peer.address, change: link })
  }
  reviewIndirect(node, peer)
}

/** Looks again how the peer is reached, after its paths or those of the relay have changed. */
export const reviewLink = (node: Node, peer: Peer): void => {
  if (isDirect(node, peer)) setLink(node, peer, 'direct')
  else if (peer.link === 'direct' || peer.link === 'relay')
    setLink(node, peer, !peer.upstream && relayPath(node) !== undefined ? 'relay' : 'unreachable')
  else reviewIndirect(node, peer)
}

/** The paths that some peer uses. */
export const pathsOfPeers = (node: Node): ReadonlySet<Path> => {
  const used = new Set<Path>()
  for (const peer of node.peers.values()) for (const { path } of peer.routes) used.add(path)
  return used
}

export const sayPath = (node: Node, peer: Peer, change: 'path-added' | 'path-removed', route: PeerRoute): void =>
  say(node, { _tag: 'Peer', address: peer.address, change, path: pathSnapshot(node, peer, route) })

/** Drops a peer from memory; what is worth keeping goes to `peers.d`. */
export const forget = (node: Node, peer: Peer): void => {
  node.peers.delete(peer.address)
  const record = recordOf(peer)
  remember(node, record)
  say(node, { _tag: 'Peer', address: peer.address, change: 'removed' })
  say(node, { _tag: 'Forget', address: peer.address, record: encode(peerRecord, record) })
}

/** Drops peers that have been silent for long and that nobody wants kept. */
export const forgetSilent = (node: Node): void => {
  for (const peer of [...node.peers.values()])
    if (!isPeerAlive(peer, node.now) && !peer.upstream && !node.contacts.has(peer.address)) forget(node, peer)
}

export const recordOf = (peer: Peer): PeerRecord => ({
  identity: peer.identity,
  protocol: peer.protocol,
  major: peer.major,
  minor: peer.minor,
  revision: peer.revision,
  endpoints: peer.routes.slice(0, MAX_PATHS).map((route) => route.path.endpoint),
})

export const snapshot = (node: Node, peer: Peer): PeerSnapshot => {
  const latency = bestRoute(peer, node.now)?.path.latency
  return {
    address: peer.address,
    identity: peer.identity,
    role: node.upstreams.byAddress.get(peer.address)?.role ?? 'leaf',
    version: { protocol: peer.protocol, major: peer.major, minor: peer.minor, revision: peer.revision },
    latency: latency === UNKNOWN_LATENCY ? undefined : latency,
    link: peer.link,
    paths: peer.routes.map((route) => pathSnapshot(node, peer, route)),
  }
}

const pathSnapshot = (node: Node, peer: Peer, route: PeerRoute): PeerPath => ({
  endpoint: route.path.endpoint,
  socket: route.path.socket,
  lastReceive: route.heardAt,
  lastSend: route.path.lastOut,
  latency: route.path.latency === UNKNOWN_LATENCY ? undefined : route.path.latency,
  preferred: bestRoute(peer, node.now) === route,
  expired: !isLive(route, node.now),
  ...(route.path.tunnel ? { tunneled: true } : {}),
  ...trustedBy(route),
  ...bondedAs(node, peer, route),
})

const trustedBy = ({ path }: PeerRoute): Pick<PeerPath, 'trustedPathId'> => {
  const id = path.trusted[0]
  return id === undefined ? {} : { trustedPathId: (BigInt(id.high) << 32n) | BigInt(id.low) }
}
const bondedAs = (node: Node, peer: Peer, route: PeerRoute): Pick<PeerPath, 'bond'> => {
  if (peer.bond === undefined) return {}
  if (!isEligible(node, route)) return { bond: 'silent' }
  const carries = node.config.bonding?.policy !== 'active-backup' || peer.bond.active === route
  return { bond: carries ? 'active' : 'standby' }
}

const remember = (node: Node, record: PeerRecord): void => {
  node.cache.delete(record.identity.address)
  node.cache.set(record.identity.address, record)
  if (node.cache.size > MOST_CACHED)
    for (const oldest of node.cache.keys()) {
      node.cache.delete(oldest)
      break
    }
}

/** Makes room by forgetting who has been silent for longest. */
const evict = (node: Node): void => {
  let quietest: Peer | undefined
  for (const peer of node.peers.values())
    if (!peer.upstream && (quietest === undefined || lastSign(peer) < lastSign(quietest))) quietest = peer
  if (quietest !== undefined) forget(node, quietest)
}
const lastSign = (peer: Peer): number => Math.max(peer.lastReceive, peer.since)

/** Peers in memory at once. */
export const MOST_PEERS = 16_384
/** Records held for peers not in memory. */
export const MOST_CACHED = 8_192
