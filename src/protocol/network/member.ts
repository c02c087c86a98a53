import type { Identity } from '../crypto/identity.ts'
import type { Address, Mac } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { type Com, comAgrees, comTimestamp } from './credential/com.ts'
import type { Joined } from './joined.ts'
import { macOf } from './mac.ts'
import { NOBODY, type Party } from './rule-party.ts'
import type { Turn } from './turn.ts'

/** What is known of another member of a network (`docs/protocol/vl2.md` §6). In memory only. */
export interface Member {
  readonly address: Address
  readonly mac: Mac
  com: Com | undefined
  /** COMs of this time or earlier are revoked. */
  comThreshold: bigint
  /** Tags, capabilities and certificates of ownership, each kind by its id. */
  readonly credentials: Map<string, StoredCredential>
  /** Revocation thresholds by type and id. */
  readonly revoked: Map<string, bigint>
  /** What the rules may know of it, and under which configuration that was gathered. */
  party: Party
  partyEpoch: number
  /** Whether the gate is open, and under which configuration that was concluded. */
  allowed: boolean
  judged: number
  /** When it last passed the gate. */
  heardAt: Millis
  pushedAt: Millis
  likedAt: Millis
  trustedAt: Millis
}

/** A verified credential: its bytes tell whether another one is the same. */
export interface StoredCredential {
  readonly timestamp: bigint
  readonly bytes: Uint8Array
}

/** The member's record, made on first use. Beyond `MEMBERS` the one made first is forgotten. */
export const memberOf = (net: Joined, address: Address): Member => {
  const known = net.members.get(address)
  if (known !== undefined) return known
  if (net.members.size >= MEMBERS) {
    const oldest = net.members.keys().next()
    if (oldest.done !== true) net.members.delete(oldest.value)
  }
  const made: Member = {
    address,
    mac: macOf(net.macs, address),
    com: undefined,
    comThreshold: 0n,
    credentials: new Map(),
    revoked: new Map(),
    party: NOBODY,
    partyEpoch: NEVER,
    allowed: false,
    judged: NEVER,
    heardAt: -Infinity,
    pushedAt: -Infinity,
    likedAt: -Infinity,
    trustedAt: -Infinity,
  }
  net.members.set(address, made)
  return made
}

/** Whether the gate is open to a member; kept until the configuration or its certificate changes. */
export const isAllowed = (t: Turn, net: Joined, member: Member, identity: Identity): boolean => {
  if (member.judged === net.epoch) return member.allowed
  const active = net.active
  if (active === undefined) return false
  member.judged = net.epoch
  member.allowed =
    active.config.type === 'public' ||
    (active.com !== undefined &&
      member.com !== undefined &&
      hasUsableCom(member) &&
      comAgrees(t.config.crypto, active.com, member.com, identity))
  return member.allowed
}

/** What the gate concluded of this member no longer holds. */
export const judgeAnew = (member: Member): void => {
  member.judged = NEVER
}

/** What the rules know of this member no longer holds. */
export const gatherAnew = (member: Member): void => {
  member.partyEpoch = NEVER
}

const hasUsableCom = (member: Member): boolean =>
  member.com !== undefined && comTimestamp(member.com) > member.comThreshold

const NEVER = -1
/** Members remembered for each network. */
export const MEMBERS = 16_384
