import type { Identity, SecretIdentity } from '../crypto/identity.ts'
import type { Crypto } from '../crypto/suite.ts'
import type { Address, NetworkId } from '../kernel/id.ts'
import { canonicalIp, type IpAddress } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import type { Random } from '../kernel/rng.ts'
import type { OutPacket } from '../vl1-io.ts'
import { MAX_SPECIALISTS } from './config-dictionary.ts'
import type { ControllerOutput } from './controller-io.ts'
import { type NetworkParts, networkParts } from './controller-parts.ts'
import { type MemberRecord, type NetworkRecord, revised } from './controller-record.ts'

export interface ControllerConfig {
  readonly crypto: Crypto
  readonly random: Random
  /** The node whose address begins the IDs of the networks; it signs everything. */
  readonly self: SecretIdentity
}

/** A mutable accumulator; one for each controller. */
export interface ControllerState {
  readonly networks: Map<NetworkId, HostedNetwork>
  /** Who asked for networks that do not exist, and when; bounded, oldest forgotten. */
  readonly strangers: Map<Address, Millis>
  /** Members that are to get a new configuration, a few at a time. */
  readonly due: Set<HostedMember>
  /** Members that were let in until their log-in ends, and when to look at them next. */
  readonly logins: Set<HostedMember>
  loginsAt: Millis
}
export interface HostedNetwork {
  readonly id: NetworkId
  record: NetworkRecord
  readonly members: Map<Address, HostedMember>
  /** Members whose record was deleted: made anew while they are online, they need not ask again. Bounded. */
  readonly departed: Map<Address, HostedMember>
  /** What follows from the members' records: who has an IP, who is a bridge, how many are not authorized. */
  readonly owners: Map<IpAddress, Address>
  readonly bridges: Set<Address>
  waiting: number
  /** Of these, who did nothing but ask, and whom nobody has touched: the one that asked longest ago is first. */
  readonly askers: Set<HostedMember>
  /** What follows from the record, once somebody asked. */
  parts: NetworkParts | undefined
  /** The bridges in order, as many as a configuration can name; `undefined` when they changed. */
  bridgeList: readonly Address[] | undefined
}
export interface HostedMember {
  readonly address: Address
  readonly network: HostedNetwork
  record: MemberRecord
  /** Of the last request, which a push repeats. */
  identity: Identity | undefined
  metadata: Uint8Array | undefined
  lastRequestAt: Millis
  /** When it was last given a configuration. */
  issuedAt: Millis
}

/** One step: what it is told, what it has to say. */
export interface ControllerTurn {
  readonly config: ControllerConfig
  readonly state: ControllerState
  readonly now: Millis
  readonly outputs: ControllerOutput[]
  readonly packets: OutPacket[]
}

export const hostNetwork = (state: ControllerState, id: NetworkId, record: NetworkRecord): HostedNetwork => {
  const network: HostedNetwork = {
    id,
    record,
    members: new Map(),
    departed: new Map(),
    owners: new Map(),
    bridges: new Set(),
    waiting: 0,
    askers: new Set(),
    parts: undefined,
    bridgeList: undefined,
  }
  state.networks.set(id, network)
  return network
}

export const hostMember = (network: HostedNetwork, address: Address, record: MemberRecord): HostedMember => {
  const before = network.departed.get(address)
  network.departed.delete(address)
  const member = {
    address,
    network,
    record,
    identity: before?.identity,
    metadata: before?.metadata,
    lastRequestAt: before?.lastRequestAt ?? -Infinity,
    issuedAt: -Infinity,
  }
  network.members.set(address, member)
  count(member)
  return member
}

export const saveNetwork = (t: ControllerTurn, network: HostedNetwork, after: NetworkRecord): boolean => {
  const record = revised(network.record.revision === 0 ? undefined : network.record, after)
  if (record === network.record) return false
  network.record = record
  network.parts = undefined
  t.outputs.push({ _tag: 'NetworkChanged', network: network.id, record })
  return true
}

export const partsOf = (network: HostedNetwork): NetworkParts => {
  network.parts ??= networkParts(network.record)
  return network.parts
}
export const bridgesOf = (network: HostedNetwork): readonly Address[] => {
  network.bridgeList ??= [...network.bridges].sort((a, b) => a - b).slice(0, MAX_SPECIALISTS)
  return network.bridgeList
}

/** Whether there was anything to save. */
export const saveMember = (t: ControllerTurn, member: HostedMember, after: MemberRecord): boolean => {
  const record = revised(member.record.revision === 0 ? undefined : member.record, after)
  if (record === member.record) return false
  uncount(member)
  member.record = record
  count(member)
  t.outputs.push({ _tag: 'MemberChanged', network: member.network.id, member: member.address, record })
  return true
}

export const removeMember = (t: ControllerTurn, member: HostedMember): void => {
  const { departed } = member.network
  departed.set(member.address, member)
  if (departed.size > DEPARTED) departed.delete(departed.keys().next().value!)
  discard(t, member)
}

/**
 * Whether somebody new can be written down. Where too many wait, the one that asked longest ago gives way: whoever is
 * still there asks again within seconds, and strangers cannot keep others out by having come first.
 */
export const hasRoom = (t: ControllerTurn, network: HostedNetwork): boolean => {
  if (network.waiting < MAX_WAITING && network.members.size < MAX_MEMBERS) return true
  const oldest = network.askers.values().next()
  if (oldest.done === true) return false
  discard(t, oldest.value)
  return true
}

/** Notes that a member asked. */
export const hasAsked = (member: HostedMember, now: Millis): void => {
  member.lastRequestAt = now
  const { askers } = member.network
  if (askers.delete(member)) askers.add(member)
}

const discard = (t: ControllerTurn, member: HostedMember): void => {
  uncount(member)
  member.network.members.delete(member.address)
  t.state.due.delete(member)
  t.state.logins.delete(member)
  t.outputs.push({
    _tag: 'MemberChanged',
    network: member.network.id,
    member: member.address,
    record: undefined,
  })
}

/** A member counts as reachable for a while after it asked. */
export const isOnline = (member: HostedMember, now: Millis): boolean => now - member.lastRequestAt <= ONLINE

const count = (member: HostedMember): void => {
  const { network, address, record } = member
  for (const ip of record.ipAssignments) {
    const key = canonicalIp(ip)
    if (key !== undefined && !network.owners.has(key)) network.owners.set(key, address)
  }
  if (record.activeBridge) {
    network.bridges.add(address)
    network.bridgeList = undefined
  }
  if (!record.authorized) network.waiting++
  if (isUntouched(record)) network.askers.add(member)
}
const uncount = (member: HostedMember): void => {
  const { network, address, record } = member
  for (const ip of record.ipAssignments) {
    const key = canonicalIp(ip)
    if (key !== undefined && network.owners.get(key) === address) network.owners.delete(key)
  }
  if (network.bridges.delete(address)) network.bridgeList = undefined
  if (!record.authorized) network.waiting--
  network.askers.delete(member)
}

/** As it was written down when it first asked: only then is the identity there from the first revision on. */
const isUntouched = (record: MemberRecord): boolean =>
  !record.authorized && record.revision === 1 && record.identity !== undefined

const ONLINE: Millis = 120_000
/** Deleted members that are remembered, for each network. */
export const DEPARTED = 256
/** Bounds of the tables, also of what strangers can fill. */
export const MAX_NETWORKS = 65_536
export const MAX_MEMBERS = 131_072
export const MAX_WAITING = 4_096
export const MAX_STRANGERS = 1_024
