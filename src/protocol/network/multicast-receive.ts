import { decode, encode, readU32 } from '../kernel/codec.ts'
import { type Address, controllerOf, type Mac, type NetworkId, readU48 } from '../kernel/id.ts'
import { uniform } from '../kernel/rng.ts'
import { multicastFrameOk } from '../verb/multicast-frame.ts'
import {
  type GatherResults,
  type MulticastGatherOk,
  multicastGather,
  multicastGatherOk,
} from '../verb/multicast-gather.ts'
import { LIKE_RECORD } from '../verb/multicast-like.ts'
import { verbCode } from '../verb/verb-code.ts'
import type { Message } from '../vl1-io.ts'
import { receiveCom } from './credentials.ts'
import { admit, admitAndTrust } from './gate.ts'
import { type Joined, joinedAt } from './joined.ts'
import { addMember, currentMembers, findGroup, groupOf, removeMember } from './multicast-group.ts'
import { sendQueued } from './multicast-send.ts'
import { drop, reply, type Turn, wake } from './turn.ts'

/**
 * MULTICAST_LIKE (`docs/protocol/vl2.md` §11.1): taken from members of joined networks, and for any network where this
 * node is a root or the controller that lately let the sender in. Silently ignored from others.
 */
export const receiveLike = (t: Turn, message: Message): void => {
  const p = message.payload
  let network: NetworkId | undefined
  let authorized = false
  for (let at = 0; at + LIKE_RECORD <= p.length; at += LIKE_RECORD) {
    if (at === 0 || !sameNetwork(p, at, at - LIKE_RECORD)) {
      network = networkAt(p, at)
      authorized = mayUseGroups(t, message, network, joinedAt(t.state.table, p, at))
    }
    if (authorized && network !== undefined)
      found(t, network, readU48(p, at + 8) as Mac, readU32(p, at + 14), message.source)
  }
}

/** MULTICAST_GATHER (§11.4): answered with members that this node knows, or not at all. */
export const receiveGather = (t: Turn, message: Message) => {
  const read = decode(multicastGather, message.payload)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  const { network, mac, adi, limit, com } = read.right
  const net = t.state.table.byId.get(network)
  if (net !== undefined && com !== undefined) receiveCom(t, net, message.identity, com)
  const authorized = mayUseGroups(t, message, network, net)
  if (limit === 0 || !authorized) return
  const results = gathered(t, network, net, mac, adi, message.source, limit)
  if (results === undefined) return
  reply(t, message, verbCode.ok, verbCode.multicastGather, encode(multicastGatherOk, { network, mac, adi, results }))
}

/** OK to a MULTICAST_GATHER of ours (§11.3). VL1 has checked that one was sent. */
export const receiveGatherOk = (t: Turn, message: Message, body: Uint8Array) => {
  const read = decode(multicastGatherOk, body)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  foundAll(t, read.right)
}

/** OK to a MULTICAST_FRAME of ours: whom the recipient knows in the group. */
export const receiveFrameOk = (t: Turn, message: Message, body: Uint8Array) => {
  const read = decode(multicastFrameOk, body)
  if (read._tag === 'Left') return drop(t, 'malformed', undefined, message.source)
  const { network, mac, adi, results } = read.right
  if (results !== undefined) foundAll(t, { network, mac, adi, results })
}

/** Results for a reply, own address first where this node wants the group; `undefined` if there is nobody to name. */
export const gathered = (
  t: Turn,
  network: NetworkId,
  net: Joined | undefined,
  mac: Mac,
  adi: number,
  asker: Address,
  limit: number,
): GatherResults | undefined => {
  const group = findGroup(t.state.groups, network, mac, adi)
  const known = group === undefined ? [] : currentMembers(group, t.now)
  const own = net?.groups.some((one) => one.mac === mac && one.adi === adi) === true
  const total = known.length + (own ? 1 : 0)
  const others = known.filter((one) => one !== asker)
  const members: Address[] = own ? [t.self] : []
  const room = Math.min(limit, RESULTS)
  while (members.length < room && others.length > 0) {
    const at = Math.floor(uniform(t.config.random) * others.length)
    members.push(others[at]!)
    others[at] = others[others.length - 1]!
    others.pop()
  }
  return members.length === 0 ? undefined : { total, members }
}

/** ERROR 08: the peer does not want this group's frames. */
export const receiveUnwanted = (t: Turn, message: Message, net: Joined, mac: Mac, adi: number): void => {
  if (admit(t, net, message.identity) === undefined) return
  const group = findGroup(t.state.groups, net.id, mac, adi)
  if (group !== undefined) removeMember(t.state.groups, group, message.source)
}

const mayUseGroups = (t: Turn, message: Message, network: NetworkId, net: Joined | undefined): boolean =>
  (net !== undefined && admitAndTrust(t, net, message.identity) !== undefined) ||
  t.config.view.isUpstream(t.self) ||
  (controllerOf(network) === t.self && t.config.issued?.(network, message.source) === true)

const foundAll = (t: Turn, { network, mac, adi, results }: MulticastGatherOk): void => {
  if (!t.state.table.byId.has(network)) return
  for (const member of results.members) found(t, network, mac, adi, member)
}

const found = (t: Turn, network: NetworkId, mac: Mac, adi: number, member: Address) => {
  if (member === t.self) return
  const { groups } = t.state
  const group = groupOf(groups, network, mac, adi, t.now)
  const added = group === undefined ? undefined : addMember(groups, group, member, t.now)
  if (added === undefined) return drop(t, 'queue-full', network, member)
  wake(t, groups.sweepAt)
  if (added && group !== undefined) sendQueued(t, group, member)
}

const networkAt = (p: Uint8Array, at: number): NetworkId =>
  ((BigInt(readU32(p, at)) << 32n) | BigInt(readU32(p, at + 4))) as NetworkId
const sameNetwork = (p: Uint8Array, a: number, b: number): boolean =>
  readU32(p, a + 4) === readU32(p, b + 4) && readU32(p, a) === readU32(p, b)

/** Members named in one reply: it has to fit a datagram, replies are not fragmented. */
export const RESULTS = Math.floor((1_432 - 28 - 9 - 19 - 6) / 5)
