import type { Crypto } from '../crypto/suite.ts'
import { encode } from '../kernel/codec.ts'
import type { Address } from '../kernel/id.ts'
import { type Capability, capability, capabilityIssuedTo, verifyCapability } from './credential/capability.ts'
import { type Com, com, comIssuedTo, comTimestamp, verifyCom } from './credential/com.ts'
import { type Ownership, ownership, verifyOwnership } from './credential/ownership.ts'
import { credentialType, type Revocation, verifyRevocation } from './credential/revocation.ts'
import type { IdentityOf, Verification } from './credential/signature.ts'
import { type Tag, tag, verifyTag } from './credential/tag.ts'
import type { Joined } from './joined.ts'
import { gatherAnew, judgeAnew, type Member, memberOf } from './member.ts'

/** What judging a credential takes. */
export interface Judge {
  readonly crypto: Crypto
  readonly identityOf: IdentityOf
  /** Asked before a signature is checked, because that is dear. */
  readonly mayCheck: () => boolean
}

/**
 * What became of a credential (`docs/protocol/vl2.md` §6.1): filed, known already, outdated or revoked,
 * forged, not looked at because its bringer asks too much, or to be judged once its signer is known. Credentials are filed under whom they are issued to, whoever brought them.
 */
export type Filed = 'new' | 'redundant' | 'refused' | 'forged' | 'unchecked' | 'unknown-signer'

export const fileCom = (judge: Judge, net: Joined, value: Com): Filed => {
  const holder = comIssuedTo(value)
  const timestamp = comTimestamp(value)
  const known = net.members.get(holder)
  if (timestamp <= (known?.comThreshold ?? 0n)) return 'refused'
  if (known?.com !== undefined) {
    if (timestamp < comTimestamp(known.com)) return 'refused'
    if (sameBytes(encode(com, known.com), encode(com, value))) return 'redundant'
  }
  return file(
    judge,
    () => verifyCom(judge.crypto, judge.identityOf, value),
    () => {
      const member = memberOf(net, holder)
      // a copy: the certificate outlives the packet it came in
      member.com = { ...value, signature: value.signature.slice() }
      judgeAnew(member)
    },
  )
}

export const fileTag = (judge: Judge, net: Joined, value: Tag): Filed =>
  fileOther(judge, net, value.issuedTo, credentialType.tag, value, encode(tag, value), () =>
    verifyTag(judge.crypto, judge.identityOf, value),
  )

export const fileCapability = (judge: Judge, net: Joined, value: Capability): Filed =>
  fileOther(judge, net, capabilityIssuedTo(value), credentialType.capability, value, encode(capability, value), () =>
    verifyCapability(judge.crypto, judge.identityOf, value),
  )

export const fileOwnership = (judge: Judge, net: Joined, value: Ownership): Filed =>
  fileOther(judge, net, value.issuedTo, credentialType.ownership, value, encode(ownership, value), () =>
    verifyOwnership(judge.crypto, judge.identityOf, value),
  )

/**
 * Thresholds only rise. Unlike deployed nodes, revoking a tag, capability or certificate of ownership leaves the
 * membership alone (§20): no controller issues such revocations.
 */
export const fileRevocation = (judge: Judge, net: Joined, value: Revocation): Filed => {
  if (!revocable.has(value.type)) return 'refused'
  const member = net.members.get(value.target)
  const key = keyOf(value.type, value.credentialId)
  const current = value.type === credentialType.com ? (member?.comThreshold ?? 0n) : (member?.revoked.get(key) ?? 0n)
  if (value.threshold <= current) return 'redundant'
  return file(
    judge,
    () => verifyRevocation(judge.crypto, judge.identityOf, value),
    () => {
      const target = memberOf(net, value.target)
      if (value.type === credentialType.com) target.comThreshold = value.threshold
      else if (target.revoked.has(key) || target.revoked.size < CREDENTIALS) target.revoked.set(key, value.threshold)
      judgeAnew(target)
      gatherAnew(target)
    },
  )
}

const fileOther = (
  judge: Judge,
  net: Joined,
  holder: Address,
  type: number,
  value: { readonly id: number; readonly timestamp: bigint },
  bytes: Uint8Array,
  verify: () => Verification,
): Filed => {
  const key = keyOf(type, value.id)
  const member: Member | undefined = net.members.get(holder)
  const stored = member?.credentials.get(key)
  if (stored !== undefined) {
    if (stored.timestamp > value.timestamp) return 'refused'
    if (sameBytes(stored.bytes, bytes)) return 'redundant'
  }
  if ((member?.revoked.get(key) ?? 0n) >= value.timestamp) return 'refused'
  if (stored === undefined && (member?.credentials.size ?? 0) >= CREDENTIALS) return 'refused'
  return file(judge, verify, () => {
    const member = memberOf(net, holder)
    member.credentials.set(key, { timestamp: value.timestamp, bytes })
    gatherAnew(member)
  })
}

const file = (judge: Judge, verify: () => Verification, store: () => void): Filed => {
  if (!judge.mayCheck()) return 'unchecked'
  const verification = verify()
  if (verification === 'unknown-signer') return 'unknown-signer'
  if (verification === 'invalid') return 'forged'
  store()
  return 'new'
}

const keyOf = (type: number, id: number): string => `${type}/${id}`

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const revocable: ReadonlySet<number> = new Set([
  credentialType.com,
  credentialType.capability,
  credentialType.tag,
  credentialType.ownership,
])
/** Tags, capabilities and certificates of ownership kept for one member: what a configuration can hold of each. */
export const CREDENTIALS = 128 + 128 + 4
