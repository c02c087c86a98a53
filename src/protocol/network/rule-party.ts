import { type Codec, decode } from '../kernel/codec.ts'
import { readU48 } from '../kernel/id.ts'
import type { NetworkConfig } from './config.ts'
import { type Capability, capability } from './credential/capability.ts'
import { type Ownership, ownership, thingType } from './credential/ownership.ts'
import { credentialType } from './credential/revocation.ts'
import { type Tag, tag } from './credential/tag.ts'
import { type EvaluatedRule, type RuleProgram, ruleProgram, word32 } from './rule-program.ts'

/**
 * What the rules may know of one side of a frame: its tags, its capabilities and what it owns. Made once for a
 * configuration or a set of credentials, read for every frame.
 */
export interface Party {
  readonly tags: ReadonlyMap<number, number>
  /** Ascending by id. */
  readonly capabilities: readonly RuleProgram[]
  /** IPv4 addresses as signed words. */
  readonly ipv4: ReadonlySet<number>
  readonly ipv6: readonly Uint8Array[]
  readonly macs: ReadonlySet<number>
}

/** The parts of the credentials that rules ask about; a `Tag`, `Capability` or `Ownership` is one. */
export interface PartyCredentials {
  readonly tags: readonly Pick<Tag, 'id' | 'value'>[]
  readonly capabilities: readonly { readonly id: number; readonly rules: readonly EvaluatedRule[] }[]
  readonly ownership: readonly Pick<Ownership, 'things'>[]
}

export const party = ({ tags, capabilities, ownership }: PartyCredentials): Party => {
  const things = ownership.flatMap((one) => one.things)
  const having = (type: number): readonly Uint8Array[] =>
    things.filter((one) => one.type === type).map((one) => one.value)
  return {
    tags: new Map(tags.map(({ id, value }) => [id, value])),
    capabilities: [...capabilities].sort((a, b) => a.id - b.id).map(({ id, rules }) => ruleProgram(rules, id)),
    ipv4: new Set(having(thingType.ipv4).map((value) => word32(value, 0))),
    ipv6: having(thingType.ipv6).map((value) => value.slice()),
    macs: new Set(having(thingType.mac).map((value) => readU48(value, 0))),
  }
}

/** This node: all that its configuration grants it counts. */
export const ownParty = (config: Pick<NetworkConfig, 'tags' | 'capabilities' | 'ownership'>): Party =>
  party({
    tags: all(tag, config.tags),
    capabilities: all(capability, config.capabilities),
    ownership: all(ownership, config.ownership),
  })

/** Where verified credentials of another member are kept (a `Member` is one): by type and id, and what is revoked. */
export interface CredentialShelf {
  readonly credentials: ReadonlyMap<string, { readonly timestamp: bigint; readonly bytes: Uint8Array }>
  readonly revoked: ReadonlyMap<string, bigint>
}

/**
 * Another member: what it has shown, as far as it counts under this configuration (§6.2), that is, issued near the
 * configuration in time, and after any revocation. Stays true until either changes.
 */
export const memberParty = (
  shelf: CredentialShelf,
  config: Pick<NetworkConfig, 'timestamp' | 'credentialTimeMaxDelta'>,
): Party => {
  if (shelf.credentials.size === 0) return NOBODY
  const tags: Tag[] = []
  const capabilities: Capability[] = []
  const owned: Ownership[] = []
  for (const [key, { timestamp, bytes }] of shelf.credentials) {
    const apart = timestamp - config.timestamp
    if ((apart < 0n ? -apart : apart) > config.credentialTimeMaxDelta) continue
    const threshold = shelf.revoked.get(key)
    if (threshold !== undefined && timestamp <= threshold) continue
    const type = Number.parseInt(key, 10)
    if (type === credentialType.tag) tags.push(...all(tag, [bytes]))
    else if (type === credentialType.capability) capabilities.push(...all(capability, [bytes]))
    else if (type === credentialType.ownership) owned.push(...all(ownership, [bytes]))
  }
  return party({ tags, capabilities, ownership: owned })
}

const all = <A>(codec: Codec<A>, serialized: readonly Uint8Array[]): readonly A[] =>
  serialized.flatMap((bytes) => {
    const read = decode(codec, bytes)
    return read._tag === 'Left' ? [] : [read.right]
  })

/** A member of whom no credentials are known, or no member in particular. */
export const NOBODY: Party = party({ tags: [], capabilities: [], ownership: [] })
