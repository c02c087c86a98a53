import type { Identity, SecretIdentity } from '../../../src/protocol/crypto/identity.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'

/**
 * Nodes with real keys and addresses that were not derived from them: deriving takes a second, and nothing that
 * happens above VL1 looks at it.
 */
export const nodeWith = (at: number, seed = at): SecretIdentity => {
  const secretKey = seededRandom(seed)(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(nobleCrypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(nobleCrypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  return { address: address(at), publicKey, secretKey }
}
export const publicOf = ({ address: at, publicKey }: Identity): Identity => ({ address: at, publicKey })

export const controllerNode = nodeWith(0x60ca6443ca)
export const memberNode = nodeWith(0x1a02b166b2)
export const otherNode = nodeWith(0x89dd1d2eaf)
