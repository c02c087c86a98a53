import type { Identity, SecretIdentity } from './identity.ts'
import type { Crypto } from './suite.ts'

/**
 * The 48-byte key that two identities share: the head of SHA-512 over their X25519 secret. The same for as long as both
 * identities live. `undefined` if the other key is of low order, so that no stranger can choose the key.
 */
export const agree = (crypto: Crypto, mine: SecretIdentity, theirs: Identity): Uint8Array | undefined => {
  const raw = crypto.x25519(mine.secretKey.subarray(0, 32), theirs.publicKey.subarray(0, 32))
  return raw === undefined ? undefined : crypto.sha512(raw).slice(0, SESSION_KEY)
}

/** Bytes of a session key. */
export const SESSION_KEY = 48
