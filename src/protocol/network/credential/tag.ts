import type { SecretIdentity } from '../../crypto/identity.ts'
import { sign } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import { branded, type Codec, i64, struct, type TypeOf, u32, u40, u64 } from '../../kernel/codec.ts'
import type { Address, NetworkId } from '../../kernel/id.ts'
import { framedBy, type IdentityOf, type Verification, verifyCredential } from './signature.ts'
import { signedCodec } from './signed.ts'

/**
 * Tag (`docs/protocol/vl2.md` §5.2): a number that a controller pins on a member, for rules to compare.
 *
 *     nwid[8]   timestamp[8]   id[4]   value[4]   issued to[5]   signer[5]   signature field[99]   extra[2..]
 */
const fields = struct({
  network: branded<bigint, NetworkId>(u64),
  timestamp: i64,
  id: u32,
  value: u32,
  issuedTo: branded<number, Address>(u40),
  signedBy: branded<number, Address>(u40),
})
export type TagFields = TypeOf<typeof fields>
export type Tag = TagFields & { readonly signature: Uint8Array }
export const tag: Codec<Tag> = signedCodec(fields)

export const tagSignedBytes = (value: TagFields): Uint8Array => framedBy(fields, value)

export const issueTag = (crypto: Crypto, controller: SecretIdentity, unsigned: Omit<TagFields, 'signedBy'>): Tag => {
  const value = { ...unsigned, signedBy: controller.address }
  return { ...value, signature: sign(crypto, controller, tagSignedBytes(value)) }
}

export const verifyTag = (crypto: Crypto, identityOf: IdentityOf, value: Tag): Verification =>
  verifyCredential(crypto, identityOf, value.network, value.signedBy, tagSignedBytes(value), value.signature)
