import type { Crypto } from '../../../src/protocol/crypto/suite.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'

/** Every provider, by name, for `describe.each`. */
export const providers: readonly (readonly [string, Crypto])[] = [nobleCrypto, plainCrypto, fastCrypto].map(
  (crypto) => [crypto.name, crypto],
)
