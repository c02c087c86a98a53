import { aSignal, checkOptions } from '../streams/option.ts'
import { type Identity, publicIdentity, wireIdentity } from './identity.ts'
import type { Platform } from './platform.ts'

/** Makes a new identity: 0.2 to 5 s of a memory-hard puzzle, off the loop where the host can. */
export const generateIdentityOn =
  (platform: Platform) =>
  async (options: { readonly signal?: AbortSignal } = {}): Promise<Identity> => {
    checkOptions('generateIdentity()', options, { signal: aSignal })
    const { signal } = options
    signal?.throwIfAborted()
    const works = platform.identities()
    try {
      return publicIdentity(await works.generate(signal))
    } finally {
      await works.close()
    }
  }

/**
 * Whether the address of an identity follows from its key: some 18 ms of work.
 * @throws {NodeError} `ERR_ZT_IDENTITY_INVALID` if `identity` has not even the form of one.
 */
export const validateIdentityOn =
  (platform: Platform) =>
  async (identity: string | Identity): Promise<boolean> => {
    const wire = wireIdentity(identity)
    const works = platform.identities()
    try {
      return await works.validate(wire)
    } finally {
      await works.close()
    }
  }
