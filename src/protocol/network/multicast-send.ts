import { encode } from '../kernel/codec.ts'
import type { Frame, MulticastGroup } from '../kernel/frame.ts'
import { type Address, isReserved, type Mac } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { uniform } from '../kernel/rng.ts'
import { multicastFramePacket } from '../verb/multicast-frame.ts'
import { multicastGather } from '../verb/multicast-gather.ts'
import { verbCode } from '../verb/verb-code.ts'
import { updateGroups } from './announce.ts'
import { pushIfNeeded } from './credentials.ts'
import type { Active, Joined } from './joined.ts'
import { BROADCAST } from './mac.ts'
import { memberOf } from './member.ts'
import { currentMembers, type Group, groupOf } from './multicast-group.ts'
import { traceOutgoing } from './remote-trace.ts'
import { arpGroup, emulateNdp } from './resolution.ts'
import { filterOut } from './rules.ts'
import { deliver, drop, packetOf, send, type Turn, wake } from './turn.ts'

/**
 * Sending to a group (`docs/protocol/vl2.md` §11.2): one copy for each member, as many as the network's limit allows.
 * While too few are known, others are asked, and whoever turns up within `OUTGOING_FOR` gets the frame then.
 */
export interface Outgoing {
  readonly net: Joined
  readonly group: Group
  readonly copy: Copy
  /** Who has it, or must not get it back. */
  readonly done: Set<Address>
  sent: number
  readonly until: Millis
}

/** What every recipient gets. */
interface Copy {
  readonly etherType: number
  readonly payload: Uint8Array
  /** The source, where it is not this node's own MAC. */
  readonly from: Mac | undefined
  readonly gatherLimit: number
}

/** A multicast frame of the host stack. */
export const sendMulticast = (t: Turn, net: Joined, active: Active, frame: Frame) => {
  const bridged = frame.from !== net.ownMac
  const arp = arpGroup(frame)
  if (arp === undefined && frame.to === BROADCAST && !active.broadcast) return drop(t, 'broadcast-disabled', net.id)
  if (active.ndpEmulation) {
    const answer = emulateNdp(frame, active.ipv6, t.self, net.id, net.macs)
    if (answer !== undefined) return deliver(t, net, answer)
  }
  if (active.config.multicastLimit === 0) return drop(t, 'multicast-disabled', net.id)
  const group = arp ?? { mac: frame.to, adi: 0 }
  if (bridged) learnGroup(t, net, group)
  const { from, to, etherType, payload } = frame
  const verdict = filterOut(t, net, active, undefined, from, to, etherType, payload, false)
  if (verdict === 'drop') {
    traceOutgoing(t, net, from, to, etherType, payload.length)
    return drop(t, 'rule', net.id)
  }
  if (verdict === 'redirect') return
  // the frame may outlive this call, its buffer belongs to the host stack
  distribute(
    t,
    net,
    active,
    group,
    { from: bridged ? from : undefined, etherType, payload: payload.slice() },
    undefined,
  )
}

/** From step 2 on: also for a replicator that passes on what `origin` sent. */
export const distribute = (
  t: Turn,
  net: Joined,
  active: Active,
  target: MulticastGroup,
  content: Omit<Copy, 'gatherLimit'>,
  origin: Address | undefined,
) => {
  const replicator = origin === undefined ? nearestReplicator(t, active) : undefined
  if (replicator !== undefined) {
    const from = content.from ?? net.ownMac
    sendCopy(t, net, active, replicator, target, { ...content, from, gatherLimit: 0 }, true)
    return
  }
  const group = groupOf(t.state.groups, net.id, target.mac, target.adi, t.now)
  if (group === undefined) return drop(t, 'queue-full', net.id)
  wake(t, t.state.groups.sweepAt)
  const limit = active.config.multicastLimit
  const members = currentMembers(group, t.now)
  const known = members.length
  const enough = known >= limit
  const copy: Copy = { ...content, gatherLimit: enough ? 1 : limit - known + 1 }
  const outgoing: Outgoing = { net, group, copy, done: new Set(), sent: 0, until: t.now + OUTGOING_FOR }
  if (origin !== undefined) outgoing.done.add(origin)
  if (!enough && (known === 0 || t.now - group.gatheredAt >= GATHER_PERIOD))
    gather(t, net, active, group, copy.gatherLimit)
  for (const one of active.bridges) if (one !== t.self) sendTo(t, outgoing, active, one)
  for (const one of shuffled(t, members)) sendTo(t, outgoing, active, one)
  if (!enough && outgoing.sent < limit) queue(t, outgoing)
}

/** Sends what is queued for the group to a member that has just been found. */
export const sendQueued = (t: Turn, group: Group, member: Address): void => {
  for (const outgoing of t.state.outgoing) {
    const active = outgoing.net.active
    if (outgoing.group === group && active !== undefined && t.now < outgoing.until) sendTo(t, outgoing, active, member)
  }
}

export const tickOutgoing = (t: Turn): void => {
  const queue = t.state.outgoing
  while (queue.length > 0 && queue[0]!.until <= t.now) queue.shift()
  if (queue.length > 0) wake(t, queue[0]!.until)
}

export const forgetOutgoing = (t: Turn, net: Joined): void => {
  const kept = t.state.outgoing.filter((one) => one.net !== net)
  t.state.outgoing.splice(0, t.state.outgoing.length, ...kept)
}

/** A recipient that the rules exclude counts as served. */
const sendTo = (t: Turn, outgoing: Outgoing, active: Active, to: Address): void => {
  const { net, group, copy, done } = outgoing
  if (outgoing.sent >= active.config.multicastLimit || done.has(to) || to === t.self) return
  done.add(to)
  outgoing.sent++
  const from = copy.from ?? net.ownMac
  const verdict = filterOut(t, net, active, to, from, group.mac, copy.etherType, copy.payload, true)
  if (verdict === 'drop' || verdict === 'redirect') return
  sendCopy(t, net, active, to, group, copy, false)
}

const sendCopy = (
  t: Turn,
  net: Joined,
  active: Active,
  to: Address,
  { mac, adi }: MulticastGroup,
  copy: Copy,
  replicate: boolean,
): void => {
  pushIfNeeded(t, net, memberOf(net, to))
  const { from, etherType, payload } = copy
  const gatherLimit = replicate ? undefined : copy.gatherLimit
  const data = multicastFramePacket(net.key, { gatherLimit, from, replicate, to: mac, adi, etherType, payload })
  send(t, to, verbCode.multicastFrame, data, active.compressMulticast)
}

const queue = (t: Turn, outgoing: Outgoing): void => {
  const all = t.state.outgoing
  let ofGroup = 0
  for (const one of all) if (one.group === outgoing.group) ofGroup++
  const full = ofGroup >= OUTGOING_OF_GROUP
  if (full || all.length >= OUTGOING) {
    const at = full ? all.findIndex((one) => one.group === outgoing.group) : 0
    all.splice(at, 1)
  }
  all.push(outgoing)
  wake(t, all[0]!.until)
}

/** Asks who else is in the group: the best root, the controller, and members kept in contact. */
const gather = (t: Turn, net: Joined, active: Active, group: Group, limit: number): void => {
  group.gatheredAt = t.now
  const asked = new Set<Address>()
  const root = t.config.view.bestUpstream()
  if (root !== undefined) asked.add(root)
  if (!isReserved(net.controller)) asked.add(net.controller)
  for (const one of shuffled(t, [...active.anchors, ...active.replicators])) asked.add(one)
  asked.delete(t.self)
  const payload = encode(multicastGather, { network: net.id, mac: group.mac, adi: group.adi, limit, com: active.com })
  for (const to of [...asked].slice(0, GATHER_FROM)) send(t, to, verbCode.multicastGather, packetOf(payload))
}

const nearestReplicator = (t: Turn, active: Active): Address | undefined => {
  if (active.isBridge || active.isReplicator) return undefined
  let nearest: Address | undefined
  let least = Infinity
  for (const one of active.replicators) {
    const latency = t.config.view.directLatency(one)
    if (latency !== undefined && latency < least) {
      nearest = one
      least = latency
    }
  }
  return nearest
}

/** The group of a frame that came over this bridge is wanted behind it. */
const learnGroup = (t: Turn, net: Joined, group: MulticastGroup): void => {
  const key = `${group.mac}/${group.adi}`
  const known = net.groupsBehind.get(key)
  if (known !== undefined) known.seenAt = t.now
  else if (net.groupsBehind.size < GROUPS_BEHIND) {
    net.groupsBehind.set(key, { group, seenAt: t.now })
    updateGroups(t, net)
  }
}

/** In random order (Fisher and Yates). */
const shuffled = (t: Turn, items: readonly Address[]): readonly Address[] => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(uniform(t.config.random) * (i + 1))
    const held = out[i]!
    out[i] = out[j]!
    out[j] = held
  }
  return out
}

export const OUTGOING_FOR: Millis = 5_000
/** Multicasts kept for later members: of one group, and in all. */
export const OUTGOING_OF_GROUP = 32
export const OUTGOING = 1_024
export const GATHER_PERIOD: Millis = 60_000
/** An explicit gather asks so many nodes at most. */
const GATHER_FROM = 16
/** Groups remembered behind this bridge, for each network. */
export const GROUPS_BEHIND = 1_024
export const GROUP_BEHIND_FOR: Millis = 1_200_000
