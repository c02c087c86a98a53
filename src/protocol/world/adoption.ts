import { encode } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { callUpstream, sayHello, sayHelloByRelay } from '../peer/greeting.ts'
import { isSeed, type Node, say } from '../peer/node.ts'
import { bestRoute, type Peer } from '../peer/peer.ts'
import { addPeer, peerOf } from '../peer/peer-table.ts'
import { seek } from '../peer/seek.ts'
import type { WorldRevision } from '../verb/hello.ts'
import { upstreamsOf } from './upstreams.ts'
import { isReplacedBy, type World, world } from './world.ts'

/** The worlds of which a peer has an older revision than we, back to back, for OK(HELLO). */
export const worldUpdates = (
  node: Node,
  planet: WorldRevision | undefined,
  moons: readonly WorldRevision[],
): Uint8Array => {
  const newer: Uint8Array[] = []
  if (
    planet !== undefined &&
    planet.id !== 0n &&
    planet.id === node.planet.id &&
    planet.timestamp < node.planet.timestamp
  )
    newer.push(encode(world, node.planet))
  for (const { id, timestamp } of moons) {
    const moon = node.moons.get(id)
    if (moon !== undefined && timestamp < moon.timestamp) newer.push(encode(world, moon))
  }
  const bytes = new Uint8Array(newer.reduce((sum, one) => sum + one.length, 0))
  let at = 0
  for (const one of newer) {
    if (at + one.length > MOST_UPDATES) break
    bytes.set(one, at)
    at += one.length
  }
  return bytes.subarray(0, at)
}

/** Takes a world that an upstream or the seed of a moon sent, if it may replace what we have or is what we want. */
export const takeWorld = (node: Node, next: World): void => {
  const { crypto } = node.config
  if (next.type === 'planet') {
    if (isReplacedBy(crypto, node.planet, next)) adoptPlanet(node, next)
    return
  }
  const known = node.moons.get(next.id)
  if (known !== undefined) {
    if (isReplacedBy(crypto, known, next)) adoptMoon(node, next)
    return
  }
  const seed = node.seeds.get(next.id)
  if (seed !== undefined && next.roots.some(({ identity }) => identity.address === seed)) adoptMoon(node, next)
}

/** Follows a moon we were given, or asks its seed for it. */
export const orbit = (node: Node, id: bigint, seed: Address | undefined, moon: World | undefined): void => {
  if (moon !== undefined && moon.type === 'moon' && moon.id === id) {
    const known = node.moons.get(id)
    if (known === undefined || isReplacedBy(node.config.crypto, known, moon)) adoptMoon(node, moon)
    return
  }
  if (seed === undefined || node.moons.has(id) || node.seeds.size >= MOST_MOONS) return
  node.seeds.set(id, seed)
  refreshUpstreams(node)
  const peer = peerOf(node, seed)
  if (peer === undefined) seek(node, seed)
  else greetSeed(node, peer)
}

export const deorbit = (node: Node, id: bigint): void => {
  node.seeds.delete(id)
  if (node.moons.delete(id)) say(node, { _tag: 'World', id, world: undefined })
  refreshUpstreams(node)
}

/** Whether what this peer says of worlds counts. */
export const maySendWorlds = (peer: Peer): boolean => peer.upstream
/** Tells the seed of a moon which moon we want; its OK brings it. */
export const greetSeed = (node: Node, peer: Peer): void => {
  const route = bestRoute(peer, node.now)
  if (route !== undefined) sayHello(node, peer, route.path.endpoint, route.path.socket)
  else if (node.upstreams.byAddress.has(peer.address)) callUpstream(node, peer)
  else sayHelloByRelay(node, peer)
}

/** Recomputes who our upstreams are, and makes peers of new ones. */
export const refreshUpstreams = (node: Node): void => {
  node.upstreams = upstreamsOf(node.config.identity, node.planet, node.moons)
  node.turn++ // the relay may be another now
  for (const { identity } of node.upstreams.byAddress.values()) addPeer(node, identity)
  for (const peer of node.peers.values())
    peer.upstream = node.upstreams.byAddress.has(peer.address) || isSeed(node, peer.address)
  if (node.started) node.due.bootstrap = node.now
}

const adoptPlanet = (node: Node, next: World): void => {
  node.planet = next
  say(node, { _tag: 'World', id: next.id, world: next })
  refreshUpstreams(node)
}

const adoptMoon = (node: Node, next: World): void => {
  if (!node.moons.has(next.id) && node.moons.size >= MOST_MOONS) return
  node.moons.set(next.id, next)
  node.seeds.delete(next.id)
  say(node, { _tag: 'World', id: next.id, world: next })
  refreshUpstreams(node)
}

/** Moons orbited or wanted. */
export const MOST_MOONS = 16
/** Bytes of worlds in one OK: a packet has to hold them. */
const MOST_UPDATES = 9_000
