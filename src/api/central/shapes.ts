import * as t from 'io-ts'
import { isRecord } from '../../streams/option.ts'
import { NetworkId, NodeId } from '../id.ts'

/**
 * What the hosted controller answers, as its API is published. Fields that it leaves out, or says `null` for, are absent;
 * fields that are not listed here are left in place.
 */
export interface CentralNetwork {
  readonly id: NetworkId
  /** ms since the epoch, by the server's clock, as all times below. */
  readonly clock?: number
  readonly config: CentralNetworkConfig
  readonly description?: string
  /** The text that `config.rules` were compiled from. */
  readonly rulesSource?: string
  /** By user ID. */
  readonly permissions?: Readonly<Record<string, CentralPermissions>>
  readonly ownerId?: string
  /** May be 0 in lists, whatever the network. */
  readonly onlineMemberCount?: number
  readonly authorizedMemberCount?: number
  readonly totalMemberCount?: number
  readonly capabilitiesByName?: JsonRecord
  readonly tagsByName?: JsonRecord
}
export interface CentralNetworkConfig {
  readonly id?: NetworkId
  readonly name?: string
  readonly private?: boolean
  readonly creationTime?: number
  readonly lastModified?: number
  readonly enableBroadcast?: boolean
  readonly mtu?: number
  /** Recipients of one multicast; 0 switches multicast off, and IPv4 with it. */
  readonly multicastLimit?: number
  readonly routes?: readonly CentralRoute[]
  readonly ipAssignmentPools?: readonly CentralIpRange[]
  readonly v4AssignMode?: { readonly zt?: boolean }
  readonly v6AssignMode?: { readonly '6plane'?: boolean; readonly rfc4193?: boolean; readonly zt?: boolean }
  readonly dns?: CentralDns
  readonly rules?: readonly JsonRecord[]
  readonly capabilities?: readonly JsonRecord[]
  readonly tags?: readonly JsonRecord[]
  readonly ssoConfig?: JsonRecord
}
export interface CentralRoute {
  readonly target: string
  readonly via?: string | null
}
export interface CentralIpRange {
  readonly ipRangeStart: string
  readonly ipRangeEnd: string
}
export interface CentralDns {
  readonly domain?: string
  readonly servers?: readonly string[]
}
/** Read, authorise, modify, delete. */
export interface CentralPermissions {
  readonly r?: boolean
  readonly a?: boolean
  readonly m?: boolean
  readonly d?: boolean
}
export interface CentralMember {
  readonly networkId: NetworkId
  readonly nodeId: NodeId
  readonly config: CentralMemberConfig
  readonly name?: string
  readonly description?: string
  /** Not shown in the web interface. */
  readonly hidden?: boolean
  readonly clock?: number
  /** When it last asked the controller; may be 0 at any time. */
  readonly lastSeen?: number
  readonly lastOnline?: number
  readonly physicalAddress?: string
  readonly clientVersion?: string
  readonly protocolVersion?: number
  readonly supportsRulesEngine?: boolean
}
export interface CentralMemberConfig {
  readonly authorized?: boolean
  readonly activeBridge?: boolean
  readonly noAutoAssignIps?: boolean
  readonly ssoExempt?: boolean
  readonly ipAssignments?: readonly string[]
  readonly capabilities?: readonly number[]
  /** Pairs of the tag's ID and its value. */
  readonly tags?: readonly (readonly (number | boolean)[])[]
  readonly id?: string
  readonly identity?: string
  readonly creationTime?: number
  readonly lastAuthorizedTime?: number
  readonly lastDeauthorizedTime?: number
  readonly revision?: number
  readonly vMajor?: number
  readonly vMinor?: number
  readonly vRev?: number
  readonly vProto?: number
}
export interface CentralUser {
  readonly id: string
  readonly orgId?: string
  readonly displayName?: string
  readonly email?: string
  readonly smsNumber?: string
  /** Names of its API tokens; the tokens are not told. */
  readonly tokens?: readonly string[]
  readonly globalPermissions?: CentralPermissions
  readonly auth?: JsonRecord
}
export interface CentralStatus {
  readonly clock?: number
  readonly uptime?: number
  readonly version?: string
  readonly apiVersion?: string
  /** Whose token it is. */
  readonly user?: CentralUser
  /** Nothing can be changed at the moment. */
  readonly readOnlyMode?: boolean
  readonly loginMethods?: Readonly<Record<string, boolean>>
}
export interface CentralOrganization {
  readonly id: string
  readonly ownerId?: string
  readonly ownerEmail?: string
  readonly members?: readonly CentralOrganizationMember[]
  readonly ssoConfig?: JsonRecord
}
export interface CentralOrganizationMember {
  readonly orgId?: string
  readonly userId?: string
  readonly name?: string
  readonly email?: string
}
export interface CentralInvitation {
  readonly id: string
  readonly orgId?: string
  readonly email?: string
  readonly ownerEmail?: string
  readonly status?: 'pending' | 'accepted' | 'canceled'
  readonly creation_time?: number
  readonly update_time?: number
}
export interface CentralRandomToken {
  readonly token: string
  readonly hex?: string
  readonly clock?: number
}
/** A token of a user, by its name; `token` is seen once, when it is made. */
export interface CentralApiToken {
  readonly tokenName: string
  readonly token?: string
}
/** JSON whose inside this library has no say in. */
export type JsonRecord = Readonly<Record<string, unknown>>

type Fields<A> = { readonly [K in keyof A]-?: t.Type<NonNullable<A[K]>, unknown, unknown> }
type Optional<A> = { [K in keyof A]-?: undefined extends A[K] ? K : never }[keyof A]

/** A record in which the first fields must be, and the others may be missing or `null`. */
const shape = <A extends object>(
  name: string,
  must: Pick<Fields<A>, Exclude<keyof A, Optional<A>>>,
  may: Pick<Fields<A>, Optional<A>>,
): t.Type<A, unknown, unknown> => {
  const needed = Object.entries<t.Type<unknown, unknown, unknown>>(must as object as Record<string, t.Mixed>)
  const known = [
    ...needed,
    ...Object.entries<t.Type<unknown, unknown, unknown>>(may as object as Record<string, t.Mixed>),
  ]
  const required = new Set(needed.map(([key]) => key))
  const validate: t.Validate<unknown, A> = (x, context) => {
    if (!isRecord(x) || Array.isArray(x)) return t.failure(x, context)
    const found: Record<string, unknown> = { ...x }
    const errors: t.Errors = []
    for (const [key, type] of known) {
      const value = found[key]
      if (!required.has(key) && (value === undefined || value === null)) {
        delete found[key]
        continue
      }
      const read = type.validate(value, t.appendContext(context, key, type, value))
      if (read._tag === 'Left') errors.push(...read.left)
      else found[key] = read.right
    }
    return errors.length > 0 ? t.failures(errors) : t.success(found as A)
  }
  return new t.Type<A, unknown, unknown>(name, (x): x is A => isRecord(x), validate, t.identity)
}

const json = t.UnknownRecord as t.Type<JsonRecord, unknown, unknown>
const listOf = <A>(type: t.Type<A, unknown, unknown>): t.Type<readonly A[], unknown, unknown> => t.readonlyArray(type)
const mapOf = <A>(type: t.Type<A, unknown, unknown>): t.Type<Readonly<Record<string, A>>, unknown, unknown> =>
  t.record(t.string, type)

const permissions = shape<CentralPermissions>(
  'permissions',
  {},
  { r: t.boolean, a: t.boolean, m: t.boolean, d: t.boolean },
)
const route = shape<CentralRoute>('route', { target: t.string }, { via: t.string })
const ipRange = shape<CentralIpRange>('IP range', { ipRangeStart: t.string, ipRangeEnd: t.string }, {})
const dns = shape<CentralDns>('DNS', {}, { domain: t.string, servers: listOf(t.string) })
/** Networks without a DNS have an empty list there. */
const dnsOrNone = new t.Type<CentralDns, unknown, unknown>(
  'DNS',
  dns.is,
  (x, context) => (Array.isArray(x) && x.length === 0 ? t.success({}) : dns.validate(x, context)),
  t.identity,
)

const networkConfig = shape<CentralNetworkConfig>(
  'network config',
  {},
  {
    ...{ id: NetworkId, name: t.string, private: t.boolean, creationTime: t.number, lastModified: t.number },
    ...{ enableBroadcast: t.boolean, mtu: t.number, multicastLimit: t.number, routes: listOf(route) },
    ipAssignmentPools: listOf(ipRange),
    v4AssignMode: shape<{ readonly zt?: boolean }>('IPv4 assignment', {}, { zt: t.boolean }),
    v6AssignMode: shape<NonNullable<CentralNetworkConfig['v6AssignMode']>>(
      'IPv6 assignment',
      {},
      { '6plane': t.boolean, rfc4193: t.boolean, zt: t.boolean },
    ),
    ...{ dns: dnsOrNone, rules: listOf(json), capabilities: listOf(json), tags: listOf(json), ssoConfig: json },
  },
)
export const network = shape<CentralNetwork>(
  'network',
  { id: NetworkId, config: networkConfig },
  {
    ...{ clock: t.number, description: t.string, rulesSource: t.string, permissions: mapOf(permissions) },
    ...{ ownerId: t.string, onlineMemberCount: t.number, authorizedMemberCount: t.number, totalMemberCount: t.number },
    ...{ capabilitiesByName: json, tagsByName: json },
  },
)
export const networks = listOf(network)

const memberConfig = shape<CentralMemberConfig>(
  'member config',
  {},
  {
    ...{ authorized: t.boolean, activeBridge: t.boolean, noAutoAssignIps: t.boolean, ssoExempt: t.boolean },
    ...{ ipAssignments: listOf(t.string), capabilities: listOf(t.number) },
    tags: listOf(listOf(t.union([t.number, t.boolean]))),
    ...{ id: t.string, identity: t.string, creationTime: t.number, lastAuthorizedTime: t.number },
    ...{ lastDeauthorizedTime: t.number, revision: t.number },
    ...{ vMajor: t.number, vMinor: t.number, vRev: t.number, vProto: t.number },
  },
)
export const member = shape<CentralMember>(
  'member',
  { networkId: NetworkId, nodeId: NodeId, config: memberConfig },
  {
    ...{ name: t.string, description: t.string, hidden: t.boolean, clock: t.number, lastSeen: t.number },
    ...{ lastOnline: t.number, physicalAddress: t.string, clientVersion: t.string, protocolVersion: t.number },
    supportsRulesEngine: t.boolean,
  },
)
export const members = listOf(member)

export const user = shape<CentralUser>(
  'user',
  { id: t.string },
  {
    ...{ orgId: t.string, displayName: t.string, email: t.string, smsNumber: t.string, tokens: listOf(t.string) },
    ...{ globalPermissions: permissions, auth: json },
  },
)
export const status = shape<CentralStatus>(
  'status',
  {},
  {
    ...{ clock: t.number, uptime: t.number, version: t.string, apiVersion: t.string, user, readOnlyMode: t.boolean },
    loginMethods: mapOf(t.boolean),
  },
)
const organizationMember = shape<CentralOrganizationMember>(
  'member of an organization',
  {},
  { orgId: t.string, userId: t.string, name: t.string, email: t.string },
)
export const organizationMembers = listOf(organizationMember)
export const organization = shape<CentralOrganization>(
  'organization',
  { id: t.string },
  { ownerId: t.string, ownerEmail: t.string, members: organizationMembers, ssoConfig: json },
)
export const invitation = shape<CentralInvitation>(
  'invitation',
  { id: t.string },
  {
    ...{ orgId: t.string, email: t.string, ownerEmail: t.string, creation_time: t.number, update_time: t.number },
    status: t.keyof({ pending: null, accepted: null, canceled: null }),
  },
)
export const invitations = listOf(invitation)
export const randomToken = shape<CentralRandomToken>('token', { token: t.string }, { hex: t.string, clock: t.number })
export const apiToken = shape<CentralApiToken>('API token', { tokenName: t.string }, { token: t.string })
