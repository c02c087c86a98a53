import { generateIdentity, isLocallyValid } from '../protocol/crypto/identity.ts'
import { ArgumentError } from '../streams/error.ts'
import { systemClock } from '../streams/io/clock.ts'
import { plainCrypto } from '../streams/io/crypto-plain.ts'
import { systemRandom } from '../streams/io/entropy.ts'
import { sharedIdentityWorks } from './identity-works.ts'
import type { Platform } from './platform.ts'

/** Any JavaScript host: no sockets and no files of its own, so links and stores are passed in. */
export const portablePlatform: Platform = {
  crypto: () => plainCrypto,
  clock: systemClock,
  random: systemRandom,
  link: () => {
    throw new ArgumentError('ERR_ZT_INVALID_OPTION', 'link is missing — this host has no UDP: pass a link of your own')
  },
  store: (path) => {
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `store "${path}" is a path — this host has no files: pass a store object`,
    )
  },
  identities: sharedIdentityWorks(() => ({
    generate: async (signal) => {
      signal?.throwIfAborted()
      return generateIdentity(plainCrypto, systemRandom())
    },
    validate: async (identity) => isLocallyValid(plainCrypto, identity),
    close: () => undefined,
  })),
}
