import { createHash, createHmac, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto'
import type { Crypto } from '../../protocol/crypto/suite.ts'
import { isWeakEd25519Key } from '../../protocol/crypto/weak-key.ts'
import { type Curve, importSecret } from './secret-key.ts'

/**
 * Hashes and curves through node:crypto, ten to thirty times the speed of noble. Imported keys are kept, because
 * importing costs as much as using.
 */
export const nodePrimitives = {
  sha512: (data) => new Uint8Array(createHash('sha512').update(data).digest()),
  sha384: (data) => new Uint8Array(createHash('sha384').update(data).digest()),
  hmacSha384: (key, data) => new Uint8Array(createHmac('sha384', key).update(data).digest()),
  x25519PublicKey: (secret) => publicOf('X25519', secret),
  x25519: (secret, publicKey) => {
    const [mine, theirs] = [secretKey('X25519', secret), publicKeyOf('X25519', publicKey)]
    if (theirs === undefined) return undefined
    try {
      return new Uint8Array(diffieHellman({ privateKey: mine, publicKey: theirs }))
    } catch {
      return undefined // OpenSSL refuses points of low order
    }
  },
  ed25519PublicKey: (seed) => publicOf('Ed25519', seed),
  ed25519Sign: (seed, _publicKey, message) => new Uint8Array(sign(null, message, secretKey('Ed25519', seed))),
  ed25519Verify: (publicKey, message, signature) => {
    if (signature.length !== 64) return false
    const key = publicKeyOf('Ed25519', publicKey)
    return key !== undefined && verify(null, message, key, signature)
  },
} satisfies Partial<Crypto>

const secretKey = (curve: Curve, secret: Uint8Array): KeyObject =>
  remembered(secrets, curve + Buffer.from(secret).toString('base64url'), SECRETS, () => importSecret(curve, secret))

const publicKeyOf = (curve: Curve, bytes: Uint8Array): KeyObject | undefined => {
  if (bytes.length !== 32) return undefined
  const x = Buffer.from(bytes).toString('base64url')
  return remembered(publics, curve + x, PUBLICS, () => {
    if (curve === 'Ed25519' && isWeakEd25519Key(bytes)) return undefined
    try {
      return createPublicKey({ key: { kty: 'OKP', crv: curve, x }, format: 'jwk' })
    } catch {
      return undefined // not a key, whatever OpenSSL finds wrong with it
    }
  })
}

/** Not remembered: the search for an identity asks for thousands, each once. */
const publicOf = (curve: Curve, secret: Uint8Array): Uint8Array => {
  const { x } = createPublicKey(importSecret(curve, secret)).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(x ?? '', 'base64url'))
}

/** The value of a key, made if need be; the one unused for longest is forgotten. */
const remembered = <A>(map: Map<string, A>, key: string, most: number, make: () => A): A => {
  const known = map.has(key)
  const value = known ? (map.get(key) as A) : make()
  if (known) map.delete(key)
  else if (map.size >= most) map.delete(map.keys().next().value as string)
  map.set(key, value)
  return value
}

const secrets = new Map<string, KeyObject>()
const publics = new Map<string, KeyObject | undefined>()
/** Imported keys that are kept: own identities, and others'. */
const SECRETS = 32
const PUBLICS = 1024
