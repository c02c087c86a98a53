import { type Address, parseAddress } from '../kernel/id.ts'
import { canonicalIp, isIpv6, parseIp } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import { clampMtu } from './config-dictionary.ts'
import type {
  CapabilityRecord,
  MemberRecord,
  NetworkRecord,
  PoolRecord,
  RouteRecord,
  TagRecord,
} from './controller-record.ts'
import { asBoolean, asNumber, asText, isArray, isObject, type Json, type JsonObject } from './loose-json.ts'
import { parseRule, printRule } from './rule-json.ts'

/**
 * Changes of records as deployed controllers take them (`docs/protocol/vl2.md` §15.2): each field that is given
 * replaces the old one, what cannot be read is left out, and nothing is ever refused. Also reads stored records.
 */
export const postNetwork = (record: NetworkRecord, body: JsonObject): NetworkRecord => {
  const has = (key: string): boolean => body[key] !== undefined
  return {
    ...record,
    ...(has('name') ? { name: asText(body['name'], '') } : {}),
    ...(has('private') ? { private: asBoolean(body['private'], true) } : {}),
    ...(has('enableBroadcast') ? { enableBroadcast: asBoolean(body['enableBroadcast'], false) } : {}),
    ...(has('multicastLimit') ? { multicastLimit: Math.max(0, asNumber(body['multicastLimit'], 32)) } : {}),
    ...(has('mtu') ? { mtu: clampMtu(asNumber(body['mtu'], 2800)) } : {}),
    ...(has('remoteTraceTarget') ? { remoteTraceTarget: traceTarget(body['remoteTraceTarget']) } : {}),
    ...(has('remoteTraceLevel') ? { remoteTraceLevel: asNumber(body['remoteTraceLevel'], 0) } : {}),
    ...(has('v4AssignMode') ? { v4AssignMode: v4Mode(body['v4AssignMode']) } : {}),
    ...(has('v6AssignMode') ? { v6AssignMode: v6Mode(body['v6AssignMode']) } : {}),
    ...(has('routes') ? { routes: listOf(body['routes'], routeOf) } : {}),
    ...(has('ipAssignmentPools') ? { ipAssignmentPools: listOf(body['ipAssignmentPools'], poolOf) } : {}),
    ...(has('rules') ? { rules: rulesOf(body['rules']) } : {}),
    ...(has('authTokens') ? { authTokens: tokensOf(body['authTokens']) } : {}),
    ...(has('capabilities') ? { capabilities: byId(listOf(body['capabilities'], capabilityOf)) } : {}),
    ...(has('tags') ? { tags: byId(listOf(body['tags'], tagOf)) } : {}),
    ...(has('dns') ? { dns: dnsOf(body['dns']) } : {}),
  }
}

export const postMember = (record: MemberRecord, body: JsonObject, now: Millis): MemberRecord => {
  const has = (key: string): boolean => body[key] !== undefined
  const after: MemberRecord = {
    ...record,
    ...(has('name') ? { name: asText(body['name'], '') } : {}),
    ...(has('activeBridge') ? { activeBridge: asBoolean(body['activeBridge'], false) } : {}),
    ...(has('noAutoAssignIps') ? { noAutoAssignIps: asBoolean(body['noAutoAssignIps'], false) } : {}),
    ...(has('authenticationExpiryTime')
      ? { authenticationExpiryTime: asNumber(body['authenticationExpiryTime'], 0) }
      : {}),
    ...(has('remoteTraceTarget') ? { remoteTraceTarget: traceTarget(body['remoteTraceTarget']) } : {}),
    ...(has('remoteTraceLevel') ? { remoteTraceLevel: asNumber(body['remoteTraceLevel'], 0) } : {}),
    ...(has('ipAssignments') ? { ipAssignments: listOf(body['ipAssignments'], ipOf) } : {}),
    ...(has('tags') ? { tags: memberTags(body['tags']) } : {}),
    ...(has('capabilities') ? { capabilities: idsOf(body['capabilities']) } : {}),
  }
  return has('authorized') ? authorized(after, asBoolean(body['authorized'], false), 'api', null, now) : after
}

/** The record with its authorization changed, or as it is where nothing changes. */
export const authorized = (
  record: MemberRecord,
  to: boolean,
  credentialType: string,
  credential: string | null,
  now: Millis,
): MemberRecord => {
  if (record.authorized === to) return record
  if (!to) return { ...record, authorized: false, lastDeauthorizedTime: Math.floor(now) }
  return {
    ...record,
    authorized: true,
    lastAuthorizedTime: Math.floor(now),
    lastAuthorizedCredentialType: credentialType,
    lastAuthorizedCredential: credential,
  }
}

/** A stored network over the defaults. */
export const storedNetwork = (defaults: NetworkRecord, stored: JsonObject): NetworkRecord => {
  const { id: _id, nwid: _nwid, objtype: _objtype, certificateTimeoutWindowSize: window, ...others } = stored
  return {
    ...postNetwork({ ...others, ...defaults }, stored),
    creationTime: asNumber(stored['creationTime'], defaults.creationTime),
    revision: asNumber(stored['revision'], 0),
    // as stored: what is no rule is left out when a configuration is made
    rules: isArray(stored['rules']) ? stored['rules'].filter(isObject) : defaults.rules,
    rulesSource: asText(stored['rulesSource'], ''),
    ssoEnabled: asBoolean(stored['ssoEnabled'], false),
    clientId: asText(stored['clientId'], ''),
    authorizationEndpoint: asText(stored['authorizationEndpoint'], ''),
    ...(typeof window === 'number' ? { certificateTimeoutWindowSize: window } : {}),
  }
}

/** A stored member over the defaults. */
export const storedMember = (defaults: MemberRecord, stored: JsonObject): MemberRecord => {
  const { id: _id, address: _address, nwid: _nwid, objtype: _objtype, identity, ...others } = stored
  const { authorized: _authorized, ...fields } = stored
  const textOrNull = (key: string): string | null => {
    const value = stored[key]
    return typeof value === 'string' ? value : null
  }
  const number = (key: 'vMajor' | 'vMinor' | 'vRev' | 'vProto'): number => asNumber(stored[key], -1)
  return {
    ...postMember({ ...others, ...defaults }, fields, 0),
    ...(typeof identity === 'string' ? { identity } : {}),
    creationTime: asNumber(stored['creationTime'], defaults.creationTime),
    revision: asNumber(stored['revision'], 0),
    authorized: asBoolean(stored['authorized'], false),
    lastAuthorizedTime: asNumber(stored['lastAuthorizedTime'], 0),
    lastDeauthorizedTime: asNumber(stored['lastDeauthorizedTime'], 0),
    lastAuthorizedCredentialType: textOrNull('lastAuthorizedCredentialType'),
    lastAuthorizedCredential: textOrNull('lastAuthorizedCredential'),
    // kept in the order in which they are stored
    tags: tagPairs(stored['tags']),
    capabilities: listOf(stored['capabilities'], (one) => asNumber(one, 0)),
    ssoExempt: asBoolean(stored['ssoExempt'], false),
    vMajor: number('vMajor'),
    vMinor: number('vMinor'),
    vRev: number('vRev'),
    vProto: number('vProto'),
  }
}

/** An IP prefix as text, `10.0.0.0/24`; `undefined` where it is none. */
export const parsePrefix = (text: string): { readonly ip: Uint8Array; readonly bits: number } | undefined => {
  const slash = text.indexOf('/')
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash))
  const bits = slash < 0 ? '0' : text.slice(slash + 1)
  if (ip === undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > 8 * ip.length) return undefined
  return { ip, bits: Number(bits) }
}

/** `remoteTraceTarget` as an address; 0 for none. */
export const traceAddress = (text: string | null): Address | undefined =>
  text === null || text.length !== 10 ? undefined : parseAddress(text)

const listOf = <A>(value: Json | undefined, item: (one: Json) => A | undefined): readonly A[] =>
  isArray(value)
    ? value.slice(0, MAX_ARRAY).flatMap((one) => {
        const found = item(one)
        return found === undefined ? [] : [found]
      })
    : []

const traceTarget = (value: Json | undefined): string | null =>
  typeof value === 'string' && value.length === 10 ? value : null

const v4Mode = (value: Json | undefined): NetworkRecord['v4AssignMode'] => {
  if (typeof value === 'string') return { zt: value === 'zt' }
  return { zt: isObject(value) && asBoolean(value['zt'], false) }
}
const v6Mode = (value: Json | undefined): NetworkRecord['v6AssignMode'] => {
  const modes = ['rfc4193', 'zt', '6plane'] as const
  if (typeof value === 'string') {
    const given = value.split(',').map((one) => one.trim())
    return Object.fromEntries(modes.map((mode) => [mode, given.includes(mode)]))
  }
  if (!isObject(value)) return Object.fromEntries(modes.map((mode) => [mode, false]))
  return Object.fromEntries(
    modes.flatMap((mode) => (value[mode] === undefined ? [] : [[mode, asBoolean(value[mode], false)]])),
  )
}

const routeOf = (value: Json): RouteRecord | undefined => {
  if (!isObject(value)) return undefined
  const target = asText(value['target'], '')
  if (parsePrefix(target) === undefined) return undefined
  const via = canonicalIp(asText(value['via'], '').split('/')[0]!)
  return { target, via: via !== undefined && isIpv6(via) === isIpv6(target) ? via : null }
}

const poolOf = (value: Json): PoolRecord | undefined => {
  if (!isObject(value)) return undefined
  const start = canonicalIp(asText(value['ipRangeStart'], ''))
  const end = canonicalIp(asText(value['ipRangeEnd'], ''))
  if (start === undefined || end === undefined || isIpv6(start) !== isIpv6(end)) return undefined
  return { ipRangeStart: start, ipRangeEnd: end }
}

const rulesOf = (value: Json | undefined): readonly JsonObject[] =>
  listOf(value, (one) => {
    const rule = parseRule(one)
    return rule === undefined ? undefined : printRule(rule)
  })

const tokensOf = (value: Json | undefined): NetworkRecord['authTokens'] => {
  if (!isObject(value)) return [null]
  const tokens = Object.entries(value).flatMap(([token, ends]): [string, Millis][] =>
    typeof ends === 'number' && ends >= 0 ? [[token, ends]] : [],
  )
  return Object.fromEntries(tokens)
}

const capabilityOf = (value: Json): CapabilityRecord | undefined =>
  isObject(value)
    ? { id: asNumber(value['id'], 0), default: asBoolean(value['default'], false), rules: rulesOf(value['rules']) }
    : undefined
const tagOf = (value: Json): TagRecord | undefined =>
  isObject(value)
    ? { id: asNumber(value['id'], 0), default: typeof value['default'] === 'number' ? value['default'] : null }
    : undefined
/** Sorted; the last of duplicates wins. */
const byId = <A extends { readonly id: number }>(list: readonly A[]): readonly A[] =>
  [...new Map(list.map((one) => [one.id, one])).values()].sort((a, b) => a.id - b.id)

const dnsOf = (value: Json | undefined): NetworkRecord['dns'] =>
  isObject(value) ? { domain: asText(value['domain'], ''), servers: listOf(value['servers'], ipOf) } : []

const ipOf = (value: Json): string | undefined => canonicalIp(asText(value, ''))
const idsOf = (value: Json | undefined): readonly number[] =>
  [...new Set(listOf(value, (one) => asNumber(one, 0)))].sort((a, b) => a - b)
const tagPairs = (value: Json | undefined): MemberRecord['tags'] =>
  listOf(value, (one): readonly [number, number] | undefined =>
    isArray(one) && one.length === 2 ? [asNumber(one[0], 0), asNumber(one[1], 0)] : undefined,
  )
const memberTags = (value: Json | undefined): MemberRecord['tags'] =>
  [...new Map(tagPairs(value))].sort(([a], [b]) => a - b)

const MAX_ARRAY = 16_384
