import type { Code, Routine } from './emitter.ts'
import { i32, i32x4, repeat, v128 } from './instructions.ts'

/**
 * (at, length): the one's complement sum of RFC 1071 over big-endian 16-bit words, an odd last byte padded with zero; not
 * complemented. Writes 16 zero bytes after the data. Lanes hold 500 KB without overflow.
 */
export const internetChecksum: Routine = {
  name: 'internetChecksum',
  params: ['i32', 'i32'],
  result: 'i32',
  body: ([at, length], local) => {
    const [sum, end, total] = [local('v128'), local('i32'), local('i32')]
    return [
      end.set(i32.add(at!.get, length!.get)),
      v128.store(end.get, v128.const(new Array<number>(16).fill(0))),
      // words are summed as they lie, little-endian: the one's complement sum only has its bytes swapped by it
      repeat(i32.ltU(at!.get, end.get), [
        sum.set(i32x4.add(sum.get, i32x4.addPairs16(v128.load(at!.get)))),
        at!.set(i32.add(at!.get, i32.const(16))),
      ]),
      total.set([0, 1, 2, 3].map((lane) => folded(i32x4.lane(sum.get, lane))).reduce((a, b) => i32.add(a, b))),
      total.set(folded(total.get)),
      total.set(folded(total.get)),
      i32.or(i32.shrU(total.get, i32.const(8)), i32.and(i32.shl(total.get, i32.const(8)), i32.const(0xff00))),
    ]
  },
}

const folded = (value: Code): Code => i32.add(i32.and(value, i32.const(0xffff)), i32.shrU(value, i32.const(16)))
