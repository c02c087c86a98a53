import { createPrivateKey, type KeyObject } from 'node:crypto'

export type Curve = 'X25519' | 'Ed25519'

/** Imports 32 secret bytes as the key that they are, in the way that this Node takes. */
export const importSecret = (curve: Curve, secret: Uint8Array): KeyObject => {
  byJwk ??= takesHalfAKey()
  return byJwk ? secretFromJwk(curve, secret) : secretFromPkcs8(curve, secret)
}

/**
 * As a JWK without its public half, which OpenSSL derives itself: a tenth of what Node 20 takes for DER. From Node 26
 * the half has to be there and belong to the other.
 */
export const secretFromJwk = (curve: Curve, secret: Uint8Array): KeyObject => {
  const d = Buffer.from(secret).toString('base64url')
  return createPrivateKey({ key: { kty: 'OKP', crv: curve, d, x: NOTHING }, format: 'jwk' })
}

/** As PKCS #8 (RFC 8410 section 7), as every Node takes it. */
export const secretFromPkcs8 = (curve: Curve, secret: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8[curve], secret]), format: 'der', type: 'pkcs8' })

const takesHalfAKey = (): boolean => {
  try {
    secretFromJwk('X25519', new Uint8Array(32).fill(1))
    return true
  } catch {
    return false
  }
}

let byJwk: boolean | undefined
const NOTHING = Buffer.alloc(32).toString('base64url')
/** All of a PKCS #8 key but the secret: version 0, the algorithm by its OID, an OCTET STRING in an OCTET STRING. */
const PKCS8 = {
  X25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  Ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
}
