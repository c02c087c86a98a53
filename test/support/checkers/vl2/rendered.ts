import { type Identity, parseIdentity, type SecretIdentity } from '../../../../src/protocol/crypto/identity.ts'
import { encode } from '../../../../src/protocol/kernel/codec.ts'
import { printAddress, printMac, printNetworkId, readU48 } from '../../../../src/protocol/kernel/id.ts'
import { printIp } from '../../../../src/protocol/kernel/ip.ts'
import type { IpPrefix, NetworkConfig } from '../../../../src/protocol/network/config.ts'
import { type Capability, capabilityIssuedTo } from '../../../../src/protocol/network/credential/capability.ts'
import { type Com, comIssuedTo, comNetwork, comTimestamp } from '../../../../src/protocol/network/credential/com.ts'
import type { Ownership } from '../../../../src/protocol/network/credential/ownership.ts'
import type { Revocation } from '../../../../src/protocol/network/credential/revocation.ts'
import type { Tag } from '../../../../src/protocol/network/credential/tag.ts'
import { codeOf, isAction, type Rule } from '../../../../src/protocol/network/rule.ts'
import { printRule } from '../../../../src/protocol/network/rule-json.ts'
import { hex } from '../../checker.ts'

/** Values of the protocol in the words of the vector files. */
export const hex64 = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0')

export const ruleShown = (rule: Rule) => {
  const shown = {
    t: codeOf(rule) | (rule.not ? 0x80 : 0) | (rule.or ? 0x40 : 0),
    ...printRule(rule),
    not: rule.not,
    or: rule.or,
  }
  switch (rule._tag) {
    case 'Unknown':
      return { ...shown, type: `UNKNOWN_${rule.code}` }
    case 'Priority':
      return { ...shown, qosBucket: 0 }
    case 'Redirect':
      return { ...shown, length: rule.length }
    case 'Icmp':
      return { ...shown, icmpCode: rule.icmpCode, icmpFlags: rule.flags }
    case 'IntegerRange':
      return { ...shown, type: 'MATCH_INTEGER_RANGE' }
    default:
      return isAction(rule) ? shown : shown
  }
}

export const comShown = (value: Com) => ({
  qualifiers: value.qualifiers.map((q) => ({
    id: Number(q.id),
    value: hex64(q.value),
    max_delta: hex64(q.maxDelta),
  })),
  signed_by: printAddress(value.signedBy),
  ...(value.signature.length > 0 ? { signature: hex(value.signature) } : {}),
  timestamp: Number(comTimestamp(value)),
  network_id: printNetworkId(comNetwork(value)),
  issued_to: printAddress(comIssuedTo(value)),
})

export const tagShown = (value: Tag) => ({
  network_id: printNetworkId(value.network),
  timestamp: Number(value.timestamp),
  id: value.id,
  value: value.value,
  issued_to: printAddress(value.issuedTo),
  signed_by: printAddress(value.signedBy),
  signature: hex(value.signature),
})

export const capabilityShown = (value: Capability) => ({
  network_id: printNetworkId(value.network),
  timestamp: Number(value.timestamp),
  id: value.id,
  rules: value.rules.map(ruleShown),
  max_custody_chain_length: value.maxCustody,
  custody: value.custody.map((link) => ({
    to: printAddress(link.to),
    from: printAddress(link.from),
    signature: hex(link.signature),
  })),
  issued_to: printAddress(capabilityIssuedTo(value)),
})

export const ownershipShown = (value: Ownership) => ({
  network_id: printNetworkId(value.network),
  timestamp: Number(value.timestamp),
  flags: hex64(value.flags),
  id: value.id,
  things: value.things.map((thing) => ({
    type: thing.type,
    value16: hex(thing.value),
    ...(thing.type === 1 ? { mac: printMac(readU48(thing.value, 0) as never) } : {}),
    ...(thing.type === 2 ? { ip: printIp(thing.value.subarray(0, 4)) } : {}),
    ...(thing.type === 3 ? { ip: printIp(thing.value) } : {}),
  })),
  issued_to: printAddress(value.issuedTo),
  signed_by: printAddress(value.signedBy),
  signature: hex(value.signature),
})

export const revocationShown = (value: Revocation) => ({
  id: value.id,
  credential_id: value.credentialId,
  network_id: printNetworkId(value.network),
  threshold: Number(value.threshold),
  flags: hex64(value.flags),
  fast_propagate: (value.flags & 1n) === 1n,
  target: printAddress(value.target),
  signed_by: printAddress(value.signedBy),
  credential_type: value.type,
  signature: hex(value.signature),
})

export const prefixShown = ({ address, bits }: IpPrefix): string => `${address}/${bits}`

export const specialistShown = (s: NetworkConfig['specialists'][number]) => ({
  raw: hex64(
    BigInt(s.address) |
      (s.activeBridge ? 1n << 41n : 0n) |
      (s.anchor ? 1n << 42n : 0n) |
      (s.multicastReplicator ? 1n << 43n : 0n),
  ),
  address: printAddress(s.address),
  activeBridge: s.activeBridge,
  anchor: s.anchor,
  multicastReplicator: s.multicastReplicator,
})

/** A value that compares as text whatever the order its keys were written in. */
export const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** An identity of a vector file, which is known to be well formed. */
export const identityOf = (entry: { readonly identity: string }): Identity => {
  const parsed = parseIdentity(entry.identity)
  if (parsed._tag === 'Left') throw new Error(parsed.left)
  return parsed.right
}
export const secretOf = (entry: { readonly identity_secret: string }): SecretIdentity => {
  const { secretKey, ...identity } = identityOf({ identity: entry.identity_secret })
  if (secretKey === undefined) throw new Error('no secret key')
  return { ...identity, secretKey }
}

export const encoded = <A>(codec: Parameters<typeof encode<A>>[0], value: A): string => hex(encode(codec, value))
/** The first thing that is wrong. */
export const first = (...found: readonly (string | undefined)[]): string | undefined =>
  found.find((one) => one !== undefined)
