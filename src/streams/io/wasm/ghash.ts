import type { Code, Local, Routine } from './emitter.ts'
import { i8x16, i32, i64, i64x2, repeat, v128, when } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * GHASH (NIST SP 800-38D §6.4) by tables: for each of the 32 nibble places of a block, its 16 possible products with the
 * key, 8 KB a key. A block costs 32 loads and no shifting. Bytes keep the order of the wire throughout.
 */

/** Fills the table of the key at `layout.ghashKey`. Entry 0 of each place stays zero, as memory begins. */
export const ghashTable: Routine = {
  name: 'ghashTable',
  params: [],
  body: (_, local) => {
    const [place, entry, high, low, odd] = [local('i32'), local('i32'), local('i64'), local('i64'), local('i64')]
    const v = local('v128')
    const key = reversed(v128.load(ZERO, layout.ghashKey))
    return [
      v.set(key),
      low.set(i64x2.lane(v.get, 0)),
      high.set(i64x2.lane(v.get, 1)),
      place.set(i32.const(layout.table)),
      repeat(i32.ltU(place.get, i32.const(layout.table + 32 * 256)), [
        // the four single bits of a nibble, highest first; each step multiplies by x
        entry.set(i32.const(8 * 16)),
        repeat(i32.geU(entry.get, i32.const(16)), [
          v.set(i64x2.withLane(i64x2.splat(low.get), 1, high.get)),
          v128.store(i32.add(place.get, entry.get), reversed(v.get)),
          odd.set(i64.sub(i64.const(0n), i64.and(low.get, i64.const(1n)))),
          low.set(i64.or(i64.shrU(low.get, 1), i64.shl(high.get, 63))),
          high.set(i64.xor(i64.shrU(high.get, 1), i64.and(odd.get, i64.const(0xe1n << 56n)))),
          entry.set(i32.shrU(entry.get, i32.const(1))),
        ]),
        // the others are sums of two that are there already
        SUMS.map((n) =>
          v128.store(
            place.get,
            v128.xor(v128.load(place.get, 16 * (n & (n - 1))), v128.load(place.get, 16 * (n & -n))),
            16 * n,
          ),
        ),
        place.set(i32.add(place.get, i32.const(256))),
      ]),
    ]
  },
}

/**
 * (packet, length, mask): the folded GMAC of a packet (`docs/protocol/vl1.md`, AES-GMAC-SIV): addresses and byte
 * 18 as one block, the region from byte 27 on, the length block, and the encrypted counter block at `mask`.
 */
export const gmac: Routine = {
  name: 'gmac',
  params: ['i32', 'i32', 'i32'],
  result: 'i64',
  body: ([packet, length, mask], local) => {
    const [x, halves] = [local('v128'), Array.from({ length: 4 }, () => local('i64'))]
    const bits = local('i64')
    const block = (data: Code): Code => [x.set(v128.xor(x.get, data)), product(x, halves)]
    return [
      length!.set(i32.sub(length!.get, i32.const(27))),
      bits.set(i64.shl(i64.extend(i32.add(length!.get, i32.const(16))), 3)),
      block(v128.and(v128.load(packet!.get, 8), AAD_MASK)),
      packet!.set(i32.add(packet!.get, i32.const(27))),
      repeat(i32.geU(length!.get, i32.const(16)), [
        block(v128.load(packet!.get)),
        packet!.set(i32.add(packet!.get, i32.const(16))),
        length!.set(i32.sub(length!.get, i32.const(16))),
      ]),
      when(length!.get, block(v128.and(v128.load(packet!.get), i8x16.ltU(BYTE_NUMBERS, i8x16.splat(length!.get))))),
      block(reversed(i64x2.withLane(i64x2.splat(i64.const(0n)), 1, bits.get))),
      x.set(v128.xor(x.get, v128.load(mask!.get))),
      i64.xor(i64x2.lane(x.get, 0), i64x2.lane(x.get, 1)),
    ]
  },
}

/** x = x times the key. High and low nibble of byte n are places 2n and 2n + 1. */
const product = (x: Local, halves: readonly Local[]): Code => {
  const term = (half: number, byte: number, low: number): Code => {
    const nibbles = halves[half + 2 * low]!.get
    const moved = byte === 0 ? nibbles : i64.shrU(nibbles, 8 * byte)
    const index = i32.wrap(moved)
    return v128.load(
      byte === 7 ? index : i32.and(index, i32.const(0xff)),
      layout.table + 256 * (2 * (8 * half + byte) + low),
    )
  }
  const terms = Array.from({ length: 32 }, (_, i) => term(i >> 4, (i >> 1) & 7, i & 1))
  return [
    halves[0]!.set(i64x2.lane(v128.and(x.get, HIGH_NIBBLES), 0)),
    halves[1]!.set(i64x2.lane(v128.and(x.get, HIGH_NIBBLES), 1)),
    halves[2]!.set(i64x2.lane(v128.and(i64x2.shl(x.get, 4), HIGH_NIBBLES), 0)),
    halves[3]!.set(i64x2.lane(v128.and(i64x2.shl(x.get, 4), HIGH_NIBBLES), 1)),
    x.set(sum(terms)),
  ]
}

/** XOR of all, as a balanced tree: a chain of 32 would wait for each load in turn. */
const sum = (terms: readonly Code[]): Code =>
  terms.length === 1 ? terms[0]! : v128.xor(sum(terms.slice(0, terms.length / 2)), sum(terms.slice(terms.length / 2)))

const reversed = (value: Code): Code =>
  v128.shuffle(value, value, [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
const ZERO = i32.const(0)
const HIGH_NIBBLES = v128.const(new Array<number>(16).fill(0xf0))
const SUMS = [3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]
const BYTE_NUMBERS = v128.const(Array.from({ length: 16 }, (_, i) => i))
const AAD_MASK = v128.const([...new Array<number>(10).fill(0xff), 0xf8, 0, 0, 0, 0, 0])
