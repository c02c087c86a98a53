/** A keyed hash over 32-bit words (numbers are taken modulo 2³²); the result is an unsigned 32-bit number. */
export type SipHash = (...words: readonly number[]) => number

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012) in 32-bit halves, cut to the lower 32 bits of its result. Each word is hashed
 * as four little-endian bytes. `key` is 16 bytes and secret: what hangs on it (sequence numbers, ports, IP
 * identifications) must not be predictable for strangers.
 */
export const siphash = (key: Uint8Array): SipHash => {
  const k0 = littleEndian(key, 0)
  const k1 = littleEndian(key, 4)
  const k2 = littleEndian(key, 8)
  const k3 = littleEndian(key, 12)
  return (...words) => {
    // v0…v3 of the algorithm, each as a low and a high half
    let a = k0 ^ 0x70736575
    let A = k1 ^ 0x736f6d65
    let b = k2 ^ 0x6e646f6d
    let B = k3 ^ 0x646f7261
    let c = k0 ^ 0x6e657261
    let C = k1 ^ 0x6c796765
    let d = k2 ^ 0x79746573
    let D = k3 ^ 0x74656462
    const n = words.length
    // blocks of eight bytes, the last one ends in the length, then four rounds to finish
    const blocks = (n >>> 1) + 1
    for (let block = 0; block <= blocks; block++) {
      let rounds = 2
      let low = 0
      let high = 0
      if (block < blocks - 1) {
        low = words[block * 2]! | 0
        high = words[block * 2 + 1]! | 0
      } else if (block === blocks - 1) {
        low = (n & 1) === 1 ? words[n - 1]! | 0 : 0
        high = (n * 4) << 24
      } else {
        rounds = 4
        c ^= 0xff
      }
      d ^= low
      D ^= high
      for (let round = 0; round < rounds; round++) {
        let t = (a >>> 0) + (b >>> 0)
        A = (A + B + (t > MOST ? 1 : 0)) | 0
        a = t | 0
        t = (b << 13) | (B >>> 19)
        B = ((B << 13) | (b >>> 19)) ^ A
        b = t ^ a
        t = a
        a = A
        A = t
        t = (c >>> 0) + (d >>> 0)
        C = (C + D + (t > MOST ? 1 : 0)) | 0
        c = t | 0
        t = (d << 16) | (D >>> 16)
        D = ((D << 16) | (d >>> 16)) ^ C
        d = t ^ c
        t = (a >>> 0) + (d >>> 0)
        A = (A + D + (t > MOST ? 1 : 0)) | 0
        a = t | 0
        t = (d << 21) | (D >>> 11)
        D = ((D << 21) | (d >>> 11)) ^ A
        d = t ^ a
        t = (c >>> 0) + (b >>> 0)
        C = (C + B + (t > MOST ? 1 : 0)) | 0
        c = t | 0
        t = (b << 17) | (B >>> 15)
        B = ((B << 17) | (b >>> 15)) ^ C
        b = t ^ c
        t = c
        c = C
        C = t
      }
      a ^= low
      A ^= high
    }
    return (a ^ b ^ c ^ d) >>> 0
  }
}

const littleEndian = (b: Uint8Array, at: number): number =>
  b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)
const MOST = 0xffff_ffff
