/**
 * The S-box of AES (FIPS 197 §5.1.1) by look-ups in sixteen-byte tables, which SIMD does in registers: the same time
 * for every key and every block, unlike tables in memory (M. Hamburg, "Accelerating AES with Vector Permute
 * Instructions", CHES 2009).
 *
 * A byte is taken as k + i s over GF(16), with s^2 = a s + a, where an inverse costs a handful of inverses of nibbles:
 * with j = i + k, its coordinates are sums of 1/io and 1/jo, io = 1/(1/i + a/k) + j, jo = 1/(1/j + a/k) + i. One over
 * nothing is `INFINITY`: a look-up of it, and of what it is added to, is 0, which happens to be what is right.
 */
export type Table = readonly number[]
type Linear = (byte: number) => number

/** What a byte becomes, by its low and by its high nibble: a linear map is the sum of the two. */
export interface ByNibbles {
  readonly low: Table
  readonly high: Table
}
/** What 1/io and 1/jo contribute. */
export interface ByParts {
  readonly io: Table
  readonly jo: Table
}

export const byNibbles = (map: Linear): ByNibbles => ({
  low: nibbles((n) => map(n)),
  high: nibbles((n) => map(n << 4)),
})
/** The inverse in AES's own field, and then `map`. */
export const inverseThen = (map: Linear): ByParts => ({
  io: nibbles((n) => (n === 0 ? 0 : map(toAes(ofU(inverse16(n)))))),
  jo: nibbles((n) => (n === 0 ? 0 : map(toAes(ofV(inverse16(n)))))),
})

/** 2, 3, 9, 11, 13 or 14 times, as MixColumns and its inverse want it. */
export const times =
  (factor: number): Linear =>
  (byte) =>
    product(factor, byte)
/** The linear part of the S-box after the inverse: each bit is the sum of five. */
export const affine: Linear = (byte) => parity(byte, 0xf1)
export const affineInverse: Linear = (byte) => parity(byte, 0xa4)
/** What the S-box adds at its end. */
export const S_BOX_CONSTANT = 0x63

/** From AES's field to nibbles that can be looked up. */
export const toTower: Linear = (byte) => sumOfBits(byte, (bit) => powers[bit]!)
const toAes: Linear = (byte) => fromTower[byte]!

const GF16_A = 8
const INFINITY = 0x80
const nibbles = (value: (nibble: number) => number): Table => Array.from({ length: 16 }, (_, n) => value(n))
const product16 = (x: number, y: number): number => {
  let sum = 0
  for (let bit = 0; bit < 4; bit++) if ((y >> bit) & 1) sum ^= x << bit
  for (let bit = 6; bit >= 4; bit--) if ((sum >> bit) & 1) sum ^= 0x13 << (bit - 4)
  return sum
}
const inverse16 = (x: number): number => nibbles((y) => product16(x, y)).indexOf(1)
const product = (x: number, y: number): number => {
  let sum = 0
  for (let bit = 0; bit < 8; bit++) if ((y >> bit) & 1) sum ^= x << bit
  for (let bit = 14; bit >= 8; bit--) if ((sum >> bit) & 1) sum ^= 0x11b << (bit - 8)
  return sum
}
/** In the tower: high nibble i, low nibble k. */
const productTower = (x: number, y: number): number => {
  const [i, k, m, n] = [x >> 4, x & 15, y >> 4, y & 15]
  const both = product16(GF16_A, product16(i, m))
  return ((product16(k, m) ^ product16(i, n) ^ both) << 4) | (product16(k, n) ^ both)
}
const sumOfBits = (byte: number, value: (bit: number) => number): number => {
  let sum = 0
  for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) sum ^= value(bit)
  return sum
}
/** Bit n is the parity of `byte` and the mask turned left by n. */
const parity = (byte: number, mask: number): number => {
  let out = 0
  for (let n = 0; n < 8; n++) {
    const turned = ((mask << n) | (mask >> (8 - n))) & 0xff
    let bits = byte & turned
    bits ^= bits >> 4
    bits ^= bits >> 2
    bits ^= bits >> 1
    out |= (bits & 1) << n
  }
  return out
}
export const INVERSE = nibbles((n) => (n === 0 ? INFINITY : inverse16(n)))
export const A_OVER = nibbles((n) => (n === 0 ? INFINITY : product16(GF16_A, inverse16(n))))
const A_INVERSE = inverse16(GF16_A)
/** u = 1/io and v = 1/jo to the inverse: its k is u, its i is (u + (u + v) / a) / a. */
const ofU = (u: number): number => (product16(A_INVERSE, u ^ product16(A_INVERSE, u)) << 4) | u
const ofV = (v: number): number => product16(A_INVERSE, product16(A_INVERSE, v)) << 4

/** Powers of an element of the tower that is a root of AES's polynomial. */
const powersOf = (root: number): number[] => {
  const found = [1]
  for (let n = 1; n < 9; n++) found.push(productTower(found[n - 1]!, root))
  return found
}
const isRoot = (powers: readonly number[]): boolean =>
  (powers[8]! ^ powers[4]! ^ powers[3]! ^ powers[1]! ^ powers[0]!) === 0
const powers = Array.from({ length: 254 }, (_, n) => powersOf(n + 2)).find(isRoot)!
const fromTower = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) fromTower[toTower(byte)] = byte
