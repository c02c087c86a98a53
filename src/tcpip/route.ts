import { isIpv6, samePrefix } from '../protocol/kernel/ip.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import type { InterfaceAddress, RouteEntry } from './stack-io.ts'

/** One way out of the interface. Without `via` the destination itself is the next hop. */
export interface Route {
  readonly target: Ip
  readonly bits: number
  readonly via: Ip | undefined
  readonly metric: number
}

export interface RouteTable {
  /** Best first: longest prefix, then lowest metric, then the order they were given in. */
  readonly routes: readonly Route[]
  /** `via` something that is not on-link: nobody could be asked to pass packets on. */
  readonly unreachable: readonly RouteEntry[]
}

/** The routes of an interface. The prefixes of its addresses are on-link. */
export const routeTable = (
  addresses: readonly InterfaceAddress[],
  given: readonly RouteEntry[],
  intern: Interning,
): RouteTable => {
  const entries = given.filter(({ target }) => isPrefix(target)).slice(0, MOST_ROUTES)
  const onLink: Route[] = []
  for (const { address, bits } of addresses) {
    const target = intern.text(address)
    if (target !== undefined && bits < target.bytes.length * 8) onLink.push({ target, bits, via: undefined, metric: 0 })
  }
  for (const { target: text, via, metric } of entries) {
    const target = intern.text(text.address)
    if (target !== undefined && via === undefined) onLink.push({ target, bits: text.bits, via: undefined, metric })
  }
  const routes = [...onLink]
  const unreachable: RouteEntry[] = []
  for (const entry of entries) {
    const target = intern.text(entry.target.address)
    const via = entry.via === undefined ? undefined : intern.text(entry.via)
    if (target === undefined || via === undefined) continue
    if (routeTo(onLink, via) === undefined) unreachable.push(entry)
    else routes.push({ target, bits: entry.target.bits, via, metric: entry.metric })
  }
  const sorted = routes
    .map((route, order) => ({ route, order }))
    .sort((a, b) => b.route.bits - a.route.bits || a.route.metric - b.route.metric || a.order - b.order)
    .map(({ route }) => route)
  return { routes: sorted, unreachable }
}

/** Whether the length is one that a prefix of this address can have. */
export const isPrefix = ({ address, bits }: InterfaceAddress): boolean =>
  Number.isInteger(bits) && bits >= 0 && bits <= (isIpv6(address) ? 128 : 32)

/** The first that covers `ip`; `routes` are in order of preference. */
export const routeTo = (routes: readonly Route[], ip: Ip): Route | undefined =>
  routes.find((route) => samePrefix(route.target.bytes, ip.bytes, route.bits))

const MOST_ROUTES = 1024
