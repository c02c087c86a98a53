/**
 * Bonds: several paths to one peer at once (`docs/protocol/vl1.md`, multipath). A matter of one end: what the other does
 * is its own business, and it may be none. Upstreams are never bonded.
 *
 *     active-backup   one path, another as soon as it falls silent
 *     broadcast       frames by all of them
 *     balance-rr      64 packets by each in turn
 */
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { Node } from './node.ts'
import type { Path } from './path.ts'
import { UNKNOWN_LATENCY } from './path-quality.ts'
import { isSuspect } from './path-silence.ts'
import { isLive, type Peer, type PeerRoute } from './peer.ts'
import { type Bucket, bucket } from './rate-gate.ts'

export type BondPolicy = 'active-backup' | 'broadcast' | 'balance-rr'
export interface Bonding {
  readonly policy: BondPolicy
  /** Silence after which a path is left, 500 ms or more; 5 s by default. */
  readonly failoverInterval?: Millis
}

/** Why a bonding cannot be had. */
export type BondingProblem =
  /** The protocol knows it, we do not do it. */
  | { readonly _tag: 'NotBuilt'; readonly policy: string }
  | { readonly _tag: 'NoPolicy'; readonly policy: string }
  | { readonly _tag: 'BadInterval'; readonly interval: Millis }

/** What is known of the paths of a bonded peer, and which carries what is sent now. */
export interface Bond {
  active: PeerRoute | undefined
  /** Packets that went by it in a row. */
  inRow: number
  readonly links: Map<PeerRoute, BondLink>
  lastReport: Millis
  lastNegotiation: Millis
  /** Gates: reports and negotiations taken. */
  readonly reports: Bucket
  readonly negotiations: Bucket
}

/** Samples of one path: packets with odd IDs. */
export interface BondLink {
  /** When those we sent left, by wire ID, oldest first. */
  readonly sent: Map<bigint, Millis>
  /** When those we received came, since the last report. */
  readonly received: Map<bigint, Millis>
  /** One way, in ms; `undefined` before the first report. */
  latency: number | undefined
}

export const problemInBonding = (policy: string, interval: Millis | undefined): BondingProblem | undefined => {
  if (NOT_BUILT.has(policy)) return { _tag: 'NotBuilt', policy }
  if (!BUILT.has(policy)) return { _tag: 'NoPolicy', policy }
  return interval === undefined || interval >= LEAST_INTERVAL ? undefined : { _tag: 'BadInterval', interval }
}

export const failoverOf = (node: Node): Millis =>
  Math.max(LEAST_INTERVAL, node.config.bonding?.failoverInterval ?? FAILOVER)

/** The bond of a leaf, made when something is first sent to it; `undefined` where there is to be none. */
export const bondOf = (node: Node, peer: Peer): Bond | undefined => {
  if (node.config.bonding === undefined || peer.upstream || peer.routes.length === 0) return undefined
  if (peer.bond !== undefined) return peer.bond
  peer.bond = {
    active: undefined,
    inRow: 0,
    links: new Map(),
    lastReport: node.now,
    lastNegotiation: -Infinity,
    reports: bucket(REPORT_BURST),
    negotiations: bucket(NEGOTIATION_BURST),
  }
  node.bonded.add(peer)
  node.due.bond = Math.min(node.due.bond, node.now + failoverOf(node) / ECHOES)
  return peer.bond
}

export const unbond = (node: Node, peer: Peer): void => {
  peer.bond = undefined
  node.bonded.delete(peer)
}

/** The path for the next packet; `undefined` if no path of the bond works, or there is no bond. */
export const bondedPath = (node: Node, peer: Peer): Path | undefined => {
  const bond = bondOf(node, peer)
  if (bond === undefined) return undefined
  const { active } = bond
  const works = active !== undefined && isEligible(node, active) && peer.routes.includes(active)
  if (works && (node.config.bonding?.policy !== 'balance-rr' || bond.inRow < PER_LINK)) bond.inRow++
  else {
    bond.active =
      node.config.bonding?.policy === 'balance-rr' ? following(node, peer, active) : bestOf(node, peer, bond)
    bond.inRow = 1
  }
  return bond.active?.path
}

/** The paths that carry a copy of each frame. */
export const copies = (node: Node, peer: Peer, first: Path): readonly Path[] =>
  node.config.bonding?.policy !== 'broadcast' || peer.bond === undefined
    ? NONE
    : peer.routes.filter((route) => route.path !== first && isEligible(node, route)).map((route) => route.path)

/** Authentic traffic came by it lately: three ECHO in that time ask for it. */
export const isEligible = (node: Node, route: PeerRoute): boolean =>
  node.now - route.heardAt < failoverOf(node) && isLive(route, node.now) && !isSuspect(route.path, node.now)

/** How useful a path is, as the two ends compare it: the quicker the more. */
export const utilityOf = (bond: Bond, route: PeerRoute): number => -Math.min(32_767, Math.round(slowness(bond, route)))

/** Whether the other end's choice goes before ours: its utility is higher, or the same and its address is larger. */
export const yields = (mine: number, theirs: number, self: Address, peer: Address): boolean =>
  theirs > mine || (theirs === mine && peer > self)

export const linkOf = (bond: Bond, route: PeerRoute): BondLink => {
  let link = bond.links.get(route)
  if (link === undefined) {
    link = { sent: new Map(), received: new Map(), latency: undefined }
    bond.links.set(route, link)
  }
  return link
}

const bestOf = (node: Node, peer: Peer, bond: Bond): PeerRoute | undefined => {
  let best: PeerRoute | undefined
  let least = Infinity
  for (const route of peer.routes) {
    if (!isEligible(node, route)) continue
    const score = (slowness(bond, route) * (8 - route.path.scope)) / route.priority
    if (score >= least) continue
    best = route
    least = score
  }
  return best
}

/** The next that works after `active`, or `active` itself. */
const following = (node: Node, peer: Peer, active: PeerRoute | undefined): PeerRoute | undefined => {
  const { routes } = peer
  const at = active === undefined ? -1 : routes.indexOf(active)
  for (let i = 1; i <= routes.length; i++) {
    const route = routes[(at + i + routes.length) % routes.length]!
    if (isEligible(node, route)) return route
  }
  return undefined
}

const slowness = (bond: Bond, route: PeerRoute): number => {
  const { latency } = route.path
  return bond.links.get(route)?.latency ?? (latency === UNKNOWN_LATENCY ? latency : latency / 2)
}

const BUILT: ReadonlySet<string> = new Set(['active-backup', 'broadcast', 'balance-rr'] satisfies readonly BondPolicy[])
const NOT_BUILT: ReadonlySet<string> = new Set(['balance-xor', 'balance-aware'])
export const FAILOVER: Millis = 5_000
export const LEAST_INTERVAL: Millis = 500
/** ECHO by each path in a failover interval. */
export const ECHOES = 3
/** Packets by one path before the next has its turn. */
export const PER_LINK = 64
/** Samples kept per path and direction. */
export const MOST_SAMPLES = 128
/** Reports and negotiations of one peer that are taken: at once, and per second. */
export const REPORT_BURST = 64
export const REPORT_RATE = 16
export const NEGOTIATION_BURST = 8
export const NEGOTIATION_RATE = 8 / 60
const NONE: readonly Path[] = []
