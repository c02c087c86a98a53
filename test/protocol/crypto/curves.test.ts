import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { agree } from '../../../src/protocol/crypto/agreement.ts'
import { sign, verify } from '../../../src/protocol/crypto/signature.ts'
import { isWeakEd25519Key } from '../../../src/protocol/crypto/weak-key.ts'
import { address } from '../../../src/protocol/kernel/id.ts'
import { nobleCrypto } from '../../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../../support/checker.ts'
import { providers } from './providers.ts'

const me = {
  address: address(0x8e4df28b72),
  publicKey: unhex(
    'ac3d46abe0c21f3cfe7a6c8d6a85cfcffcb82fbd55af6a4d6350657c68200843fa2e16f9418bbd9702cae365f2af5fb4c420908b803a681d4daef6114d78a2d7',
  ),
  secretKey: unhex(
    'bd8dd6e4ce7022d2f812797a80c6ee8ad180dc4ebf301dec8b06d1be08832bddd63a2f1cfa7b2c504474c75bdc8898ba476ef92e8e2d0509f8441985171ff16e',
  ),
}
const hello = new TextEncoder().encode('hello')
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
const P = 2n ** 255n - 19n
const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
const read = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** X25519 inputs that give zero whatever the secret: the points of order 1, 2, 4 and 8, and what reduces to them. */
const lowOrder = [
  0n,
  1n,
  0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
  P - 1n,
  P,
  P + 1n,
].map(littleEndian)

describe.each(providers)('%s', (_, crypto) => {
  it('agrees with the published key', () => {
    expect(hex(agree(crypto, me, me) ?? new Uint8Array())).toBe(
      '5e912d05aab6562b1252f6e93f9ef85dd03c5fdf5cf0c0d0014bb21781a1cb080497c73264833e319f0484b569668d20',
    )
  })
  it('refuses to share a secret with a point of low order', () => {
    for (const publicKey of lowOrder) {
      expect(crypto.x25519(me.secretKey.subarray(0, 32), publicKey)).toBeUndefined()
      expect(agree(crypto, me, { ...me, publicKey: unhex(hex(publicKey) + '00'.repeat(32)) })).toBeUndefined()
    }
  })
  it('signs as published, and knows its signature', () => {
    const signature = sign(crypto, me, hello)
    expect(hex(signature)).toBe(
      '5cc06833aa2bc5d6db0bda30d881ba7bbbfc1b56b92e5ec8dd21502fa70de3211072baf6d1eb328509bf5d3146b19fe0c4ca90a19b7e962a128f7fc28c73040b9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7',
    )
    expect(verify(crypto, me.publicKey, hello, signature)).toBe(true)
  })
  it('refuses a signature with any byte changed, cut short, lengthened, or over something else', () => {
    const signature = sign(crypto, me, hello)
    for (let i = 0; i < signature.length; i += 7)
      expect(
        verify(
          crypto,
          me.publicKey,
          hello,
          signature.map((b, j) => (i === j ? b ^ 1 : b)),
        ),
      ).toBe(false)
    expect(verify(crypto, me.publicKey, hello, signature.subarray(0, 95))).toBe(false)
    expect(verify(crypto, me.publicKey, hello, unhex(`${hex(signature)}00`))).toBe(false)
    expect(verify(crypto, me.publicKey, hello.subarray(1), signature)).toBe(false)
    expect(verify(crypto, me.publicKey.subarray(1), hello, signature)).toBe(false)
  })
  it('refuses S + L, which is the same number to a careless verifier', () => {
    const signature = sign(crypto, me, hello)
    const forged = signature.slice()
    forged.set(littleEndian(read(signature.subarray(32, 64)) + ORDER), 32)
    expect(verify(crypto, me.publicKey, hello, forged)).toBe(false)
  })
  it('refuses keys of small order, under which one signature fits many messages', () => {
    // R = identity, S = 0 satisfies S B = R + k A for A of order 1 whatever the message
    const identityPoint = littleEndian(1n)
    const signature = new Uint8Array(64)
    signature.set(identityPoint)
    expect(crypto.ed25519Verify(identityPoint, hello, signature)).toBe(false)
    for (const key of [
      littleEndian(0n),
      littleEndian(P - 1n),
      littleEndian(P),
      littleEndian(P + 1n),
      new Uint8Array(31),
    ])
      expect(crypto.ed25519Verify(key, hello, signature)).toBe(false)
  })
  it('refuses keys that are no point at all, without throwing', () => {
    for (let y = 2n; y < 12n; y++) expect(crypto.ed25519Verify(littleEndian(y), hello, new Uint8Array(64))).toBe(false)
  })
})

describe('a signature that holds only after multiplying by the cofactor', () => {
  // A = a B + T with T of order 8, S = r + k a: then S B - k A = R - k T, which is R for one k in eight
  const { Point } = ed25519
  const [a, r] = [123456789n, 987654321n]
  const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1]!)
  const [key, point] = [Point.BASE.multiply(a).add(torsion).toBytes(), Point.BASE.multiply(r).toBytes()]
  const challenge = (message: Uint8Array): bigint =>
    read(nobleCrypto.sha512(unhex(hex(point) + hex(key) + hex(message)))) % ORDER
  const craft = (message: Uint8Array): Uint8Array =>
    unhex(hex(point) + hex(littleEndian((r + challenge(message) * a) % ORDER)))
  const messages = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i))

  it.each(providers)('is refused by %s', (_, crypto) => {
    const verdicts = messages.map((message) => crypto.ed25519Verify(key, message, craft(message)))
    expect(verdicts).toEqual(messages.map((message) => challenge(message) % 8n === 0n))
    expect(verdicts).toContain(true)
  })
})

describe('weak Ed25519 keys', () => {
  it('are those of small order or not below p, with either sign', () => {
    for (const y of [0n, 1n, P - 1n, P, P + 18n])
      for (const sign of [0n, 1n << 255n]) expect(isWeakEd25519Key(littleEndian(y | sign))).toBe(true)
  })
  it('are not those of anybody', () => {
    expect(isWeakEd25519Key(me.publicKey.subarray(32))).toBe(false)
    for (const y of [2n, 9n, P - 2n]) expect(isWeakEd25519Key(littleEndian(y))).toBe(false)
  })
})
