import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksumOf, isIntact, pseudoHeaderSum, sum, updated } from '../../src/tcpip/checksum.ts'

/** RFC 1071 in its plainest form. */
const reference = (bytes: Uint8Array): number => {
  let total = 0
  for (let i = 0; i < bytes.length; i += 2) {
    total += (bytes[i]! << 8) + (bytes[i + 1] ?? 0)
    if (total > 0xffff) total -= 0xffff
  }
  return ~total & 0xffff
}

describe('checksum', () => {
  it('of the example of RFC 1071 §3 is the complement of ddf2', () => {
    expect(checksumOf(sum(Uint8Array.of(0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7)))).toBe(~0xddf2 & 0xffff)
  })

  it('equals the reference for any length, offset and odd tail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(31), (bytes, offset) => {
        const moved = new Uint8Array(offset + bytes.length + 5).fill(0xa5)
        moved.set(bytes, offset)
        expect(checksumOf(sum(moved, offset, offset + bytes.length))).toBe(reference(bytes))
        expect(checksumOf(sum(moved.subarray(offset, offset + bytes.length)))).toBe(reference(bytes))
      }),
    )
  })

  it('of the largest packet of ones does not overflow', () => {
    expect(checksumOf(sum(new Uint8Array(65_535).fill(0xff)))).toBe(reference(new Uint8Array(65_535).fill(0xff)))
  })

  it('may be summed in pieces of even length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(300), (bytes, cut) => {
        const at = Math.min(cut * 2, bytes.length & ~1)
        expect(checksumOf(sum(bytes, 0, at) + sum(bytes, at))).toBe(reference(bytes))
      }),
    )
  })

  it('is intact once written into its field, and not after a change of a word', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), fc.integer({ min: 1, max: 0xff }), (bytes, flip) => {
        bytes[2] = 0
        bytes[3] = 0
        const checksum = checksumOf(sum(bytes))
        bytes[2] = checksum >>> 8
        bytes[3] = checksum & 0xff
        expect(isIntact(sum(bytes))).toBe(true)
        bytes[0] = bytes[0]! ^ flip
        expect(isIntact(sum(bytes))).toBe(false)
      }),
    )
  })

  it('updated for one word equals the checksum made anew', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), fc.nat(0xffff), (bytes, after) => {
        bytes[7] = 1 // all zero has two forms of its sum, no real packet is all zero
        const before = (bytes[2]! << 8) | bytes[3]!
        const checksum = checksumOf(sum(bytes))
        bytes[2] = after >>> 8
        bytes[3] = after & 0xff
        expect(updated(checksum, before, after)).toBe(checksumOf(sum(bytes)))
      }),
    )
  })

  it('sums the pseudo header as the bytes it stands for', () => {
    const [a, b] = [Uint8Array.of(10, 1, 2, 3), Uint8Array.of(10, 9, 8, 7)]
    expect(checksumOf(pseudoHeaderSum(a, b, 17, 300))).toBe(
      reference(Uint8Array.of(10, 1, 2, 3, 10, 9, 8, 7, 0, 17, 1, 44)),
    )
  })
})
