import type { SecretIdentity } from '../../crypto/identity.ts'
import { sign, verify } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import { branded, type Codec, i64, struct, u8, u16, u32, u40, u64 } from '../../kernel/codec.ts'
import { badField } from '../../kernel/error.ts'
import { E } from '../../kernel/fp.ts'
import { type Address, address, controllerOf, type NetworkId } from '../../kernel/id.ts'
import { MAX_CAPABILITY_RULES, type Rule, readRules, writeRules } from '../rule.ts'
import { extraField, framedBy, type IdentityOf, signatureField, type Verification } from './signature.ts'

/**
 * Capability (`docs/protocol/vl2.md` §5.3): rules that a member may use where the network's own do not match, handed
 * down a chain of custody that begins at the controller.
 *
 *     nwid[8]   timestamp[8]   id[4]   n[2]   rules[..]   M[1] longest chain
 *     links × (to[5] from[5] signature field[99])   0[5]   extra[2..]
 *
 * Each link signs everything before the links, in a frame; the last `to` holds the capability. No signature covers `to`.
 */
export interface CapabilityFields {
  readonly network: NetworkId
  readonly timestamp: bigint
  readonly id: number
  readonly rules: readonly Rule[]
  /** How many links there may be, 1 to 7. */
  readonly maxCustody: number
}
export interface CustodyLink {
  readonly to: Address
  readonly from: Address
  readonly signature: Uint8Array
}
export type Capability = CapabilityFields & { readonly custody: readonly CustodyLink[] }

const head = struct({ network: branded<bigint, NetworkId>(u64), timestamp: i64, id: u32, ruleCount: u16 })
const link: Codec<Omit<CustodyLink, 'to'>> = struct({ from: branded<number, Address>(u40), signature: signatureField })

/** The part that is signed. */
const fields: Codec<CapabilityFields> = {
  read: (r) => {
    const start = head.read(r)
    if (start._tag === 'Left') return start
    const { network, timestamp, id, ruleCount } = start.right
    if (ruleCount > MAX_CAPABILITY_RULES) return E.left(badField('capability rule count', ruleCount))
    const rules = readRules(r, ruleCount)
    if (rules._tag === 'Left') return rules
    const most = u8.read(r)
    if (most._tag === 'Left') return most
    if (most.right < 1 || most.right > MAX_CUSTODY) return E.left(badField('custody chain length', most.right))
    return E.right({ network, timestamp, id, rules: rules.right, maxCustody: most.right })
  },
  write: (w, value) => {
    head.write(w, { ...value, ruleCount: value.rules.length })
    writeRules(w, value.rules)
    u8.write(w, value.maxCustody)
  },
}

export const capability: Codec<Capability> = {
  read: (r) => {
    const body = fields.read(r)
    if (body._tag === 'Left') return body
    const custody: CustodyLink[] = []
    for (;;) {
      const to = u40.read(r)
      if (to._tag === 'Left') return to
      if (to.right === 0) break
      if (custody.length === body.right.maxCustody) return E.left(badField('custody links', custody.length + 1))
      const one = link.read(r)
      if (one._tag === 'Left') return one
      custody.push({ to: address(to.right), ...one.right })
    }
    const extra = extraField.read(r)
    return extra._tag === 'Left' ? extra : E.right({ ...body.right, custody })
  },
  write: (w, value) => {
    fields.write(w, value)
    for (const one of value.custody) {
      u40.write(w, one.to)
      link.write(w, one)
    }
    u40.write(w, 0)
    extraField.write(w)
  },
}

export const capabilitySignedBytes = (value: CapabilityFields): Uint8Array => framedBy(fields, value)

/** Who holds it: the end of the chain; 0 where there is none. */
export const capabilityIssuedTo = ({ custody }: Capability): Address => custody.at(-1)?.to ?? address(0)

export const issueCapability = (
  crypto: Crypto,
  controller: SecretIdentity,
  to: Address,
  value: CapabilityFields,
): Capability => ({
  ...value,
  custody: [{ to, from: controller.address, signature: sign(crypto, controller, capabilitySignedBytes(value)) }],
})

export const verifyCapability = (crypto: Crypto, identityOf: IdentityOf, value: Capability): Verification => {
  if (value.custody.length === 0) return 'invalid'
  const message = capabilitySignedBytes(value)
  let holder = controllerOf(value.network)
  for (const { to, from, signature } of value.custody) {
    if (from !== holder) return 'invalid'
    const signer = identityOf(from)
    if (signer === undefined) return 'unknown-signer'
    if (!verify(crypto, signer.publicKey, message, signature)) return 'invalid'
    holder = to
  }
  return 'valid'
}

const MAX_CUSTODY = 7
