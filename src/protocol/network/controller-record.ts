import type { Identity } from '../crypto/identity.ts'
import { printIdentity } from '../crypto/identity.ts'
import { type Address, type NetworkId, printAddress, printNetworkId } from '../kernel/id.ts'
import type { IpAddress } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import type { JsonObject } from './loose-json.ts'

/**
 * What a controller knows of a network and of its members, field by field as deployed controllers store it
 * (`docs/protocol/vl2.md` §15.1): `controller.d/network/<nwid>.json` and `…/<nwid>/member/<address>.json`.
 * Records are immutable; fields that we do not know are kept as they were read.
 */
export interface NetworkRecord {
  readonly objtype: 'network'
  /** 16 hex digits, twice. */
  readonly id: string
  readonly nwid: string
  readonly name: string
  readonly creationTime: Millis
  /** Counts the changes of the record. */
  readonly revision: number
  readonly private: boolean
  readonly enableBroadcast: boolean
  readonly multicastLimit: number
  readonly mtu: number
  readonly v4AssignMode: { readonly zt: boolean }
  readonly v6AssignMode: { readonly rfc4193?: boolean; readonly zt?: boolean; readonly '6plane'?: boolean }
  /** Token → when it ends, 0 never; `[null]` where there are none. */
  readonly authTokens: readonly [null] | { readonly [token: string]: Millis }
  readonly capabilities: readonly CapabilityRecord[]
  readonly tags: readonly TagRecord[]
  readonly routes: readonly RouteRecord[]
  readonly ipAssignmentPools: readonly PoolRecord[]
  readonly rules: readonly JsonObject[]
  readonly rulesSource: string
  /** `[]` where there is none. */
  readonly dns: { readonly domain: string; readonly servers: readonly IpAddress[] } | readonly []
  readonly remoteTraceTarget: string | null
  readonly remoteTraceLevel: number
  readonly ssoEnabled: boolean
  readonly clientId: string
  readonly authorizationEndpoint: string
  /** How far apart in time two certificates may be issued and still agree; absent: half an hour. */
  readonly certificateTimeoutWindowSize?: Millis
}
export interface CapabilityRecord {
  readonly id: number
  /** Whether new members get it. */
  readonly default: boolean
  readonly rules: readonly JsonObject[]
}
export interface TagRecord {
  readonly id: number
  /** The value of members that have none; `null`: no value. */
  readonly default: number | null
}
export interface RouteRecord {
  /** `10.0.0.0/24` */
  readonly target: string
  readonly via: IpAddress | null
}
export interface PoolRecord {
  readonly ipRangeStart: IpAddress
  readonly ipRangeEnd: IpAddress
}

export interface MemberRecord {
  readonly objtype: 'member'
  /** 10 hex digits, twice. */
  readonly id: string
  readonly address: string
  readonly nwid: string
  /** Public identity text, pinned at the first request. */
  readonly identity?: string
  readonly name?: string
  readonly creationTime: Millis
  readonly revision: number
  readonly authorized: boolean
  readonly lastAuthorizedTime: Millis
  readonly lastDeauthorizedTime: Millis
  readonly lastAuthorizedCredentialType: string | null
  readonly lastAuthorizedCredential: string | null
  readonly activeBridge: boolean
  readonly ipAssignments: readonly IpAddress[]
  readonly noAutoAssignIps: boolean
  readonly tags: readonly (readonly [id: number, value: number])[]
  readonly capabilities: readonly number[]
  readonly ssoExempt: boolean
  readonly authenticationExpiryTime: Millis
  readonly remoteTraceTarget: string | null
  readonly remoteTraceLevel: number
  /** Of the last request that was granted; −1 before. */
  readonly vMajor: number
  readonly vMinor: number
  readonly vRev: number
  readonly vProto: number
}

export const newNetwork = (network: NetworkId, now: Millis): NetworkRecord => ({
  objtype: 'network',
  id: printNetworkId(network),
  nwid: printNetworkId(network),
  name: '',
  creationTime: Math.floor(now),
  revision: 0,
  private: true,
  enableBroadcast: true,
  multicastLimit: 32,
  mtu: 2800,
  v4AssignMode: { zt: false },
  v6AssignMode: { rfc4193: false, zt: false, '6plane': false },
  authTokens: [null],
  capabilities: [],
  tags: [],
  routes: [],
  ipAssignmentPools: [],
  rules: [{ type: 'ACTION_ACCEPT', not: false, or: false }],
  rulesSource: '',
  dns: [],
  remoteTraceTarget: null,
  remoteTraceLevel: 0,
  ssoEnabled: false,
  clientId: '',
  authorizationEndpoint: '',
})

export const newMember = (network: NetworkId, member: Address, now: Millis): MemberRecord => ({
  objtype: 'member',
  id: printAddress(member),
  address: printAddress(member),
  nwid: printNetworkId(network),
  creationTime: Math.floor(now),
  revision: 0,
  authorized: false,
  lastAuthorizedTime: 0,
  lastDeauthorizedTime: 0,
  lastAuthorizedCredentialType: null,
  lastAuthorizedCredential: null,
  activeBridge: false,
  ipAssignments: [],
  noAutoAssignIps: false,
  tags: [],
  capabilities: [],
  ssoExempt: false,
  authenticationExpiryTime: 0,
  remoteTraceTarget: null,
  remoteTraceLevel: 0,
  vMajor: -1,
  vMinor: -1,
  vRev: -1,
  vProto: -1,
})

export const pinned = (record: MemberRecord, identity: Identity): MemberRecord => ({
  ...record,
  identity: printIdentity(identity),
})

/** `after` with the revision it has in storage: one more than `before`, if anything but the revision differs. */
export const revised = <R extends NetworkRecord | MemberRecord>(before: R | undefined, after: R): R => {
  if (before === undefined) return { ...after, revision: 1 }
  if (before === after || fingerprint(before) === fingerprint(after)) return before
  return { ...after, revision: before.revision + 1 }
}
const fingerprint = (record: NetworkRecord | MemberRecord): string =>
  JSON.stringify(Object.entries({ ...record, revision: 0 }).sort(([a], [b]) => (a < b ? -1 : 1)))
