import type { Crypto } from '../../../src/protocol/crypto/suite.ts'
import { fastCrypto } from '../../../src/streams/io/crypto-fast.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'

/** Every provider is held to every case. */
export const providers: readonly Crypto[] = [nobleCrypto, plainCrypto, fastCrypto]
