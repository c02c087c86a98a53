import type { Neighbor, Path, Peer, Route } from '../../../streams/snapshot.ts'
import { printPlace } from '../tunnel/host-listener.ts'
import type { RoundTrips } from './round-trips.ts'

/** How packets get to a host, as far as a node knows. */
export interface PathFacts {
  readonly address: string
  /** Whose the address is on the segment, or that of the gateway before it. */
  readonly member: string | undefined
  /** The gateway that the network's routes name for the address. */
  readonly gateway: string | undefined
  readonly peer: Peer | undefined
  /** Those that could relay. */
  readonly roots: readonly Peer[]
  /** Why there is no direct path, in words. */
  readonly reason: string | undefined
  readonly trips: RoundTrips
  /** By the clock of `Path.lastSend`. */
  readonly now: number
}

/** The facts in lines for people. */
export const explainPath = (facts: PathFacts): readonly string[] => {
  const { address, gateway, member, peer, roots, reason, trips } = facts
  const via = gateway === undefined ? '' : `, behind the gateway ${gateway}`
  const who = member === undefined ? 'a host of which no member is known' : `node ${member}`
  const version = peer?.version === undefined ? '' : `, version ${peer.version}`
  const lines = [`${address}${via}: ${who}${version}`, `  echoes   ${echoes(trips)}`]
  if (member === undefined) return [...lines, '  nobody on the segment has answered for this address']
  if (peer === undefined) return [...lines, `  link     nothing was exchanged with node ${member} yet`]
  lines.push(`  link     ${link(peer, roots)}`)
  if (peer.latency !== undefined && peer.latency >= 0) lines.push(`  latency  ${peer.latency} ms, by HELLO`)
  for (const path of distinct(peer.paths)) lines.push(`  path     ${pathLine(path, facts.now)}`)
  if (peer.link !== 'direct')
    lines.push(`  why      ${reason ?? 'the node has told the reason before this command: see the log of `rxzt up`'}`)
  return lines
}

const echoes = ({ sent, received, min, avg, max }: RoundTrips): string => {
  const times = min === undefined ? '' : `: min/avg/max ${[min, avg!, max!].map((one) => one.toFixed(1)).join('/')} ms`
  return `${received} of ${sent} answered${times}`
}

const link = (peer: Peer, roots: readonly Peer[]): string => {
  const tunnel = peer.tunneled ? ', by a TCP relay' : ''
  if (peer.link === 'direct') return `direct${tunnel}`
  if (peer.link === 'unreachable') return 'unreachable: no path to it and no root that would relay'
  const through = roots.map(({ id, latency }) => (latency === undefined ? id : `${id} (${latency} ms)`)).join(' or ')
  return `relayed by ${through === '' ? 'a root' : `root ${through}`}${tunnel}`
}

/** A path for each socket of this node may lead to one endpoint: the one that is used is told. */
const distinct = (paths: readonly Path[]): readonly Path[] => {
  const best = new Map<string, Path>()
  for (const path of paths) {
    const key = `${path.endpoint.address} ${path.endpoint.port}`
    if (path.preferred || !best.has(key)) best.set(key, path)
  }
  return [...best.values()]
}

const pathLine = (
  { endpoint, preferred, expired, tunneled, latency, lastSend, lastReceive }: Path,
  now: number,
): string =>
  [
    printPlace({ host: endpoint.address, port: endpoint.port }),
    ...(preferred ? ['preferred'] : []),
    ...(expired ? ['expired'] : []),
    ...(tunneled ? ['TCP relay'] : []),
    ...(latency === undefined ? [] : [`${latency.toFixed(1)} ms`]),
    ...(lastReceive === undefined ? ['never heard'] : [`heard ${ago(now - lastReceive)} ago`]),
    ...(lastSend === undefined ? [] : [`sent ${ago(now - lastSend)} ago`]),
  ].join(', ')

const ago = (ms: number): string => `${(Math.max(0, ms) / 1000).toFixed(1)} s`

/** The gateway before an address: of the longest route to it, if that has one. `contains` tells whether a route leads there. */
export const gatewayTo = (routes: readonly Route[], contains: (route: Route) => boolean): string | undefined =>
  routes.filter(contains).toSorted((a, b) => b.target.bits - a.target.bits)[0]?.via

export const ownerOf = (members: Iterable<Neighbor>, address: string): string | undefined => {
  for (const { node, ips } of members) if (ips.includes(address)) return node
  return undefined
}
