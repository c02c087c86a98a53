import { anything, isRecord, type OptionRule, type OptionRules, yesOrNo } from '../streams/option.ts'
import type { AuthorizeOptions } from './controller.ts'
import type { MemberInput, NetworkConfigInput } from './controller-view.ts'

const isText = (x: unknown): boolean => typeof x === 'string'
const isNumber = (x: unknown): boolean => typeof x === 'number'
const isYesOrNo = (x: unknown): boolean => typeof x === 'boolean'
const orAbsent =
  (is: (x: unknown) => boolean) =>
  (x: unknown): boolean =>
    x === undefined || is(x)
const orNull =
  (is: (x: unknown) => boolean) =>
  (x: unknown): boolean =>
    x === undefined || x === null || is(x)

/** A record with these members, and no others. */
const record =
  (members: Readonly<Record<string, (x: unknown) => boolean>>) =>
  (x: unknown): boolean =>
    isRecord(x) &&
    Object.keys(x).every((name) => Object.hasOwn(members, name)) &&
    Object.entries(members).every(([name, is]) => is(x[name]))
const listOf =
  (is: (x: unknown) => boolean) =>
  (x: unknown): boolean =>
    Array.isArray(x) && x.every(is)

const text: OptionRule = { is: isText, cure: 'pass text' }
const number: OptionRule = { is: isNumber, cure: 'pass a number' }

/** The shapes; what values mean is checked by the controller itself, which knows the network. */
export const networkConfigRules: OptionRules<NetworkConfigInput> = {
  name: text,
  private: yesOrNo,
  mtu: number,
  multicastLimit: number,
  enableBroadcast: yesOrNo,
  routes: {
    is: listOf(record({ target: isText, via: orNull(isText), flags: anything.is, metric: anything.is })),
    cure: "pass [{ target: '10.0.0.0/24', via: '10.0.0.1' }], via only for gateways",
  },
  ipAssignmentPools: {
    is: listOf(record({ ipRangeStart: isText, ipRangeEnd: isText })),
    cure: "pass [{ ipRangeStart: '10.0.0.1', ipRangeEnd: '10.0.0.9' }]",
  },
  v4AssignMode: { is: record({ zt: isYesOrNo }), cure: 'pass { zt: true } or { zt: false }' },
  v6AssignMode: {
    is: record({ zt: orAbsent(isYesOrNo), rfc4193: orAbsent(isYesOrNo), '6plane': orAbsent(isYesOrNo) }),
    cure: "pass { zt, rfc4193, '6plane' } of true and false",
  },
  rules: {
    is: (x) => isText(x) || listOf(isRecord)(x),
    cure: "pass rules as JSON objects, as in [{ type: 'ACTION_ACCEPT' }]",
  },
  capabilities: {
    is: listOf(record({ id: isNumber, default: orAbsent(isYesOrNo), rules: listOf(isRecord) })),
    cure: 'pass [{ id, default, rules }]',
  },
  tags: { is: listOf(record({ id: isNumber, default: orNull(isNumber) })), cure: 'pass [{ id, default }]' },
  dns: {
    is: record({ domain: isText, servers: listOf(isText) }),
    cure: "pass { domain: 'example', servers: ['10.0.0.1'] }",
  },
  certificateTimeoutWindowSize: number,
}

const addresses: OptionRule = { is: listOf(isText), cure: "pass a list of IP addresses, as in ['10.0.0.5']" }
export const memberRules: OptionRules<MemberInput> = {
  name: text,
  ipAssignments: addresses,
  noAutoAssignIps: yesOrNo,
  activeBridge: yesOrNo,
  tags: {
    is: listOf((x) => listOf(isNumber)(x) && Array.isArray(x) && x.length === 2),
    cure: 'pass a list of pairs [id, value]',
  },
  capabilities: { is: listOf(isNumber), cure: 'pass a list of ids' },
}
export const authorizeRules: OptionRules<AuthorizeOptions> = {
  ips: addresses,
  name: text,
}
