import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { ctr, ecb, gcm } from '@noble/ciphers/aes.js'
import { salsa20 as nobleSalsa20 } from '@noble/ciphers/salsa.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha384, sha512 } from '@noble/hashes/sha2.js'
import { portableSession } from '../../protocol/crypto/armor.ts'
import { identityHash } from '../../protocol/crypto/identity-hash.ts'
import { salsa20 } from '../../protocol/crypto/salsa20.ts'
import type { Aes } from '../../protocol/crypto/siv.ts'
import type { Crypto } from '../../protocol/crypto/suite.ts'

/**
 * The portable provider, and the oracle of the others: audited noble primitives, no Node API, runs in a browser.
 * The one thing noble has no public name for, Salsa20 with 12 rounds, comes from our own core; so do the 20 rounds of
 * the identity hash, where a call per block would cost half a second.
 */
export const nobleCrypto: Crypto = {
  name: 'noble',
  sha512: (data) => sha512(data),
  sha384: (data) => sha384(data),
  hmacSha384: (key, data) => hmac(sha384, key, data),
  salsa20: (key, nonce, rounds, data, counter = 0) => {
    if (rounds === 20) nobleSalsa20(key, nonce, data, data, counter)
    else salsa20(key, nonce, rounds, data, counter)
  },
  poly1305: (key, data) => poly1305(data, key),
  x25519PublicKey: (secret) => x25519.getPublicKey(secret),
  x25519: (secret, publicKey) => {
    try {
      return x25519.getSharedSecret(secret, publicKey)
    } catch {
      return undefined // noble refuses an all-zero result by throwing
    }
  },
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, _publicKey, message) => ed25519.sign(message, seed),
  ed25519Verify: (publicKey, message, signature) => verifyEd25519(publicKey, message, signature),
  identityHash: (publicKey) => identityHash(sha512, publicKey),
  session: (key) => portableSession({ ...nobleCrypto, aes: nobleAes }, key),
}

/** AES through noble, for portable sessions. */
export const nobleAes: Aes = {
  encryptBlock: (key, block) => ecb(key, { disablePadding: true }).encrypt(block),
  decryptBlock: (key, block) => ecb(key, { disablePadding: true }).decrypt(block),
  ctr: (key, counter, data) => data.set(ctr(key, counter).encrypt(data)),
  gmac: (key, nonce12, aad) => gcm(key, nonce12, aad).encrypt(NOTHING),
}

/**
 * RFC 8032 §5.1.7 with the equation of OpenSSL and of the deployed nodes, S·B - k·A = R compared as bytes. noble's own
 * check multiplies by the cofactor and so accepts a few crafted signatures that they refuse.
 */
const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  try {
    const { Point } = ed25519
    const a = Point.fromBytes(publicKey)
    if (a.isSmallOrder()) return false
    const s = littleEndian(signature.subarray(32))
    if (s >= Point.Fn.ORDER) return false
    const hash = sha512.create().update(signature.subarray(0, 32)).update(publicKey).update(message).digest()
    const k = littleEndian(hash) % Point.Fn.ORDER
    const r = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes()
    return r.every((byte, i) => byte === signature[i])
  } catch {
    return false // not the encoding of a point
  }
}

const littleEndian = (bytes: Uint8Array): bigint => {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}
const NOTHING = new Uint8Array(0)
