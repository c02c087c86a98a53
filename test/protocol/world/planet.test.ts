import { describe, expect, it } from 'vitest'
import { isLocallyValid } from '../../../src/protocol/crypto/identity.ts'
import { verify } from '../../../src/protocol/crypto/signature.ts'
import { decode, encode } from '../../../src/protocol/kernel/codec.ts'
import { E } from '../../../src/protocol/kernel/fp.ts'
import { publicPlanet } from '../../../src/protocol/world/planet.ts'
import { signedBytes, world } from '../../../src/protocol/world/world.ts'
import { plainCrypto } from '../../../src/streams/io/crypto-plain.ts'

describe('the public planet', () => {
  it('is 570 bytes, and the same again when read', () => {
    const bytes = encode(world, publicPlanet)
    expect(bytes).toHaveLength(570)
    expect(decode(world, bytes)).toEqual(E.right(publicPlanet))
  })

  it('is signed by the key that signs its next revision', () => {
    expect(verify(plainCrypto, publicPlanet.updateKey, signedBytes(publicPlanet), publicPlanet.signature)).toBe(true)
  })

  it('names roots whose addresses follow from their keys', () => {
    expect(publicPlanet.roots.map(({ identity }) => isLocallyValid(plainCrypto, identity))).toEqual([
      true,
      true,
      true,
      true,
    ])
  })
})
