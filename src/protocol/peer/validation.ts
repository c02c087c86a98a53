import { type Identity, sameIdentity } from '../crypto/identity.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { Path } from './path.ts'
import { type Bucket, bucket, shut, take } from './rate-gate.ts'

/**
 * Identities of strangers whose memory-hard check runs outside (`docs/protocol/vl1.md`, limits; about 18 ms each).
 *
 * Native nodes check one per source prefix in two seconds, so that fresh nodes behind one address wait for each other.
 * Here a prefix has a burst and a rate, and all prefixes together a share of one core; a prefix that sends a false
 * identity, which costs its sender next to nothing, is shut for those two seconds. Fresh nodes come in at once, a flood
 * of false ones gets what it would get from a native node.
 */
export interface Validations {
  /** One per address: another key for the same address waits for the verdict on the first. */
  readonly pending: Map<Address, Pending>
  /** Pays for key agreements with strangers, and for the checks of those whose MAC was good. */
  readonly agreements: Bucket
  readonly checks: Bucket
  readonly groups: Map<number, Bucket>
}

export interface Pending {
  readonly identity: Identity
  readonly group: number
  readonly since: Millis
  /** The HELLOs that wait for the verdict, the same one by several paths as a rule. */
  readonly hellos: { readonly packet: Uint8Array; readonly path: Path }[]
}

export const validations = (): Validations => ({
  pending: new Map(),
  agreements: bucket(AGREEMENT_RATE),
  checks: bucket(CHECK_BURST),
  groups: new Map(),
})

/** Whether this prefix may have a key agreed and a MAC checked; pays for it. */
export const admit = (v: Validations, group: number, now: Millis): boolean => {
  let own = v.groups.get(group)
  if (own === undefined) {
    own = bucket(GROUP_BURST)
    v.groups.set(group, own)
  }
  if (!take(own, now, GROUP_RATE, GROUP_BURST)) return false
  if (take(v.agreements, now, AGREEMENT_RATE, AGREEMENT_RATE)) return true
  own.tokens += 1
  return false
}

/** Whether one more memory-hard check may be ordered; pays for it. */
export const admitCheck = (v: Validations, now: Millis): boolean => take(v.checks, now, CHECK_RATE, CHECK_BURST)

/** Adds a HELLO to those that wait; false if there is no room, or if it claims to be somebody else. */
export const joinPending = (pending: Pending, identity: Identity, packet: Uint8Array, path: Path): boolean => {
  if (pending.hellos.length >= MOST_HELLOS || !sameIdentity(pending.identity, identity)) return false
  pending.hellos.push({ packet, path })
  return true
}

export const hasRoom = (v: Validations): boolean => v.pending.size < MOST_PENDING

export const startPending = (v: Validations, identity: Identity, group: number, now: Millis): Pending => {
  const pending: Pending = { identity, group, since: now, hellos: [] }
  v.pending.set(identity.address, pending)
  return pending
}

/** Takes out what waited for this verdict. A false identity shuts the prefix it came from. */
export const settle = (v: Validations, identity: Identity, valid: boolean, now: Millis): Pending | undefined => {
  const pending = v.pending.get(identity.address)
  if (pending === undefined || !sameIdentity(pending.identity, identity)) return undefined
  v.pending.delete(identity.address)
  const own = v.groups.get(pending.group)
  if (!valid && own !== undefined) shut(own, now, PENALTY, GROUP_RATE)
  return pending
}

/** Gives up checks whose verdict never came, so that their places are free again. */
export const expirePending = (v: Validations, now: Millis): number => {
  let lost = 0
  for (const [key, one] of v.pending)
    if (now - one.since >= VERDICT_WITHIN) {
      v.pending.delete(key)
      lost++
    }
  // a full bucket says no more than no bucket
  for (const [group, own] of v.groups) if (now - own.at > REFILLED) v.groups.delete(group)
  return lost
}

/** Checks under way at once, and HELLOs that wait for each. */
export const MOST_PENDING = 64
export const MOST_HELLOS = 4
/** What one prefix may ask for at once and per second. */
export const GROUP_BURST = 32
export const GROUP_RATE = 10
/** Key agreements per second for all (60 µs each), and checks at once and per second (18 ms each: a third of one core). */
export const AGREEMENT_RATE = 1_000
export const CHECK_BURST = 64
export const CHECK_RATE = 20
/** How long a prefix is shut after a false identity. */
export const PENALTY: Millis = 2_000
const VERDICT_WITHIN: Millis = 30_000
const REFILLED: Millis = 10_000
