import { writeU32 } from '../kernel/codec.ts'
import type { MulticastGroup } from '../kernel/frame.ts'
import { type Address, isReserved, writeU48 } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { LIKE_RECORD } from '../verb/multicast-like.ts'
import { writeNetwork } from '../verb/network-key.ts'
import { verbCode } from '../verb/verb-code.ts'
import { HEADER } from '../vl1-io.ts'
import type { Joined } from './joined.ts'
import { broadcastGroup, compareGroups } from './mac.ts'
import { isAllowed, type Member } from './member.ts'
import { send, type Turn, wake } from './turn.ts'

/**
 * Telling others which groups this node wants frames of (`docs/protocol/vl2.md` §11.1): at once when a group is new,
 * all of them every minute. There is no taking back, what is not repeated expires.
 */

/** Own groups anew, after the host's, those behind the bridge or the configuration changed; new ones are announced. */
export const updateGroups = (t: Turn, net: Joined): void => {
  const all = new Map<string, MulticastGroup>()
  const add = (group: MulticastGroup): void => void all.set(`${group.mac}/${group.adi}`, group)
  net.hostGroups.forEach(add)
  for (const { group } of net.groupsBehind.values()) add(group)
  if (net.active?.broadcast === true) add(broadcastGroup)
  const before = new Set(net.groups.map(({ mac, adi }) => `${mac}/${adi}`))
  net.groups = [...all.values()].sort(compareGroups)
  if (net.active === undefined) return
  const fresh = net.groups.filter(({ mac, adi }) => !before.has(`${mac}/${adi}`))
  if (fresh.length === 0) return
  for (const to of upstreamsOf(t, net)) like(t, net, to, fresh)
  for (const member of net.members.values()) if (isCurrent(t, net, member)) like(t, net, member.address, fresh)
  net.repeated = 0
  repeatLater(t, net)
}

/** Nobody confirms a MULTICAST_LIKE, and a lost one leaves this node unfound for a minute: news is told again soon. */
export const repeatNews = (t: Turn, net: Joined): void => {
  for (const to of upstreamsOf(t, net)) like(t, net, to, net.groups)
  net.repeated++
  repeatLater(t, net)
}

const repeatLater = (t: Turn, net: Joined): void => {
  net.repeatAt = t.now + (REPEATS[net.repeated] ?? Infinity)
  wake(t, net.repeatAt)
}

/** Everything to everybody concerned: when a first configuration arrives, and once a minute from then on. */
export const announceAll = (t: Turn, net: Joined): void => {
  net.announceAt = t.now + LIKE_PERIOD
  wake(t, net.announceAt)
  for (const to of upstreamsOf(t, net)) like(t, net, to, net.groups)
  for (const member of net.members.values())
    if (t.now - member.likedAt >= LIKE_PERIOD && isCurrent(t, net, member)) announceTo(t, net, member)
}

export const announceTo = (t: Turn, net: Joined, member: Member): void => {
  member.likedAt = t.now
  like(t, net, member.address, net.groups)
}

/** Who is told of every group: the roots, the controller, and members the network keeps in contact with. */
export const upstreamsOf = (t: Turn, net: Joined): ReadonlySet<Address> => {
  const found = new Set<Address>(t.config.view.upstreams())
  if (!isReserved(net.controller)) found.add(net.controller)
  for (const one of net.active?.anchors ?? []) found.add(one)
  for (const one of net.active?.replicators ?? []) found.add(one)
  found.delete(t.self)
  return found
}

/** A member that is allowed in and was heard from while what it knows of us still counts. */
const isCurrent = (t: Turn, net: Joined, member: Member): boolean => {
  if (t.now - member.heardAt > LIKE_EXPIRY) return false
  const identity = t.identityOf(member.address)
  return identity !== undefined && isAllowed(t, net, member, identity)
}

const like = (t: Turn, net: Joined, to: Address, groups: readonly MulticastGroup[]): void => {
  for (let from = 0; from < groups.length; from += LIKES_OF_PACKET) {
    const part = groups.slice(from, from + LIKES_OF_PACKET)
    const data = new Uint8Array(HEADER + part.length * LIKE_RECORD)
    part.forEach(({ mac, adi }, i) => {
      const at = HEADER + i * LIKE_RECORD
      writeNetwork(data, at, net.key)
      writeU48(data, at + 8, mac)
      writeU32(data, at + 14, adi)
    })
    send(t, to, verbCode.multicastLike, data, true)
  }
}

const LIKES_OF_PACKET = Math.floor((10_024 - HEADER) / LIKE_RECORD)
/** How long after the news, and then after the first repeat. */
const REPEATS: readonly Millis[] = [1_000, 4_000]
export const LIKE_PERIOD: Millis = 60_000
export const LIKE_EXPIRY: Millis = 600_000
/** Groups of the host stack that are announced for one network. */
export const HOST_GROUPS = 1_024
