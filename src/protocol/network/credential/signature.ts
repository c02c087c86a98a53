import type { Identity } from '../../crypto/identity.ts'
import { SIGNATURE, verify } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import { type Codec, encode, readU16, reserve, writeU16 } from '../../kernel/codec.ts'
import { badField, short } from '../../kernel/error.ts'
import { E } from '../../kernel/fp.ts'
import { type Address, controllerOf, type NetworkId } from '../../kernel/id.ts'

/**
 * What credentials have in common (`docs/protocol/vl2.md` §5): the signature field, the frame of eight 0x7f octets
 * around what is signed, and the three ways a check can end.
 */
export type Verification = 'valid' | 'invalid' | 'unknown-signer'
/** The identities at hand; a signer that is not among them must be asked for (WHOIS) before the check can end. */
export type IdentityOf = (address: Address) => Identity | undefined

/** Valid only if the controller of `network` signed `message`. */
export const verifyCredential = (
  crypto: Crypto,
  identityOf: IdentityOf,
  network: NetworkId,
  signedBy: Address,
  message: Uint8Array,
  signature: Uint8Array,
): Verification => {
  if (signedBy !== controllerOf(network)) return 'invalid'
  const signer = identityOf(signedBy)
  if (signer === undefined) return 'unknown-signer'
  return verify(crypto, signer.publicKey, message, signature) ? 'valid' : 'invalid'
}

/** `body` as it is signed: between eight octets 0x7f on each side, a zero extra length at its end. */
export const framed = (body: Uint8Array): Uint8Array => {
  const out = new Uint8Array(body.length + 18).fill(0x7f)
  out.set(body, 8)
  out[body.length + 8] = 0
  out[body.length + 9] = 0
  return out
}
/** The framed form of what `codec` writes for `value`. */
export const framedBy = <A>(codec: Codec<A>, value: A): Uint8Array => framed(encode(codec, value))

/**
 *     type[1] = 1   length[2] = 96   signature[96]
 *
 * Another type is skipped by its length and gives 96 zero bytes, which verify under no key.
 */
export const signatureField: Codec<Uint8Array> = {
  read: (r) => {
    if (r.end - r.at < 3) return E.left(short(r.at, 3 - (r.end - r.at)))
    const known = r.bytes[r.at] === 1
    const length = readU16(r.bytes, r.at + 1)
    if (known && length !== SIGNATURE) return E.left(badField('signature length', length))
    if (r.end - r.at - 3 < length) return E.left(short(r.at + 3, length - (r.end - r.at - 3)))
    const value = known ? r.bytes.subarray(r.at + 3, r.at + 3 + length) : new Uint8Array(SIGNATURE)
    r.at += 3 + length
    return E.right(value)
  },
  write: (w, value) => {
    const at = reserve(w, 3 + SIGNATURE)
    w.bytes[at] = 1
    writeU16(w.bytes, at + 1, SIGNATURE)
    w.bytes.set(value.subarray(0, SIGNATURE), at + 3)
  },
}

/** The length of data for later versions, and that data: skipped when read, empty when written. */
export const extraField: Codec<void> = {
  read: (r) => {
    const left = r.end - r.at
    if (left < 2) return E.left(short(r.at, 2 - left))
    const length = readU16(r.bytes, r.at)
    if (left - 2 < length) return E.left(short(r.at + 2, length - (left - 2)))
    r.at += 2 + length
    return E.right(undefined)
  },
  write: (w) => {
    const at = reserve(w, 2)
    writeU16(w.bytes, at, 0)
  },
}
