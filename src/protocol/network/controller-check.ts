import { canonicalIp, type IpAddress, isIpv6, parseIp } from '../kernel/ip.ts'
import { MAX_CREDENTIALS, MAX_ROUTES } from './config-dictionary.ts'
import { isRouted } from './controller-assignment.ts'
import { MAX_WINDOW, MIN_WINDOW } from './controller-config.ts'
import { badValue, type ControllerError } from './controller-error.ts'
import type { MemberChange, NetworkChange } from './controller-io.ts'
import { parsePrefix } from './controller-post.ts'
import type { NetworkRecord } from './controller-record.ts'
import type { JsonObject } from './loose-json.ts'
import { MAX_CAPABILITY_RULES, MAX_RULES } from './rule.ts'
import { parseRule } from './rule-json.ts'

/**
 * What is wrong with a change, before anything is done: our own callers are told instead of having values silently
 * left out, as the HTTP API does. `undefined`: nothing.
 */
export const checkNetworkChange = (change: NetworkChange): ControllerError | undefined => {
  const { name, mtu, multicastLimit, certificateTimeoutWindowSize: window, remoteTraceTarget: trace } = change
  if (name !== undefined && new TextEncoder().encode(name).length > 127)
    return badValue('name', name, 'a name has at most 127 bytes of UTF-8')
  if (mtu !== undefined && !isWhole(mtu, 1280, 10_000)) return badValue('mtu', mtu, 'an MTU is between 1280 and 10000')
  if (multicastLimit !== undefined && !isWhole(multicastLimit, 0, 0xffff_ffff))
    return badValue('multicastLimit', multicastLimit, 'it is a number of recipients; 0 turns multicast off')
  if (window !== undefined && !isWhole(window, MIN_WINDOW, MAX_WINDOW))
    return badValue('certificateTimeoutWindowSize', window, `it is ${MIN_WINDOW} to ${MAX_WINDOW} ms`)
  if (trace !== undefined && trace !== null && !/^[0-9a-f]{10}$/i.test(trace))
    return badValue('remoteTraceTarget', trace, 'it is a node ID of 10 hex digits, or null')
  return (
    firstOf(change.routes, MAX_ROUTES, 'routes', checkRoute) ??
    firstOf(change.ipAssignmentPools, MAX_POOLS, 'ipAssignmentPools', checkPool) ??
    firstOf(change.rules, MAX_RULES, 'rules', checkRule) ??
    firstOf(change.capabilities, MAX_CREDENTIALS, 'capabilities', (one, field) =>
      isWhole(one.id, 0, 0xffff_ffff)
        ? firstOf(one.rules, MAX_CAPABILITY_RULES, `${field}.rules`, checkRule)
        : badValue(`${field}.id`, one.id, 'it is a number of 32 bits'),
    ) ??
    firstOf(change.tags, MAX_CREDENTIALS, 'tags', (one, field) => {
      if (!isWhole(one.id, 0, 0xffff_ffff)) return badValue(`${field}.id`, one.id, 'it is a number of 32 bits')
      const value = one.default ?? 0
      return isWhole(value, 0, 0xffff_ffff)
        ? undefined
        : badValue(`${field}.default`, value, 'it is a number of 32 bits, or null')
    }) ??
    checkTokens(change.authTokens) ??
    checkDns(change.dns)
  )
}

/** `isTakenByOther` knows the IPs of the network's other members. */
export const checkMemberChange = (
  network: NetworkRecord,
  change: MemberChange,
  isTakenByOther: (ip: IpAddress) => boolean,
): ControllerError | undefined => {
  const { remoteTraceTarget: trace } = change
  if (trace !== undefined && trace !== null && !/^[0-9a-f]{10}$/i.test(trace))
    return badValue('remoteTraceTarget', trace, 'it is a node ID of 10 hex digits, or null')
  return (
    firstOf(change.ipAssignments, MAX_ASSIGNMENTS, 'ipAssignments', (one, field) => {
      const ip = parseIp(one)
      if (ip === undefined) return badValue(field, one, 'it is an IP address without a prefix length')
      if (!isRouted(network, ip)) return badValue(field, one, 'no route of the network contains it: add one first')
      return isTakenByOther(canonicalIp(one)!)
        ? badValue(field, one, 'another member of the network has it: choose another')
        : undefined
    }) ??
    firstOf(change.tags, MAX_CREDENTIALS, 'tags', ([id, value], field) =>
      isWhole(id, 0, 0xffff_ffff) && isWhole(value, 0, 0xffff_ffff)
        ? undefined
        : badValue(field, [id, value], 'it is an id and a value of 32 bits each'),
    ) ??
    firstOf(change.capabilities, MAX_CREDENTIALS, 'capabilities', (id, field) =>
      network.capabilities.some((one) => one.id === id)
        ? undefined
        : badValue(field, id, 'the network defines no capability with this id: add it there first'),
    )
  )
}

const firstOf = <A>(
  list: readonly A[] | undefined,
  most: number,
  field: string,
  check: (one: A, field: string) => ControllerError | undefined,
): ControllerError | undefined => {
  if (list === undefined) return undefined
  if (list.length > most) return badValue(field, `${list.length} entries`, `there can be at most ${most}`)
  for (let i = 0; i < list.length; i++) {
    const error = check(list[i]!, `${field}[${i}]`)
    if (error !== undefined) return error
  }
  return undefined
}

const checkRoute = (
  route: NonNullable<NetworkChange['routes']>[number],
  field: string,
): ControllerError | undefined => {
  if (!route.target.includes('/') || parsePrefix(route.target) === undefined)
    return badValue(`${field}.target`, route.target, 'it is a prefix such as 10.0.0.0/24 or fd00::/64')
  if (route.via === undefined || route.via === null) return undefined
  if (parseIp(route.via) === undefined)
    return badValue(`${field}.via`, route.via, 'it is the IP of a member, or null for an on-link route')
  return isIpv6(route.via) === isIpv6(route.target)
    ? undefined
    : badValue(`${field}.via`, route.via, `it must be of the family of ${route.target}`)
}

const checkPool = (
  pool: NonNullable<NetworkChange['ipAssignmentPools']>[number],
  field: string,
): ControllerError | undefined => {
  const [start, end] = [parseIp(pool.ipRangeStart), parseIp(pool.ipRangeEnd)]
  if (start === undefined) return badValue(`${field}.ipRangeStart`, pool.ipRangeStart, 'it is an IP address')
  if (end === undefined || end.length !== start.length)
    return badValue(`${field}.ipRangeEnd`, pool.ipRangeEnd, `it is an IP address of the family of ${pool.ipRangeStart}`)
  for (let i = 0; i < start.length; i++) {
    if (start[i]! < end[i]!) return undefined
    if (start[i]! > end[i]!)
      return badValue(`${field}.ipRangeEnd`, pool.ipRangeEnd, `it must not be below ${pool.ipRangeStart}`)
  }
  return undefined
}

const checkRule = (rule: JsonObject, field: string): ControllerError | undefined =>
  parseRule(rule) === undefined
    ? badValue(`${field}.type`, rule['type'], 'it is one of the ACTION_… and MATCH_… types that controllers accept')
    : undefined

const checkTokens = (tokens: NetworkChange['authTokens']): ControllerError | undefined => {
  const bad = Object.values(tokens ?? {}).find((ends) => !(ends >= 0))
  return bad === undefined
    ? undefined
    : badValue('authTokens', bad, 'a token maps to when it ends in ms since the epoch, 0 for never')
}

const checkDns = (dns: NetworkChange['dns']): ControllerError | undefined => {
  if (dns === undefined) return undefined
  if (new TextEncoder().encode(dns.domain).length > 127)
    return badValue('dns.domain', dns.domain, 'a domain has at most 127 bytes')
  return firstOf(dns.servers, 4, 'dns.servers', (one, field) =>
    parseIp(one) === undefined ? badValue(field, one, 'it is an IP address') : undefined,
  )
}

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most

const MAX_POOLS = 128
const MAX_ASSIGNMENTS = 32
