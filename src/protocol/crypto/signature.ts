import { equalBytes } from './equal.ts'
import type { Crypto } from './suite.ts'

/**
 * Signs as nodes and worlds do:
 *
 *     ed25519(digest)[64]   digest[32] = SHA-512(message)[0..32)
 *
 * Deterministic. Keys are the 64-byte pairs of an identity, of which the Ed25519 halves are used.
 */
export const sign = (
  crypto: Crypto,
  me: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array },
  message: Uint8Array,
): Uint8Array => {
  const digest = crypto.sha512(message).subarray(0, 32)
  const signature = new Uint8Array(SIGNATURE)
  signature.set(crypto.ed25519Sign(me.secretKey.subarray(32, 64), me.publicKey.subarray(32, 64), digest))
  signature.set(digest, 64)
  return signature
}

/** Whether `signature` is 96 bytes, carries the digest of `message`, and is by the owner of `publicKey` (64 bytes). */
export const verify = (crypto: Crypto, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== SIGNATURE || publicKey.length !== 64) return false
  const digest = crypto.sha512(message).subarray(0, 32)
  return (
    equalBytes(digest, signature.subarray(64)) &&
    crypto.ed25519Verify(publicKey.subarray(32), digest, signature.subarray(0, 64))
  )
}

/** Bytes of a signature. */
export const SIGNATURE = 96
