import type { Crypto } from '../../src/protocol/crypto/suite.ts'
import { nobleCrypto } from '../../src/streams/io/crypto-noble.ts'
import { plainCrypto } from '../../src/streams/io/crypto-plain.ts'

/** The providers that need nothing of Node: what the checkers of vectors find in a browser. */
export const providers: readonly Crypto[] = [nobleCrypto, plainCrypto]
