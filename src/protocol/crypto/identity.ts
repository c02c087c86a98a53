import { type Codec, reserve } from '../kernel/codec.ts'
import { badField, short, type WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type Address, address, isReserved, printAddress, readU40, writeU40 } from '../kernel/id.ts'
import type { Random } from '../kernel/rng.ts'
import type { Crypto } from './suite.ts'

/** A node: its 40-bit address and the two public keys the address was derived from (`docs/protocol/vl1.md`). */
export interface Identity {
  readonly address: Address
  /** X25519 (32 bytes), then Ed25519 (32 bytes). */
  readonly publicKey: Uint8Array
  /** X25519 scalar (32 bytes, unclamped), then Ed25519 seed (32 bytes); absent in others' identities. */
  readonly secretKey?: Uint8Array
}
export type SecretIdentity = Identity & { readonly secretKey: Uint8Array }

/**
 * The text form, as in `identity.public` and `identity.secret`:
 *
 *     address (10 hex) : 0 : public key (128 hex) [ : secret key (128 hex) ]
 *
 * Either case and one line break at the end are read; surplus digits, empty fields and reserved addresses are refused.
 */
export const parseIdentity = (text: string): E.Either<string, Identity> => {
  const found = IDENTITY_TEXT.exec(text)
  if (found === null)
    return E.left('an identity is address:0:public-key[:secret-key], in hex of 10, 128 and 128 digits')
  const at = address(Number.parseInt(found[1]!, 16))
  if (isReserved(at)) return E.left(`address ${printAddress(at)} is reserved`)
  const publicKey = fromHex(found[2]!)
  return E.right(
    found[3] === undefined ? { address: at, publicKey } : { address: at, publicKey, secretKey: fromHex(found[3]) },
  )
}

/** The public text form; never shows the secret. */
export const printIdentity = (identity: Identity): string =>
  `${printAddress(identity.address)}:0:${toHex(identity.publicKey)}`

/** The secret text form. What it returns must be stored unreadable to others, and never be logged. */
export const printSecret = (identity: SecretIdentity): string =>
  `${printIdentity(identity)}:${toHex(identity.secretKey)}`

/**
 * The binary form:
 *
 *     address[5]   type[1] = 0   publicKey[64]   secretLength[1] = 0 | 64   secretKey[secretLength]
 *
 * Writes the public form (71 bytes), the only one that goes on the wire; reads both. Keys are copied out, because
 * identities outlive the datagram they came in. A reserved address is read: `isLocallyValid` refuses it.
 */
export const identityCodec: Codec<Identity> = {
  read: (r): E.Either<WireError, Identity> => {
    const { bytes: b, at } = r
    if (r.end - at < PUBLIC_FORM) return E.left(short(at, PUBLIC_FORM - (r.end - at)))
    if (b[at + 5] !== 0) return E.left(badField('identity type', b[at + 5]!))
    const secretLength = b[at + 70]!
    if (secretLength !== 0 && secretLength !== 64) return E.left(badField('identity secret length', secretLength))
    if (r.end - at < PUBLIC_FORM + secretLength) return E.left(short(at, PUBLIC_FORM + secretLength - (r.end - at)))
    r.at = at + PUBLIC_FORM + secretLength
    const known = { address: address(readU40(b, at)), publicKey: b.slice(at + 6, at + 70) }
    return E.right(secretLength === 0 ? known : { ...known, secretKey: b.slice(at + 71, at + 135) })
  },
  write: (w, identity) => {
    const at = reserve(w, PUBLIC_FORM)
    writeU40(w.bytes, at, identity.address)
    w.bytes[at + 5] = 0
    w.bytes.set(identity.publicKey, at + 6)
    w.bytes[at + 70] = 0
  },
}

/** Same address and same public key; whether a secret is known does not matter. */
export const sameIdentity = (a: Identity, b: Identity): boolean => {
  if (a.address !== b.address || a.publicKey.length !== b.publicKey.length) return false
  for (let i = 0; i < a.publicKey.length; i++) if (a.publicKey[i] !== b.publicKey[i]) return false
  return true
}

/** SHA-384 of the address (5 bytes) and the public key. */
export const fingerprint = (crypto: Crypto, identity: Identity): Uint8Array => {
  const bytes = new Uint8Array(5 + 64)
  writeU40(bytes, 0, identity.address)
  bytes.set(identity.publicKey, 5)
  return crypto.sha384(bytes)
}

/** The memory-hard check that the address belongs to the key. Costs 10 to 40 ms: see that strangers cannot order it. */
export const isLocallyValid = (crypto: Crypto, identity: Identity): boolean =>
  identity.publicKey.length === 64 &&
  !isReserved(identity.address) &&
  addressIn(crypto.identityHash(identity.publicKey)) === identity.address

/** The address a digest of `identityHash` stands for; `undefined` if it is too easy a digest, or a reserved address. */
export const addressIn = (digest: Uint8Array): Address | undefined => {
  const found = address(readU40(digest, 59))
  return digest[0]! < DIFFICULTY && !isReserved(found) ? found : undefined
}

/** A fresh identity; about 15 hashes on average, a hundred if unlucky. Blocks all the while: see `tryIdentity`. */
export const generateIdentity = (crypto: Crypto, random: Random): SecretIdentity => {
  let secretKey = random(64)
  for (;;) {
    const found = tryIdentity(crypto, secretKey)
    if (found !== undefined) return found
    secretKey = nextSecret(secretKey)
  }
}

/** One step of the search: the identity of this secret, or `undefined` if its hash fails (14 in 15 do). */
export const tryIdentity = (crypto: Crypto, secretKey: Uint8Array): SecretIdentity | undefined => {
  const publicKey = publicKeyOf(crypto, secretKey)
  const found = addressIn(crypto.identityHash(publicKey))
  return found === undefined ? undefined : { address: found, publicKey, secretKey }
}

/** The 64-byte public key of a 64-byte secret. */
export const publicKeyOf = (crypto: Crypto, secretKey: Uint8Array): Uint8Array => {
  const publicKey = new Uint8Array(64)
  publicKey.set(crypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(crypto.ed25519PublicKey(secretKey.subarray(32, 64)), 32)
  return publicKey
}

/**
 * The secret to try after this one: the X25519 half counted up. From its second byte on, because clamping clears the low
 * three bits of the first and would give the same public key eight times.
 */
export const nextSecret = (secretKey: Uint8Array): Uint8Array => {
  const next = secretKey.slice()
  for (let i = 1; i < 31; i++) {
    next[i]! += 1
    if (next[i] !== 0) break
  }
  return next
}

const fromHex = (text: string): Uint8Array => {
  const out = new Uint8Array(text.length >>> 1)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return out
}
const toHex = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

const IDENTITY_TEXT = /^([0-9a-f]{10}):0:([0-9a-f]{128})(?::([0-9a-f]{128}))?\r?\n?$/i
/** Bytes of the public binary form. */
export const PUBLIC_FORM = 71
/** The first byte of the digest must be below it. */
const DIFFICULTY = 17
