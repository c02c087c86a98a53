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
  s.reports.set(key, { socket: path.socket, reporterEndpoint: path.endpoint, scope: reach, claimed, trusted, at: now })
  if (s.reports.size > MOST_REPORTS)
    for (const oldest of s.reports.keys()) {
      s.reports.delete(oldest)
      break
    }
  return moved ? reach : undefined
}

/** The distinct endpoints we are told we have. */
export const surfaceEndpoints = (s: Surface): readonly Endpoint[] => [
  ...new Map([...s.reports.values()].map(({ claimed }) => [printEndpoint(claimed), claimed])).values(),
]

/** What was said of sockets that are gone is void. */
export const forgetSockets = (s: Surface, gone: (socket: number) => boolean): void => {
  for (const [key, one] of s.reports) if (gone(one.socket)) s.reports.delete(key)
}

export const expireReports = (s: Surface, now: Millis): void => {
  for (const [key, one] of s.reports) if (now - one.at >= SURFACE_TTL) s.reports.delete(key)
}

export const SURFACE_TTL: Millis = 600_000
export const MOST_REPORTS = 256
