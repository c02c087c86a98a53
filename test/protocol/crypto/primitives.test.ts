import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hex, unhex } from '../../support/checker.ts'
import { providers } from './providers.ts'

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
/** Bytes that make carries ripple far more often than random ones do. */
const extreme = fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xfb, 0xfe, 0xff)
const extremes = (minLength: number, maxLength: number) =>
  fc.array(extreme, { minLength, maxLength }).map((bytes) => Uint8Array.from(bytes))
const [, oracle] = providers[0]!

describe.each(providers.slice(1))('%s agrees with noble', (_, crypto) => {
  it('on Salsa20 of every length up to 400, from any block', () => {
    const [key, nonce] = [
      Uint8Array.from({ length: 32 }, (_, i) => i * 11),
      Uint8Array.from({ length: 8 }, (_, i) => i),
    ]
    for (let length = 0; length <= 400; length++) {
      const [mine, theirs] = [new Uint8Array(length).fill(length), new Uint8Array(length).fill(length)]
      crypto.salsa20(key, nonce, 20, mine, length % 7)
      oracle.salsa20(key, nonce, 20, theirs, length % 7)
      expect(mine).toEqual(theirs)
    }
  })
  it('on Poly1305 of every length up to 700', () => {
    for (let length = 0; length <= 700; length++) {
      const [key, data] = [
        new Uint8Array(32).fill(0xff - (length % 3)),
        new Uint8Array(length).fill(0xff - (length % 5)),
      ]
      expect(hex(crypto.poly1305(key, data))).toBe(hex(oracle.poly1305(key, data)))
    }
  })
  it('on Poly1305 of numbers at their limits', () => {
    fc.assert(
      fc.property(extremes(32, 32), extremes(0, 520), (key, data) => {
        expect(hex(crypto.poly1305(key, data))).toBe(hex(oracle.poly1305(key, data)))
      }),
      { numRuns: 400 },
    )
  })
  it('on long messages', () => {
    const data = Uint8Array.from({ length: 300_000 }, (_, i) => i * 31)
    const key = data.subarray(5, 37)
    expect(hex(crypto.poly1305(key, data))).toBe(hex(oracle.poly1305(key, data)))
    const [mine, theirs] = [data.slice(), data.slice()]
    crypto.salsa20(key, key.subarray(0, 8), 12, mine, 3)
    oracle.salsa20(key, key.subarray(0, 8), 12, theirs, 3)
    expect(hex(crypto.sha512(mine))).toBe(hex(oracle.sha512(theirs)))
  })
  it('on hashes, and on keys of both curves', () => {
    fc.assert(
      fc.property(key32, key32, fc.uint8Array({ maxLength: 300 }), (a, b, data) => {
        expect(hex(crypto.sha512(data))).toBe(hex(oracle.sha512(data)))
        expect(hex(crypto.sha384(data))).toBe(hex(oracle.sha384(data)))
        expect(hex(crypto.hmacSha384(a, data))).toBe(hex(oracle.hmacSha384(a, data)))
        const theirs = crypto.x25519PublicKey(b)
        expect(hex(theirs)).toBe(hex(oracle.x25519PublicKey(b)))
        expect(crypto.x25519(a, theirs)).toEqual(oracle.x25519(a, theirs))
        const signing = crypto.ed25519PublicKey(a)
        expect(hex(signing)).toBe(hex(oracle.ed25519PublicKey(a)))
        expect(hex(crypto.ed25519Sign(a, signing, data))).toBe(hex(oracle.ed25519Sign(a, signing, data)))
      }),
      { numRuns: 12 },
    )
  })
})

describe.each(providers)('%s', (_, crypto) => {
  // RFC 8439 §A.3, vectors 7 to 11: sums that reach or pass 2^130 - 5 and 2^128
  it.each([
    ['02', 'ff'.repeat(16), '03'],
    ['02', '02', '03', 'ff'.repeat(16)],
    ['01', `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`, '05'],
    ['01', `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`, '00'],
    ['02', `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
  ])('reduces completely: Poly1305 with r = %s over %s', (r, message, tag, s = '') => {
    const key = unhex(r.padEnd(32, '0') + s.padEnd(32, '0'))
    expect(hex(crypto.poly1305(key, unhex(message.padEnd(32, '0'))))).toBe(tag.padEnd(32, '0'))
  })
  it('counts Salsa20 blocks beyond 2^32', () => {
    const key = new Uint8Array(32).fill(9)
    const across = new Uint8Array(128)
    crypto.salsa20(key, key.subarray(0, 8), 12, across, 0xffff_ffff)
    const after = new Uint8Array(64)
    crypto.salsa20(key, key.subarray(0, 8), 12, after, 0x1_0000_0000)
    expect(hex(across.subarray(64))).toBe(hex(after))
    expect(hex(after)).not.toBe(hex(across.subarray(0, 64)))
  })
  it('works in place on a view, and touches nothing beside it', () => {
    const all = new Uint8Array(120).fill(0xaa)
    crypto.salsa20(new Uint8Array(32), new Uint8Array(8), 20, all.subarray(3, 90))
    expect([...all.subarray(0, 3), ...all.subarray(90)].every((byte) => byte === 0xaa)).toBe(true)
    crypto.salsa20(new Uint8Array(32), new Uint8Array(8), 20, all.subarray(3, 90))
    expect(all.every((byte) => byte === 0xaa)).toBe(true)
  })
})
