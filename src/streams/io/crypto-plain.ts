import { sha512 } from '@noble/hashes/sha2.js'
import { portableSession } from '../../protocol/crypto/armor.ts'
import { identityHash } from '../../protocol/crypto/identity-hash.ts'
import { poly1305 } from '../../protocol/crypto/poly1305.ts'
import { salsa20 } from '../../protocol/crypto/salsa20.ts'
import type { Crypto } from '../../protocol/crypto/suite.ts'
import { nobleAes, nobleCrypto } from './crypto-noble.ts'

/**
 * Our own Salsa20, Poly1305 and identity hash in plain TypeScript, two to three times the speed of noble on packets;
 * hashes, curves and AES are noble's. For places that have neither WebAssembly SIMD nor node:crypto.
 */
export const plainCrypto: Crypto = {
  ...nobleCrypto,
  name: 'plain',
  salsa20,
  poly1305,
  identityHash: (publicKey) => identityHash(sha512, publicKey),
  session: (key) => portableSession({ ...plainCrypto, aes: nobleAes }, key),
}
