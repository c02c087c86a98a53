import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sivDecrypt, sivEncrypt } from '../../../src/protocol/crypto/siv.ts'
import { nobleAes } from '../../../src/streams/io/crypto-noble.ts'
import { hex, unhex } from '../../support/checker.ts'

const keys = {
  gmac: Uint8Array.from({ length: 32 }, (_, i) => 3 * i + 1),
  ctr: Uint8Array.from({ length: 32 }, (_, i) => 5 * i + 2),
}
const aad = unhex('1122334455aabbccddee18')
const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i === 0 ? 6 : (i - 1) * 7))
const packet = (length: number): Uint8Array => {
  const body = text(length)
  const tag = sivEncrypt(nobleAes, keys, unhex('0102030405060708'), aad, body)
  return unhex(hex(tag.subarray(0, 8)) + hex(aad) + hex(tag.subarray(8)) + hex(body))
}

describe('AES-GMAC-SIV', () => {
  it.each([
    [1, 'd9cfd2e5eabbf22e1122334455aabbccddee18eee326fcaba0aa1720'],
    [17, '612e1a1f16ecb0471122334455aabbccddee184b7f8044d6dbe47a0eecc35244c70386e0d2bed3993c965cc4'],
    [
      64,
      '3d110c623ebbf3c41122334455aabbccddee18781c7941cdb74e99d178a38eaf4b438ec004ac886e1adb23196cc7f0fb6643f1fee0492abac962cd375626df009a25569e8cc5c12f3c9349ef5a10665816f9f080b23b739670500e',
    ],
  ])('gives the published packet of %i bytes', (length, wire) => {
    expect(hex(packet(length))).toBe(wire)
  })
  it.each([
    [200, '31d2d79bff14d6e60194c51ec1f55a30c17d76690cbc7efda667a87a5ce7d80d'],
    [777, 'b3fd683f7bfe1a3eacdb00010876339be7b8fa8daccc0f86c5213efb0f6753db'],
    [1400, '0f19b3ef6aaca82920792696ba702eae785ad6169d7f659a968d0aac63f36fe6'],
    [2800, '74cd261c4503ab331cf144a0f0b27688ccc66b9da1e1aad32545b849955ea529'],
  ])('gives the published hash of a packet of %i bytes', (length, hash) => {
    expect(createHash('sha256').update(packet(length)).digest('hex')).toBe(hash)
  })
  it('opens what it sealed, and nothing that was touched', () => {
    const sealed = packet(50)
    const tag = unhex(hex(sealed.subarray(0, 8)) + hex(sealed.subarray(19, 27)))
    const body = sealed.slice(27)
    expect(sivDecrypt(nobleAes, keys, tag, aad, body)).toBe(true)
    expect(hex(body)).toBe(hex(text(50)))
    const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 0x80 : b))
    for (const at of [0, 7, 8, 12, 15])
      expect(sivDecrypt(nobleAes, keys, flip(tag, at), aad, sealed.slice(27))).toBe(false)
    for (const at of [0, 10]) expect(sivDecrypt(nobleAes, keys, tag, flip(aad, at), sealed.slice(27))).toBe(false)
    for (const at of [0, 31, 49]) expect(sivDecrypt(nobleAes, keys, tag, aad, flip(sealed.slice(27), at))).toBe(false)
  })
})
