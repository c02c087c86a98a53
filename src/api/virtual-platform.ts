import { isLocallyValid, printIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import { seededRandom } from '../protocol/kernel/rng.ts'
import { ArgumentError } from '../streams/error.ts'
import type { RelayLink } from '../streams/relay-link.ts'
import { memoryStore } from '../streams/store.ts'
import { fixtureIdentities } from '../streams/virtual/fixture-identities.ts'
import { parseIdentity } from './identity.ts'
import type { Platform } from './platform.ts'

/** What nodes of a virtual network take where their options are silent; `proven` identities need no memory-hard check. */
export const virtualPlatform = (
  crypto: Crypto,
  seed: number,
  proven: readonly string[],
  tcpRelay: (endpoint: Endpoint) => RelayLink,
): Platform => {
  const known = new Map([...fixtureIdentities, ...proven].map((text) => [parseIdentity(text).public, true]))
  return {
    crypto: () => crypto,
    clock: () => missing('scheduler is missing — nodes of a virtual network use its own'),
    random: () => seededRandom(seed),
    link: () => missing('link is missing — nodes of a virtual network use its own'),
    tcpRelay,
    store: () => memoryStore(),
    identities: () => ({
      generate: async () => missing('identity is missing — pass one of fixtures.identities'),
      validate: (identity) => {
        const text = printIdentity(identity)
        const valid = known.get(text) ?? isLocallyValid(crypto, identity)
        known.set(text, valid)
        return valid
      },
      close: () => Promise.resolve(),
    }),
  }
}

const missing = (message: string): never => {
  throw new ArgumentError('ERR_ZT_INVALID_OPTION', message)
}
