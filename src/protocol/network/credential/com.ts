import { fingerprint, type Identity, type SecretIdentity } from '../../crypto/identity.ts'
import { SIGNATURE, sign } from '../../crypto/signature.ts'
import type { Crypto } from '../../crypto/suite.ts'
import {
  bytes,
  type Codec,
  counted,
  encode,
  many,
  readU16,
  readU64,
  struct,
  type TypeOf,
  u8,
  u16,
  u40,
  u64,
} from '../../kernel/codec.ts'
import { badField } from '../../kernel/error.ts'
import { E } from '../../kernel/fp.ts'
import { type Address, address, type NetworkId, networkId, readU40 } from '../../kernel/id.ts'
import type { Millis } from '../../kernel/machine.ts'
import { type IdentityOf, type Verification, verifyCredential } from './signature.ts'

/**
 * Certificate of membership (`docs/protocol/vl2.md` §5.1): the proof that a controller counts a node among the members
 * of a network, valid towards everybody whose own certificate is of about the same time.
 *
 *     01   n[2]   n × (id[8] value[8] maxDelta[8])   signer[5]   signature[96] unless the signer is 0
 *
 * Signed are the triples alone, without the frame that the other credentials have.
 */
export interface Com {
  readonly qualifiers: readonly Qualifier[]
  readonly signedBy: Address
  /** Empty where `signedBy` is 0. */
  readonly signature: Uint8Array
}
const qualifier = struct({ id: u64, value: u64, maxDelta: u64 })
export type Qualifier = TypeOf<typeof qualifier>

export const com: Codec<Com> = {
  read: (r) => {
    const version = u8.read(r)
    if (version._tag === 'Left') return version
    if (version.right !== 1) return E.left(badField('COM version', version.right))
    const list = qualifiers.read(r)
    if (list._tag === 'Left') return list
    for (let i = 1; i < list.right.length; i++)
      if (list.right[i]!.id < list.right[i - 1]!.id) return E.left(badField('COM qualifier order', list.right[i]!.id))
    const signer = u40.read(r)
    if (signer._tag === 'Left') return signer
    const signature = signer.right === 0 ? E.right(new Uint8Array(0)) : signatureBytes.read(r)
    if (signature._tag === 'Left') return signature
    return E.right({ qualifiers: list.right, signedBy: address(signer.right), signature: signature.right })
  },
  write: (w, value) => {
    u8.write(w, 1)
    qualifiers.write(w, value.qualifiers)
    u40.write(w, value.signedBy)
    if (value.signedBy !== 0) signatureBytes.write(w, value.signature)
  },
}

/** The length of the COM that begins at `at`, without decoding it; -1 if it is cut short or too long. */
export const comLength = (b: Uint8Array, at: number): number => {
  if (b.length < at + 8 || b[at] !== 1) return -1
  const count = readU16(b, at + 1)
  const signer = at + 3 + 24 * count
  if (count > MAX_QUALIFIERS || b.length < signer + 5) return -1
  const length = 3 + 24 * count + 5 + (readU40(b, signer) === 0 ? 0 : SIGNATURE)
  return at + length <= b.length ? length : -1
}

export const comTimestamp = (value: Com): bigint => qualifierOf(value, TIMESTAMP) ?? 0n
export const comNetwork = (value: Com): NetworkId => networkId(qualifierOf(value, NETWORK) ?? 0n)
export const comIssuedTo = (value: Com): Address =>
  address(Number((qualifierOf(value, ISSUED_TO) ?? 0n) & 0xff_ffff_ffffn))

/** What a controller issues: a member's certificate that agrees with others issued within `window`. */
export const issueCom = (
  crypto: Crypto,
  controller: SecretIdentity,
  network: NetworkId,
  member: Identity,
  timestamp: Millis,
  window: Millis,
): Com => {
  const hash = fingerprint(crypto, member)
  const issued = [
    { id: TIMESTAMP, value: BigInt(Math.floor(timestamp)), maxDelta: BigInt(window) },
    { id: NETWORK, value: network as bigint, maxDelta: 0n },
    { id: ISSUED_TO, value: BigInt(member.address), maxDelta: ANY },
    ...HASH_PARTS.map((id, i) => ({ id, value: readU64(hash, 8 * i), maxDelta: ANY })),
  ]
  const message = encode(triples, issued)
  return { qualifiers: issued, signedBy: controller.address, signature: sign(crypto, controller, message) }
}

export const verifyCom = (crypto: Crypto, identityOf: IdentityOf, value: Com): Verification =>
  verifyCredential(crypto, identityOf, comNetwork(value), value.signedBy, comSignedBytes(value), value.signature)

export const comSignedBytes = (value: Com): Uint8Array => encode(triples, value.qualifiers)

/**
 * Whether `other` is what `mine` asks of a fellow member: every qualifier of mine is there and differs by no more than
 * mine allows; if mine binds to an identity, the hash in `other` is that of `otherIdentity`. Directional; signatures
 * and revocations are judged elsewhere.
 */
export const comAgrees = (crypto: Crypto, mine: Com, other: Com, otherIdentity: Identity): boolean => {
  if (mine.qualifiers.length === 0 || other.qualifiers.length === 0) return false
  let bound = false
  for (const { id, value, maxDelta } of mine.qualifiers) {
    const theirs = qualifierOf(other, id)
    if (theirs === undefined) return false
    if ((theirs > value ? theirs - value : value - theirs) > maxDelta) return false
    if (id >= HASH_PARTS[0]! && id <= HASH_PARTS[3]!) bound = true
  }
  if (!bound) return true
  const hash = fingerprint(crypto, otherIdentity)
  return HASH_PARTS.every((id, i) => qualifierOf(other, id) === readU64(hash, 8 * i))
}

/** The first qualifier of that kind counts. */
const qualifierOf = (value: Com, id: bigint): bigint | undefined => value.qualifiers.find((q) => q.id === id)?.value

const MAX_QUALIFIERS = 8
const TIMESTAMP = 0n
const NETWORK = 1n
const ISSUED_TO = 2n
const HASH_PARTS: readonly bigint[] = [3n, 4n, 5n, 6n]
const ANY = 0xffff_ffff_ffff_ffffn
const qualifiers = counted(u16, qualifier, 'COM qualifier count', MAX_QUALIFIERS)
const triples = many(qualifier)
const signatureBytes = bytes(SIGNATURE)
