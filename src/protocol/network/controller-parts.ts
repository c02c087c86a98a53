import { encode } from '../kernel/codec.ts'
import { parseIp, printIp } from '../kernel/ip.ts'
import type { ManagedRoute } from './config.ts'
import { MAX_ROUTES } from './config-dictionary.ts'
import { parsePrefix } from './controller-post.ts'
import type { NetworkRecord } from './controller-record.ts'
import type { JsonObject } from './loose-json.ts'
import { MAX_CAPABILITY_RULES, MAX_RULES, type Rule, rules } from './rule.ts'
import { parseRule } from './rule-json.ts'

/**
 * What the record of a network comes to in the configuration of each member. Worked out once for a record: a thousand
 * rules read anew for every request would cost more than all signatures.
 */
export interface NetworkParts {
  /** Serialized. */
  readonly rules: Uint8Array
  /** The rules of each capability that the network defines. */
  readonly capabilities: ReadonlyMap<number, readonly Rule[]>
  readonly routes: readonly ManagedRoute[]
  readonly targets: readonly RouteTarget[]
  readonly ipv4Pools: readonly Pool[]
  readonly ipv6Pools: readonly Pool[]
}
export interface RouteTarget {
  readonly ip: Uint8Array
  readonly bits: number
  readonly onLink: boolean
}
export interface Pool {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

export const networkParts = (network: NetworkRecord): NetworkParts => ({
  rules: encode(rules, rulesOf(network.rules, MAX_RULES)),
  capabilities: new Map(network.capabilities.map((one) => [one.id, rulesOf(one.rules, MAX_CAPABILITY_RULES)])),
  routes: network.routes.slice(0, MAX_ROUTES).flatMap(routeOf),
  targets: network.routes.flatMap((route) => {
    const target = parsePrefix(route.target)
    return target === undefined ? [] : [{ ...target, onLink: route.via === null }]
  }),
  ipv4Pools: poolsOf(network, 4),
  ipv6Pools: poolsOf(network, 16),
})

const rulesOf = (list: readonly JsonObject[], most: number): readonly Rule[] =>
  list.flatMap((one) => parseRule(one) ?? []).slice(0, most)

const routeOf = (route: NetworkRecord['routes'][number]): readonly ManagedRoute[] => {
  const target = parsePrefix(route.target)
  if (target === undefined) return []
  const via = route.via === null ? undefined : parseIp(route.via)
  return [
    {
      target: { address: printIp(target.ip), bits: target.bits },
      via: via?.length === target.ip.length ? printIp(via) : undefined,
      flags: 0,
      metric: 0,
    },
  ]
}

const poolsOf = (network: NetworkRecord, size: 4 | 16): readonly Pool[] =>
  network.ipAssignmentPools.flatMap((pool) => {
    const [start, end] = [parseIp(pool.ipRangeStart), parseIp(pool.ipRangeEnd)]
    return start?.length === size && end?.length === size ? [{ start, end }] : []
  })
