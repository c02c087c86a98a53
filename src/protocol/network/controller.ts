import { absurd } from '../kernel/fp.ts'
import { type Address, type NetworkId, networkId, parseAddress, parseNetworkId } from '../kernel/id.ts'
import type { Machine, Millis, Step } from '../kernel/machine.ts'
import { errorCode } from '../verb/error.ts'
import { answerRequest, push } from './controller-answer.ts'
import { checkMemberChange, checkNetworkChange } from './controller-check.ts'
import { badValue, type ControllerError } from './controller-error.ts'
import type { ControllerInput, ControllerOutput, MemberChange, NetworkChange } from './controller-io.ts'
import { endLogins, watchLogin } from './controller-login.ts'
import { postMember, postNetwork, storedMember, storedNetwork } from './controller-post.ts'
import { type MemberRecord, type NetworkRecord, newMember, newNetwork } from './controller-record.ts'
import { refuse, unasked } from './controller-refuse.ts'
import { revoke } from './controller-revoke.ts'
import {
  type ControllerConfig,
  type ControllerState,
  type ControllerTurn,
  type HostedMember,
  type HostedNetwork,
  hostMember,
  hostNetwork,
  isOnline,
  MAX_MEMBERS,
  MAX_NETWORKS,
  removeMember,
  saveMember,
  saveNetwork,
} from './controller-state.ts'
import { receiveTraces } from './controller-trace.ts'
import { asText, isObject, type Json, type JsonObject } from './loose-json.ts'

export type { ControllerConfig, ControllerState, HostedMember, HostedNetwork } from './controller-state.ts'

/**
 * The controller role (`docs/protocol/vl2.md` §14): who may join which network, and what a member is told. Everything
 * that changes comes out as a record to be stored. The state is a mutable accumulator; one machine for each node.
 *
 * Where native controllers let members find out by asking, this one tells them: a member that was refused gets its
 * configuration as soon as it is authorized, and one that is put out is refused at once.
 */
export const controller = (config: ControllerConfig): Machine<ControllerState, ControllerInput, ControllerOutput> => {
  const turn = (state: ControllerState, now: Millis, move: (t: ControllerTurn) => void) => {
    const t: ControllerTurn = { config, state, now, outputs: [], packets: [] }
    move(t)
    pushDue(t)
    endLogins(t)
    const send: readonly ControllerOutput[] = t.packets.length > 0 ? [{ _tag: 'Send', packets: t.packets }] : []
    return [state, [...t.outputs, ...send]] satisfies Step<ControllerState, ControllerOutput>
  }
  return {
    initial: { networks: new Map(), strangers: new Map(), due: new Set(), logins: new Set(), loginsAt: Infinity },
    step: (state, input, now) => turn(state, now, (t) => take(t, input)),
    deadline,
    tick: (state, now) => (deadline(state) <= now ? turn(state, now, () => {}) : [state, []]),
  }
}

const deadline = (state: ControllerState): Millis => (state.due.size > 0 ? -Infinity : state.loginsAt)

/** Whether `member` was given a configuration lately: it may then announce and gather groups here (§14.2). */
export const hasIssued = (state: ControllerState, network: NetworkId, member: Address, now: Millis): boolean => {
  const found = state.networks.get(network)?.members.get(member)
  return found !== undefined && now - found.issuedAt <= ISSUED_FOR
}

const take = (t: ControllerTurn, input: ControllerInput) => {
  switch (input._tag) {
    case 'Request':
      return answerRequest(t, input.request)
    case 'CreateNetwork':
      return create(t, input.number, input.change)
    case 'UpdateNetwork':
      return withNetwork(t, input.network, (network) => update(t, network, input.change))
    case 'DeleteNetwork':
      return withNetwork(t, input.network, (network) => remove(t, network))
    case 'Authorize': {
      const change = {
        ...(input.ips === undefined ? {} : { ipAssignments: input.ips }),
        ...(input.name === undefined ? {} : { name: input.name }),
      }
      return withNetwork(t, input.network, (network) => changeMember(t, network, input.member, change, true))
    }
    case 'Deauthorize':
      return withMember(t, input.network, input.member, (member) =>
        changeRecord(t, member, postMember(member.record, { authorized: false }, t.now)),
      )
    case 'UpdateMember':
      return withNetwork(t, input.network, (network) => changeMember(t, network, input.member, input.change, undefined))
    case 'DeleteMember':
      return withMember(t, input.network, input.member, (member) => {
        if (member.record.authorized) putOut(t, member)
        removeMember(t, member)
      })
    case 'PostNetwork':
      return post(t, input.network, input.body)
    case 'PostMember':
      return withNetwork(t, input.network, (network) => postToMember(t, network, input.member, input.body))
    case 'Traces':
      return receiveTraces(t, input.peer, input.traces)
    case 'Restore':
      return restore(t, input.network, input.members)
    default:
      return absurd(input)
  }
}

const create = (t: ControllerTurn, number: number | undefined, change: NetworkChange) => {
  const { state, config } = t
  if (number !== undefined && !(Number.isInteger(number) && number >= 0 && number <= 0xff_ffff))
    return reject(t, badValue('number', number, 'it is the lower 24 bits of the network ID, 0 to 16777215'))
  const wrong = checkNetworkChange(change)
  if (wrong !== undefined) return reject(t, wrong)
  if (state.networks.size >= MAX_NETWORKS) return reject(t, { _tag: 'Full', what: 'networks', most: MAX_NETWORKS })
  const id = number === undefined ? freeId(t) : idOf(config.self.address, number)
  if (state.networks.has(id)) return reject(t, { _tag: 'NetworkExists', network: id })
  const network = hostNetwork(state, id, newNetwork(id, t.now))
  t.outputs.push({ _tag: 'Created', network: id })
  saveNetwork(t, network, changed(network, change))
}

const update = (t: ControllerTurn, network: HostedNetwork, change: NetworkChange) => {
  const wrong = checkNetworkChange(change)
  if (wrong !== undefined) return reject(t, wrong)
  changeNetwork(t, network, changed(network, change))
}

const post = (t: ControllerTurn, id: NetworkId | undefined, body: JsonObject) => {
  let network = id === undefined ? undefined : t.state.networks.get(id)
  if (network === undefined) {
    if (t.state.networks.size >= MAX_NETWORKS) return reject(t, { _tag: 'Full', what: 'networks', most: MAX_NETWORKS })
    const own = id ?? freeId(t)
    network = hostNetwork(t.state, own, newNetwork(own, t.now))
    t.outputs.push({ _tag: 'Created', network: own })
  }
  changeNetwork(t, network, postNetwork(network.record, body))
}

/** Members that are online are to hear of it. */
const changeNetwork = (t: ControllerTurn, network: HostedNetwork, after: NetworkRecord): void => {
  if (saveNetwork(t, network, after))
    for (const member of network.members.values()) if (isOnline(member, t.now)) t.state.due.add(member)
}

const remove = (t: ControllerTurn, network: HostedNetwork): void => {
  const members = [...network.members.values()]
  const out = members.filter((member) => member.record.authorized).map((member) => member.address)
  revoke(t, network, out)
  t.state.networks.delete(network.id)
  // first, so that a store that dies in the middle has the network with all its members, or not at all
  t.outputs.push({ _tag: 'NetworkChanged', network: network.id, record: undefined })
  for (const member of members) {
    if (isOnline(member, t.now)) refuse(t, unasked(member), errorCode.notFound)
    removeMember(t, member)
  }
}

/** Also creates the member, so that one can be let in before it asks. */
const changeMember = (
  t: ControllerTurn,
  network: HostedNetwork,
  address: Address,
  change: MemberChange,
  authorize: true | undefined,
) => {
  const known = network.members.get(address)
  if (known === undefined && network.members.size >= MAX_MEMBERS)
    return reject(t, { _tag: 'Full', what: 'members', most: MAX_MEMBERS })
  const isTaken = (ip: string): boolean => (network.owners.get(ip) ?? address) !== address
  const wrong = checkMemberChange(network.record, change, isTaken)
  if (wrong !== undefined) return reject(t, wrong)
  const member = known ?? hostMember(network, address, newMember(network.id, address, t.now))
  const body = jsonOf(authorize === undefined ? change : { ...change, authorized: true })
  changeRecord(t, member, postMember(member.record, body, t.now))
}

const postToMember = (t: ControllerTurn, network: HostedNetwork, address: Address, body: JsonObject) => {
  const known = network.members.get(address)
  if (known === undefined && network.members.size >= MAX_MEMBERS)
    return reject(t, { _tag: 'Full', what: 'members', most: MAX_MEMBERS })
  const member = known ?? hostMember(network, address, newMember(network.id, address, t.now))
  changeRecord(t, member, postMember(member.record, body, t.now))
}

/** A member hears at once of what changed for it, also that it no longer is one. */
const changeRecord = (t: ControllerTurn, member: HostedMember, after: MemberRecord): void => {
  const was = member.record.authorized
  if (!saveMember(t, member, after)) return
  if (was && !after.authorized) putOut(t, member)
  else {
    push(t, member)
    watchLogin(t, member)
  }
}

/** A member that no longer is one: the others stop talking to it, and it learns why. */
const putOut = (t: ControllerTurn, member: HostedMember): void => {
  member.issuedAt = -Infinity
  revoke(t, member.network, [member.address])
  if (isOnline(member, t.now)) refuse(t, unasked(member), errorCode.accessDenied)
}

const restore = (t: ControllerTurn, stored: JsonObject, members: readonly JsonObject[]) => {
  const text = asText(stored['nwid'] ?? stored['id'], '')
  const id = parseNetworkId(text)
  if (id === undefined) return reject(t, badValue('nwid', text, 'a stored network has its ID, 16 hex digits, as nwid'))
  for (const member of t.state.networks.get(id)?.members.values() ?? []) {
    t.state.due.delete(member)
    t.state.logins.delete(member)
  }
  const network = hostNetwork(t.state, id, storedNetwork(newNetwork(id, t.now), stored))
  for (const one of members.slice(0, MAX_MEMBERS)) {
    const address = parseAddress(asText(one['address'] ?? one['id'], ''))
    if (address !== undefined) hostMember(network, address, storedMember(newMember(id, address, t.now), one))
  }
}

/** A change reaches all members that are online, but a few at a time: each configuration takes several signatures. */
const pushDue = (t: ControllerTurn): void => {
  let left = PUSHES_AT_ONCE
  for (const member of t.state.due) {
    if (left-- === 0) return
    t.state.due.delete(member)
    push(t, member)
  }
}

const changed = (network: HostedNetwork, change: NetworkChange) => ({
  ...postNetwork(network.record, jsonOf(change)),
  ...(change.certificateTimeoutWindowSize === undefined
    ? {}
    : { certificateTimeoutWindowSize: change.certificateTimeoutWindowSize }),
})

/** A typed change in the form that the HTTP API takes. */
const jsonOf = (change: NetworkChange | (MemberChange & { readonly authorized?: true })): JsonObject => {
  const json: Json = JSON.parse(JSON.stringify(change))
  return isObject(json) ? json : {}
}

const withNetwork = (t: ControllerTurn, id: NetworkId, run: (network: HostedNetwork) => void) => {
  const network = t.state.networks.get(id)
  if (network === undefined) return reject(t, { _tag: 'UnknownNetwork', network: id })
  run(network)
}
const withMember = (t: ControllerTurn, id: NetworkId, address: Address, run: (member: HostedMember) => void): void =>
  withNetwork(t, id, (network) => {
    const member = network.members.get(address)
    if (member === undefined) return reject(t, { _tag: 'UnknownMember', network: id, member: address })
    run(member)
  })
const reject = (t: ControllerTurn, error: ControllerError): void => {
  t.outputs.push({ _tag: 'Rejected', error })
}

const idOf = (self: Address, number: number): NetworkId => networkId((BigInt(self) << 24n) | BigInt(number))
/** There are 256 numbers for each network there may be, so a free one is soon found. */
const freeId = (t: ControllerTurn): NetworkId => {
  for (;;) {
    const [a, b, c] = t.config.random(3)
    const number = (a! << 16) | (b! << 8) | c!
    const id = idOf(t.config.self.address, number)
    if (number !== 0 && !t.state.networks.has(id)) return id
  }
}

const ISSUED_FOR: Millis = 180_000
const PUSHES_AT_ONCE = 8
