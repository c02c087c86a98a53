import { createPublicKey, diffieHellman, type KeyObject, sign } from 'node:crypto'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { importSecret, secretFromJwk, secretFromPkcs8 } from '../../../src/streams/io/secret-key.ts'

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 })
/** Node 26 takes a JWK only with the right public half. */
const ways = Number(process.versions.node.split('.')[0]) < 26 ? { secretFromJwk, secretFromPkcs8 } : { secretFromPkcs8 }

it.each(Object.entries({ ...ways, importSecret }))('%s imports a key that works', (_, imported) => {
  const publicHalf = (key: KeyObject): Uint8Array =>
    Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')
  fc.assert(
    fc.property(secrets, secrets, (mine, theirs) => {
      const [ours, other] = [imported('X25519', mine), imported('X25519', theirs)]
      expect(Buffer.compare(publicHalf(ours), x25519.getPublicKey(mine))).toBe(0)
      const shared = diffieHellman({ privateKey: ours, publicKey: createPublicKey(other) })
      expect(Buffer.compare(shared, x25519.getSharedSecret(mine, x25519.getPublicKey(theirs)))).toBe(0)
      const signing = imported('Ed25519', mine)
      expect(Buffer.compare(publicHalf(signing), ed25519.getPublicKey(mine))).toBe(0)
      expect(Buffer.compare(sign(null, theirs, signing), ed25519.sign(theirs, mine))).toBe(0)
    }),
    { numRuns: 10 },
  )
})
