import type { Address, Mac, NetworkId } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { LIKE_EXPIRY } from './announce.ts'

/** A multicast group of a network: who wants its frames, as far as this node was told. */
export interface Group {
  readonly network: NetworkId
  readonly mac: Mac
  readonly adi: number
  /** When each member was last heard to want it; they expire. */
  readonly members: Map<Address, Millis>
  /** When others were last asked for members. */
  gatheredAt: Millis
}

/** All groups, of joined networks and, at roots and controllers, of others. Bounded in every direction. */
export interface GroupTable {
  readonly networks: Map<NetworkId, Map<string, Group>>
  /** Memberships that each peer has, over all groups. */
  readonly ofPeer: Map<Address, number>
  groups: number
  memberships: number
  sweepAt: Millis
}
export const groupTable = (): GroupTable => ({
  networks: new Map(),
  ofPeer: new Map(),
  groups: 0,
  memberships: 0,
  sweepAt: Infinity,
})

export const findGroup = (table: GroupTable, network: NetworkId, mac: Mac, adi: number): Group | undefined =>
  table.networks.get(network)?.get(`${mac}/${adi}`)

/** The group, made if there is room; `undefined` if there is none. */
export const groupOf = (
  table: GroupTable,
  network: NetworkId,
  mac: Mac,
  adi: number,
  now: Millis,
): Group | undefined => {
  const found = findGroup(table, network, mac, adi)
  if (found !== undefined) return found
  if (table.groups >= GROUPS) return undefined
  const made: Group = { network, mac, adi, members: new Map(), gatheredAt: -Infinity }
  const groups = table.networks.get(network) ?? new Map<string, Group>()
  groups.set(`${mac}/${adi}`, made)
  table.networks.set(network, groups)
  table.groups++
  if (table.sweepAt === Infinity) table.sweepAt = now + SWEEP_PERIOD
  return made
}

/** Notes that `member` wants the group. Whether it is new there; `undefined` if there is no room. */
export const addMember = (table: GroupTable, group: Group, member: Address, now: Millis): boolean | undefined => {
  const known = group.members.get(member)
  if (known !== undefined) {
    group.members.set(member, now)
    return now - known >= LIKE_EXPIRY
  }
  const ofPeer = table.ofPeer.get(member) ?? 0
  if (table.memberships >= MEMBERSHIPS || ofPeer >= MEMBERSHIPS_OF_PEER) return undefined
  table.ofPeer.set(member, ofPeer + 1)
  table.memberships++
  group.members.set(member, now)
  return true
}

export const removeMember = (table: GroupTable, group: Group, member: Address): void => {
  if (!group.members.delete(member)) return
  table.memberships--
  const left = (table.ofPeer.get(member) ?? 1) - 1
  if (left > 0) table.ofPeer.set(member, left)
  else table.ofPeer.delete(member)
}

export const forgetNetwork = (table: GroupTable, network: NetworkId): void => {
  const groups = table.networks.get(network)
  if (groups === undefined) return
  for (const group of groups.values())
    for (const member of [...group.members.keys()]) removeMember(table, group, member)
  table.groups -= groups.size
  table.networks.delete(network)
}

/** Those heard of lately enough. */
export const currentMembers = (group: Group, now: Millis): Address[] => {
  const found: Address[] = []
  for (const [member, heardAt] of group.members) if (now - heardAt < LIKE_EXPIRY) found.push(member)
  return found
}

/** Forgets what expired, then groups that nobody is in, but for those that were asked about lately. */
export const sweepGroups = (table: GroupTable, now: Millis): void => {
  if (now < table.sweepAt) return
  for (const [network, groups] of table.networks) {
    for (const [key, group] of groups) {
      for (const [member, heardAt] of group.members)
        if (now - heardAt >= LIKE_EXPIRY) removeMember(table, group, member)
      if (group.members.size > 0 || now - group.gatheredAt < SWEEP_PERIOD) continue
      groups.delete(key)
      table.groups--
    }
    if (groups.size === 0) table.networks.delete(network)
  }
  table.sweepAt = table.groups > 0 ? now + SWEEP_PERIOD : Infinity
}

export const GROUPS = 65_536
export const MEMBERSHIPS = 262_144
/** One peer cannot take more than this share of the table. */
export const MEMBERSHIPS_OF_PEER = 4_096
const SWEEP_PERIOD: Millis = 30_000
