import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { NodeError } from './error.ts'
import type { Mac, NetworkId, NodeId } from './public-id.ts'
import type { IpPrefix, NetworkState, NodeInfo, Path, Peer, Route } from './snapshot.ts'

/** Everything that happens to a node, in order; `at` is ms of the node's clock. */
export type ZtEvent =
  | {
      readonly type: 'node/up' | 'node/online' | 'node/offline' | 'node/down'
      readonly at: number
      readonly node: NodeInfo
    }
  | { readonly type: 'node/fatal'; readonly at: number; readonly node: NodeInfo; readonly error: NodeError }
  | {
      readonly type: StatusEvent
      readonly at: number
      readonly network: NetworkState
    }
  | { readonly type: 'network/ready'; readonly at: number; readonly family: 4 | 6; readonly network: NetworkState }
  | {
      readonly type: 'network/update'
      readonly at: number
      readonly changed: readonly (keyof NetworkState)[]
      readonly network: NetworkState
    }
  | { readonly type: 'peer/direct' | 'peer/relay' | 'peer/unreachable'; readonly at: number; readonly peer: Peer }
  | {
      readonly type: 'peer/path-added' | 'peer/path-removed'
      readonly at: number
      readonly peer: Peer
      readonly path: Path
    }
  | {
      readonly type: 'route/added' | 'route/removed'
      readonly at: number
      readonly networkId: NetworkId
      readonly route: Route
    }
  | {
      readonly type: 'address/added' | 'address/removed'
      readonly at: number
      readonly networkId: NetworkId
      readonly address: IpPrefix
    }
  | ({ readonly type: 'address/conflict'; readonly at: number } & AddressClaim)

/** Somebody else on the segment uses an address of ours. We keep it: who owns it is for the controller to say. */
export interface AddressClaim {
  readonly networkId: NetworkId
  readonly address: IpAddress
  readonly mac: Mac
  /** The node that does; `undefined` behind a bridge. */
  readonly claimant?: NodeId
}

/**
 * What users hear when a network goes from one state to the next: first the status, then addresses and routes, then
 * `ready` for each family that has its first address, then what else changed; `network/down` comes last of all. Nothing
 * for equal states.
 */
export const networkEvents = (
  before: NetworkState | undefined,
  network: NetworkState,
  at: number,
): readonly ZtEvent[] => {
  const events: ZtEvent[] = []
  const status = statusEvent[network.status]
  const was = before === undefined ? undefined : statusEvent[before.status]
  const isDown = network.status === 'down'
  if (status !== undefined && status !== was && !isDown) events.push({ type: status, at, network })

  const [had, has] = [before?.addresses ?? [], network.addresses]
  const networkId = network.id
  for (const address of missing(has, had)) events.push({ type: 'address/removed', at, networkId, address })
  for (const address of missing(had, has)) events.push({ type: 'address/added', at, networkId, address })
  for (const route of missing(network.routes, before?.routes ?? []))
    events.push({ type: 'route/removed', at, networkId, route })
  for (const route of missing(before?.routes ?? [], network.routes))
    events.push({ type: 'route/added', at, networkId, route })
  if (isDown) return [...events, { type: 'network/down', at, network }]

  for (const family of [4, 6] as const)
    if (isReady(network, family) && !(before !== undefined && isReady(before, family)))
      events.push({ type: 'network/ready', at, family, network })

  const changed =
    before === undefined || was !== status ? [] : CONTENT.filter((key) => !equal(before[key], network[key]))
  if (changed.length > 0) events.push({ type: 'network/update', at, changed, network })
  return events
}

const isReady = (network: NetworkState, family: 4 | 6): boolean =>
  network.status === 'ready' && network.addresses.some((address) => address.family === family)

type StatusEvent =
  | 'network/requesting'
  | 'network/ok'
  | 'network/denied'
  | 'network/not-found'
  | 'network/too-old'
  | 'network/auth-required'
  | 'network/down'
const statusEvent: Readonly<Partial<Record<NetworkState['status'], StatusEvent>>> = {
  requesting: 'network/requesting',
  ok: 'network/ok',
  ready: 'network/ok',
  denied: 'network/denied',
  'not-found': 'network/not-found',
  'too-old': 'network/too-old',
  'auth-required': 'network/auth-required',
  down: 'network/down',
}

/** Members of `b` that `a` does not have. */
const missing = <T>(a: readonly T[], b: readonly T[]): readonly T[] => {
  if (a === b || b.length === 0) return []
  const known = new Set(a.map((x) => JSON.stringify(x)))
  return b.filter((x) => !known.has(JSON.stringify(x)))
}
const equal = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** What a controller may change; multicast groups and revisions come and go by themselves. */
const CONTENT = [
  'name',
  'mtu',
  'status',
  'type',
  'broadcast',
  'bridge',
  'addresses',
  'routes',
  'dns',
  'authentication',
] as const
