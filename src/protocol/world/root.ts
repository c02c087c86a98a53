import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { addFragmentHop, fragmentHopsOf } from '../packet/fragment.ts'
import { addHop, destinationOf, hopsOf, MAX_RELAY_HOPS, sourceOf } from '../packet/header.ts'
import { bestUpstream } from '../peer/choice.ts'
import { awaitSignOfClient } from '../peer/doubt.ts'
import type { Node } from '../peer/node.ts'
import { familyOf, type Path } from '../peer/path.ts'
import { bestRoute, type Peer, type PeerRoute, qualityOf, TRUST_WINDOW } from '../peer/peer.ts'
import { peerOf } from '../peer/peer-table.ts'
import { compose, forward, sendBy } from '../peer/seal.ts'
import { relayed, type Verdict } from '../peer/verdict.ts'
import { rendezvous, rendezvousAt } from '../verb/rendezvous.ts'
import { verbCode } from '../verb/verb-code.ts'

/**
 * Passes on a packet for somebody else (`docs/protocol/vl1.md`, relaying). Nothing is authenticated, only the hops are
 * counted; the two ends are told of each other so that they need us no longer.
 */
export const relayPacket = (node: Node, packet: Uint8Array, from: Path): Verdict => {
  if (!mayRelay(node, from)) return 'not-relaying'
  if (hopsOf(packet) >= MAX_RELAY_HOPS) return 'hop-limit'
  const source = sourceOf(packet)
  const to = peerOf(node, destinationOf(packet))
  const direct = to === undefined ? undefined : bestRoute(to, node.now)?.path
  const upstream = direct === undefined ? bestUpstream(node) : undefined
  const path = direct ?? pathUp(node, upstream, source)
  if (path === undefined) return 'unreachable'
  addHop(packet)
  forward(node, packet, path)
  if (to !== undefined && direct !== undefined) awaitSignOfClient(node, to, direct)
  relayed(node, packet, from)
  const other = direct === undefined ? upstream : to
  const peer = node.peers.get(source)
  if (peer !== undefined && other !== undefined) introduceIfDue(node, peer, other)
  return undefined
}

/** The same for a fragment, which does not say whom it comes from. */
export const relayFragment = (node: Node, fragment: Uint8Array, from: Path): Verdict => {
  if (!mayRelay(node, from)) return 'not-relaying'
  if (fragmentHopsOf(fragment) >= MAX_RELAY_HOPS) return 'hop-limit'
  const to = peerOf(node, destinationOf(fragment))
  const direct = to === undefined ? undefined : bestRoute(to, node.now)?.path
  const path = direct ?? pathUp(node, bestUpstream(node), undefined)
  if (path === undefined) return 'unreachable'
  addFragmentHop(fragment)
  forward(node, fragment, path)
  relayed(node, fragment, from)
  return undefined
}

/**
 * Tells two peers where each can be reached: in the best scope that both have a path of, IPv6 before IPv4. In random
 * order, so that neither always speaks first.
 */
export const introduce = (node: Node, x: Peer, y: Peer): void => {
  for (let scope = 7; scope >= 0; scope--)
    for (const family of [6, 4] as const) {
      const a = bestOf(node, x, scope, family)
      const b = bestOf(node, y, scope, family)
      if (a === undefined || b === undefined) continue
      const first = (node.config.random(1)[0]! & 1) === 0
      if (first) tell(node, x, a, y.address, b)
      tell(node, y, b, x.address, a)
      if (!first) tell(node, x, a, y.address, b)
      return
    }
}

/** Forgets old introductions, which only space out new ones. */
export const sweepIntroductions = ({ introductions, now }: Node): void => {
  for (const [pair, at] of introductions) {
    if (now - at < UNITE_INTERVAL) return
    introductions.delete(pair)
  }
}

const introduceIfDue = (node: Node, x: Peer, y: Peer): void => {
  if (x === y) return
  const { introductions, now } = node
  const pair = x.address < y.address ? pairOf(x.address, y.address) : pairOf(y.address, x.address)
  const last = introductions.get(pair)
  const moved = last !== undefined && Math.max(x.lastLearned, y.lastLearned) >= last
  if (last !== undefined && now - last < UNITE_INTERVAL && !moved) return
  introductions.delete(pair) // behind the others: the map's order is that of age
  if (introductions.size >= MOST_INTRODUCTIONS)
    for (const oldest of introductions.keys()) {
      introductions.delete(oldest)
      break
    }
  introductions.set(pair, now)
  introduce(node, x, y)
}

/** Two addresses in one number: pairs that share it wait for each other, and nothing worse. */
const pairOf = (low: Address, high: Address): number => low * SPREAD + high

const tell = (node: Node, peer: Peer, by: PeerRoute, other: Address, at: PeerRoute): void => {
  const body = rendezvousAt(other, at.path.endpoint)
  if (body === undefined) return
  const packet = compose(node, peer.address, verbCode.rendezvous, rendezvous, body)
  sendBy(node, peer, packet, verbCode.rendezvous, by.path)
}

const bestOf = (node: Node, peer: Peer, scope: number, family: 4 | 6): PeerRoute | undefined => {
  let best: PeerRoute | undefined
  for (const route of peer.routes) {
    if (route.path.scope !== scope || familyOf(route.path.endpoint) !== family) continue
    if (best === undefined || qualityOf(route, node.now) <= qualityOf(best, node.now)) best = route
  }
  return best
}

const mayRelay = (node: Node, from: Path): boolean => node.upstreams.amOne || node.now - from.lastTrusted < TRUST_WINDOW

const pathUp = (node: Node, upstream: Peer | undefined, source: Address | undefined): Path | undefined =>
  upstream === undefined || upstream.address === source ? undefined : bestRoute(upstream, node.now, true)?.path

/** Between two introductions of the same pair (`docs/protocol/vl1.md`, relaying), unless one of them is elsewhere since. */
export const UNITE_INTERVAL: Millis = 30_000
/** Pairs remembered; the oldest gives way, and may be introduced anew. */
export const MOST_INTRODUCTIONS = 65_536
/** A prime for which 40 bits of address times it, and 40 bits more, are a whole number still. */
const SPREAD = 8_191
