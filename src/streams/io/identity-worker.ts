import {
  addressIn,
  type Identity,
  nextSecret,
  publicKeyOf,
  type SecretIdentity,
} from '../../protocol/crypto/identity.ts'
import type { Crypto } from '../../protocol/crypto/suite.ts'
import type { Random } from '../../protocol/kernel/rng.ts'
import { hashThread } from './hash-thread.ts'

export interface IdentityWorkerOptions {
  readonly crypto: Crypto
  readonly random: Random
  /** Milliseconds without work after which the thread ends; it starts again when needed. Default 5000. */
  readonly idle?: number
  /** Most hashes that may wait; further ones are refused. Default 256: three to five seconds of work. */
  readonly most?: number
}

/** The memory-hard identity hash off the event loop. */
export interface IdentityWorker {
  /**
   * A fresh identity, after about 15 hashes (0.2 to 0.3 s).
   * @throws what the signal gives as reason; `IdentityWorkError` if the queue is full or the worker was closed.
   */
  readonly generate: (signal?: AbortSignal) => Promise<SecretIdentity>
  /** Whether the address belongs to the key (`isLocallyValid`). Fails as `generate` does. */
  readonly validate: (identity: Identity, signal?: AbortSignal) => Promise<boolean>
  /** Ends the thread; what was waiting fails. */
  readonly close: () => Promise<void>
}

/**
 * Makes and checks identities on a thread of its own, started at first use. It keeps the process alive while there is
 * work, not otherwise. Where threads or WebAssembly SIMD are missing, the same work is done on this thread, a
 * millisecond at a time.
 */
export const identityWorker = ({ crypto, random, idle = 5_000, most = 256 }: IdentityWorkerOptions): IdentityWorker => {
  const thread = hashThread({ sha512: crypto.sha512, idle, most })
  return {
    generate: async (signal) => {
      let secretKey = random(64)
      for (;;) {
        const publicKey = publicKeyOf(crypto, secretKey)
        const found = addressIn(await thread.hash(publicKey, signal))
        if (found !== undefined) return { address: found, publicKey, secretKey }
        secretKey = nextSecret(secretKey)
      }
    },
    validate: async ({ address, publicKey }, signal) =>
      publicKey.length === 64 && addressIn(await thread.hash(publicKey, signal)) === address,
    close: thread.close,
  }
}
