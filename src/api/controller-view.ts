import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { HostedMember } from '../protocol/network/controller.ts'
import type { ControllerOutput } from '../protocol/network/controller-io.ts'
import type { NetworkRecord } from '../protocol/network/controller-record.ts'
import type { JsonObject } from '../protocol/network/loose-json.ts'
import { publicNetworkId, publicNodeId } from '../streams/public-id.ts'
import type { NetworkId, NodeId } from './id.ts'

/** A rule as controllers write it in JSON: `{ type: 'ACTION_ACCEPT' }`. */
export type RuleJson = JsonObject

/** What a network is; field names as in the HTTP API of native controllers. */
export interface NetworkConfigInput {
  readonly name?: string
  /** Members need authorisation (default true). */
  readonly private?: boolean
  readonly mtu?: number
  readonly multicastLimit?: number
  readonly enableBroadcast?: boolean
  readonly routes?: readonly { readonly target: string; readonly via?: IpAddress | null }[]
  readonly ipAssignmentPools?: readonly { readonly ipRangeStart: IpAddress; readonly ipRangeEnd: IpAddress }[]
  readonly v4AssignMode?: { readonly zt: boolean }
  readonly v6AssignMode?: { readonly zt?: boolean; readonly rfc4193?: boolean; readonly '6plane'?: boolean }
  /** As JSON, or in the rule language, which then defines `capabilities` and `tags` as well. */
  readonly rules?: readonly RuleJson[] | string
  readonly capabilities?: readonly {
    readonly id: number
    readonly default?: boolean
    readonly rules: readonly RuleJson[]
  }[]
  readonly tags?: readonly { readonly id: number; readonly default?: number | null }[]
  readonly dns?: { readonly domain: string; readonly servers: readonly IpAddress[] }
  /** ms by which two certificates may differ in age and still agree. */
  readonly certificateTimeoutWindowSize?: number
}

/** What a member is; field names as in the HTTP API of native controllers. */
export interface MemberInput {
  readonly name?: string
  /** Its addresses, beside those that pools give unless `noAutoAssignIps`. */
  readonly ipAssignments?: readonly IpAddress[]
  readonly noAutoAssignIps?: boolean
  /** Whether frames of devices behind it are let in and out by way of it: see `Network.bridge`. */
  readonly activeBridge?: boolean
  readonly tags?: readonly (readonly [id: number, value: number])[]
  readonly capabilities?: readonly number[]
}

export interface Member {
  readonly id: NodeId
  readonly authorized: boolean
  readonly ips: readonly IpAddress[]
  readonly name?: string
  /** Set where it is a bridge. */
  readonly activeBridge?: true
  /** Public identity text, once it has asked. */
  readonly identity?: string
  /** ms since the epoch of its last request. */
  readonly lastSeen?: number
  readonly version?: string
}

/** One trace of a member; the fields are those of native nodes (`docs/protocol/vl2.md` §17), as bytes. */
export interface RemoteTrace {
  readonly network: NetworkId
  readonly member: NodeId
  /** ms since the epoch, when it arrived. */
  readonly at: number
  /** As in `'2000'`, a frame that the rules did not let out. */
  readonly event: string
  readonly fields: ReadonlyMap<string, Uint8Array>
}
export const remoteTraceOf = (told: Extract<ControllerOutput, { readonly _tag: 'Traced' }>): RemoteTrace => ({
  network: publicNetworkId(told.network),
  member: publicNodeId(told.member),
  at: told.at,
  event: new TextDecoder().decode(told.fields.get('event')),
  fields: told.fields,
})

export const networkConfigOf = (record: NetworkRecord): NetworkConfigInput => ({
  name: record.name,
  private: record.private,
  mtu: record.mtu,
  multicastLimit: record.multicastLimit,
  enableBroadcast: record.enableBroadcast,
  routes: record.routes,
  ipAssignmentPools: record.ipAssignmentPools,
  v4AssignMode: record.v4AssignMode,
  v6AssignMode: record.v6AssignMode,
  rules: record.rules,
  capabilities: record.capabilities,
  tags: record.tags,
  ...('domain' in record.dns ? { dns: record.dns } : {}),
  ...(record.certificateTimeoutWindowSize === undefined
    ? {}
    : { certificateTimeoutWindowSize: record.certificateTimeoutWindowSize }),
})

export const memberOf = ({ address, record, lastRequestAt }: HostedMember): Member => ({
  id: publicNodeId(address),
  authorized: record.authorized,
  ips: record.ipAssignments,
  ...(record.name === undefined || record.name === '' ? {} : { name: record.name }),
  ...(record.activeBridge ? { activeBridge: true } : {}),
  ...(record.identity === undefined ? {} : { identity: record.identity }),
  ...(lastRequestAt > 0 ? { lastSeen: lastRequestAt } : {}),
  ...(record.vMajor < 0 ? {} : { version: `${record.vMajor}.${record.vMinor}.${record.vRev}` }),
})
