import type { Identity } from '../crypto/identity.ts'
import type { Session } from '../crypto/suite.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { IndirectReason, PeerSnapshot } from '../vl1-io.ts'
import type { Bond } from './bond.ts'
import { PATH_EXPIRE, type Path } from './path.ts'
import { PATH_ALIVE, PEER_TIMEOUT, pathQuality, UNKNOWN_LATENCY } from './path-quality.ts'
import { isDoubtful, isSuspect } from './path-silence.ts'

/** What two identities seal their packets with; made when first needed, fixed from then on. */
export interface Armor {
  /** The 48-byte agreed key. */
  readonly key: Uint8Array
  readonly session: Session
}

/** A path as one peer uses it. */
export interface PeerRoute {
  readonly path: Path
  /** Last authenticated packet of this peer that came straight by it. */
  heardAt: Millis
  /** 1, or more after a cluster redirect; only the highest are kept in contact. */
  priority: number
}

/** Everything known of a peer. Times are `-Infinity` for never. */
export interface Peer {
  readonly address: Address
  readonly identity: Identity
  /** `null`: the two keys agree on nothing; no packet can be sealed or opened. */
  armor: Armor | null | undefined
  protocol: number
  major: number
  minor: number
  revision: number
  link: PeerSnapshot['link']
  /** A root of our planet or of a moon we orbit, or the seed of one we want. */
  upstream: boolean
  /** When it came into memory. */
  readonly since: Millis
  lastReceive: Millis
  /** Last packet of a network: keeps the peer in contact. */
  lastNetworkReceive: Millis
  /** Last proof that it shares a network with us. */
  lastTrusted: Millis
  /** When a path to it was last learned. */
  lastLearned: Millis
  /** The path its last packet came by, and whether straight. */
  lastPath: Path | undefined
  lastDirect: boolean
  /** Last HELLO of the schedule; last HELLO of any kind; how many since an answer. */
  lastFullHello: Millis
  lastHello: Millis
  unanswered: number
  /** Last PUSH_DIRECT_PATHS sent; last one received, and how many came too soon. */
  lastPush: Millis
  lastPushed: Millis
  hastyPushes: number
  /**
   * Since when contacts are made at its endpoints, and why the last of those that were not made was not, from when on no
   * path leads straight to it.
   */
  triedSince: Millis
  refused: 'forbidden' | 'unusable' | undefined
  /** Why none does, as last told. */
  indirect: IndirectReason | undefined
  /** Last look where its owner says it is. */
  lastHint: Millis
  /** Gate: its last WHOIS answered. */
  lastWhois: Millis
  readonly routes: PeerRoute[]
  bond: Bond | undefined
  /** Packets of the batch in hand, and how each came. */
  inbox: Uint8Array[]
  inboxPaths: Path[]
  /** The choice of path, valid within one turn of the machine. */
  choice: Path | undefined
  choiceTurn: number
}

export const newPeer = (identity: Identity, since: Millis): Peer => ({
  address: identity.address,
  identity,
  armor: undefined,
  protocol: 0,
  major: 0,
  minor: 0,
  revision: 0,
  link: 'unreachable',
  upstream: false,
  since,
  lastReceive: -Infinity,
  lastNetworkReceive: -Infinity,
  lastTrusted: -Infinity,
  lastLearned: -Infinity,
  lastPath: undefined,
  lastDirect: false,
  lastFullHello: -Infinity,
  lastHello: -Infinity,
  unanswered: 0,
  lastPush: -Infinity,
  lastPushed: -Infinity,
  hastyPushes: 0,
  triedSince: Infinity,
  refused: undefined,
  indirect: undefined,
  lastHint: -Infinity,
  lastWhois: -Infinity,
  routes: [],
  bond: undefined,
  inbox: [],
  inboxPaths: [],
  choice: undefined,
  choiceTurn: -1,
})

export const isLive = (route: PeerRoute, now: Millis): boolean => now - route.heardAt < PATH_EXPIRE
/** The working route with the best quality, the last of equals; with `expired`, of all that are remembered. */
export const bestRoute = (peer: Peer, now: Millis, expired = false): PeerRoute | undefined => {
  let best: PeerRoute | undefined
  let least = Infinity
  for (const route of peer.routes) {
    if (!expired && (!isLive(route, now) || isSuspect(route.path, now))) continue
    const quality = qualityOf(route, now)
    if (quality > least) continue
    best = route
    least = quality
  }
  return best
}
export const qualityOf = (route: PeerRoute, now: Millis): number =>
  pathQuality(
    route.path.tunnel ? tunneled(route.path.latency) : route.path.latency,
    isDoubtful(route.path, now) ? Math.max(PATH_ALIVE, now - route.path.lastIn) : now - route.path.lastIn,
    route.path.scope,
    route.priority,
  )
/** A tunnel counts as slower than any way without one that works, measured or not, and as better than one gone silent. */
const tunneled = (latency: number): number => UNKNOWN_LATENCY + 1 + Math.min(latency, SLOWEST_TUNNEL)

/** Spoke to us lately, by whatever way, or came into memory lately. */
export const isPeerAlive = (peer: Peer, now: Millis): boolean =>
  now - Math.max(peer.lastReceive, peer.since) < PEER_TIMEOUT
/** Takes part in a network with us: kept in contact. */
export const isActive = (peer: Peer, now: Millis): boolean => now - peer.lastNetworkReceive < PEER_TIMEOUT
export const isTrusted = (peer: Peer, now: Millis): boolean => now - peer.lastTrusted < TRUST_WINDOW

/** Suite 3 iff the peer said it speaks protocol 12; else suite 1, which all do. */
export const suiteFor = (peer: Peer): 1 | 3 => (peer.protocol >= SUITE_3_FROM ? 3 : 1)

const SLOWEST_TUNNEL = 18_000
export const TRUST_WINDOW: Millis = 600_000
const SUITE_3_FROM = 12
