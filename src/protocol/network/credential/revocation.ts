import type { SecretIdentity } from '../../crypto/identity.ts'
import { sign } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import { branded, type Codec, i64, mapped, struct, type TypeOf, u8, u32, u40, u64 } from '../../kernel/codec.ts'
import { E } from '../../kernel/fp.ts'
import type { Address, NetworkId } from '../../kernel/id.ts'
import { framedBy, type IdentityOf, type Verification, verifyCredential } from './signature.ts'
import { signedCodec } from './signed.ts'

/**
 * Revocation (`docs/protocol/vl2.md` §5.5): credentials of one kind, issued to `target` at or before `threshold`, no
 * longer count.
 *
 *     0[4]   id[4]   nwid[8]   0[4]   credential id[4]   threshold[8]   flags[8]   target[5]   signer[5]   type[1]
 *     signature field[99]   extra[2..]
 *
 * The unused words are ignored when read and signed as zero. Flag 1: tell everybody at once.
 */
const unused: Codec<0> = mapped(
  u32,
  () => E.right(0 as const),
  () => 0,
)
const layout = struct({
  before: unused,
  id: u32,
  network: branded<bigint, NetworkId>(u64),
  between: unused,
  credentialId: u32,
  threshold: i64,
  flags: u64,
  target: branded<number, Address>(u40),
  signedBy: branded<number, Address>(u40),
  type: u8,
})
export type RevocationFields = Omit<TypeOf<typeof layout>, 'before' | 'between'>
export type Revocation = RevocationFields & { readonly signature: Uint8Array }
const fields: Codec<RevocationFields> = {
  read: (r) => {
    const found = layout.read(r)
    if (found._tag === 'Left') return found
    const { before: _before, between: _between, ...value } = found.right
    return E.right(value)
  },
  write: (w, value) => layout.write(w, { ...value, before: 0, between: 0 }),
}
export const revocation: Codec<Revocation> = signedCodec(fields)

export const revocationSignedBytes = (value: RevocationFields): Uint8Array => framedBy(fields, value)

export const issueRevocation = (
  crypto: Crypto,
  controller: SecretIdentity,
  unsigned: Omit<RevocationFields, 'signedBy'>,
): Revocation => {
  const value = { ...unsigned, signedBy: controller.address }
  return { ...value, signature: sign(crypto, controller, revocationSignedBytes(value)) }
}

export const verifyRevocation = (crypto: Crypto, identityOf: IdentityOf, value: Revocation): Verification =>
  verifyCredential(crypto, identityOf, value.network, value.signedBy, revocationSignedBytes(value), value.signature)

/** What can be revoked, by the type codes of §5. */
export const credentialType = { com: 1, capability: 2, tag: 3, ownership: 4, revocation: 6 } as const
export const FAST_PROPAGATE = 1n
