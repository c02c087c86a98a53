import type { Endpoint } from '../datagram.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { printEndpoint, type Scope, scope, scopeOfEndpoint } from './endpoint.ts'
import type { Path } from './path.ts'

/**
 * Where we appear to others (`docs/protocol/vl1.md`, surface addresses): what peers said of the endpoint our packets
 * came from, by reporter, socket, the reporter's endpoint and scope.
 */
export interface Surface {
  readonly reports: Map<string, Report>
}

export interface Report {
  readonly reporter: Address
  readonly socket: number
  readonly reporterEndpoint: Endpoint
  readonly scope: Scope
  readonly claimed: Endpoint
  readonly trusted: boolean
  readonly at: Millis
}

export const surface = (): Surface => ({ reports: new Map() })

/**
 * Takes a report. `trusted` reports come from upstreams; when one says that our IP has changed, everything else known of
 * that scope is void, and the answer is the scope whose paths have to be tried again.
 */
export const report = (
  s: Surface,
  reporter: Address,
  path: Path,
  claimed: Endpoint,
  trusted: boolean,
  now: Millis,
): Scope | undefined => {
  const reach = scopeOfEndpoint(claimed)
  if (reach !== path.scope || reach <= scope.loopback) return undefined
  const key = `${reporter} ${path.socket} ${printEndpoint(path.endpoint)} ${reach}`
  const known = s.reports.get(key)
  const moved =
    trusted && known !== undefined && now - known.at < SURFACE_TTL && known.claimed.address !== claimed.address
  if (moved)
    for (const [other, one] of s.reports)
      if (one.scope === reach && printEndpoint(one.reporterEndpoint) !== printEndpoint(path.endpoint))
        s.reports.delete(other)
  s.reports.delete(key) // behind the others: the map's order is that of age
  const socket = path.socket
  s.reports.set(key, { reporter, socket, reporterEndpoint: path.endpoint, scope: reach, claimed, trusted, at: now })
  makeRoom(s, reporter)
  return moved ? reach : undefined
}

/**
 * The distinct endpoints we are told we have, those that upstreams tell first: whom we push them to tries so many only,
 * and a peer may say of us what it likes.
 */
export const surfaceEndpoints = (s: Surface): readonly Endpoint[] => {
  const all = [...s.reports.values()]
  const sorted = [...all.filter(({ trusted }) => trusted), ...all.filter(({ trusted }) => !trusted)]
  return [...new Map(sorted.map(({ claimed }) => [printEndpoint(claimed), claimed])).values()]
}

/** A peer has so many reports, and the oldest of those that are not trusted gives way to any other. */
const makeRoom = ({ reports }: Surface, reporter: Address): void => {
  let count = 0
  let oldestOfPeer: string | undefined
  let oldest: string | undefined
  for (const [key, one] of reports) {
    if (one.trusted) continue
    oldest ??= key
    if (one.reporter !== reporter) continue
    oldestOfPeer ??= key
    count++
  }
  if (count > MOST_REPORTS_OF_PEER) reports.delete(oldestOfPeer!)
  else if (reports.size > MOST_REPORTS) reports.delete(oldest ?? [...reports.keys()][0]!)
}

/** What was said of sockets that are gone is void. */
export const forgetSockets = (s: Surface, gone: (socket: number) => boolean): void => {
  for (const [key, one] of s.reports) if (gone(one.socket)) s.reports.delete(key)
}

export const expireReports = (s: Surface, now: Millis): void => {
  for (const [key, one] of s.reports) if (now - one.at >= SURFACE_TTL) s.reports.delete(key)
}

export const SURFACE_TTL: Millis = 600_000
export const MOST_REPORTS = 256
/** Of one peer that is no upstream: by each of our sockets, at each of its own. */
export const MOST_REPORTS_OF_PEER = 8
