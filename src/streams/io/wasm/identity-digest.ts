import { call, type Routine } from './emitter.ts'
import { i32, i64, repeatOnce, v128 } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * The memory-hard part of address derivation (`docs/protocol/vl1.md`, address derivation). The SHA-512 of the key lies at
 * `layout.digest` and gives way to the result; its first 40 bytes have already made the Salsa20 state at `layout.state`.
 * The keystream does not depend on the data, so it is made four blocks at a time.
 */
export const identityDigest: Routine = {
  name: 'identityDigest',
  params: [],
  body: (_, local) => {
    const [at, counter, mine, theirs] = [local('i32'), local('i32'), local('i32'), local('i32')]
    const chain = Array.from({ length: 4 }, () => local('v128'))
    const word = local('i64')
    const four = [0, 1, 2, 3]
    const keystream = [
      call('salsaWrite', i32.const(layout.keystream), counter.get, i32.const(20)),
      counter.set(i32.add(counter.get, i32.const(4))),
    ]
    const fill = four.map((block) =>
      chain.map((part, i) => [
        part.set(v128.xor(part.get, v128.load(ZERO, layout.keystream + 64 * block + 16 * i))),
        v128.store(at.get, part.get, layout.memory + 64 * block + 16 * i),
      ]),
    )
    const byte = (offset: number, bits: number, shift: number) =>
      i32.shl(i32.and(i32.load8(at.get, layout.memory + offset), i32.const((1 << bits) - 1)), i32.const(shift))
    const stir = four.map((block) => [
      mine.set(byte(7, 3, 3)),
      // big-endian word index modulo 2^18, times eight bytes
      theirs.set(i32.or(i32.or(byte(13, 2, 19), byte(14, 8, 11)), byte(15, 8, 3))),
      word.set(i64.load(theirs.get, layout.memory)),
      i64.store(theirs.get, i64.load(mine.get, layout.digest), layout.memory),
      i64.store(mine.get, word.get, layout.digest),
      [0, 8, 16, 24, 32, 40, 48, 56].map((i) =>
        i64.store(
          ZERO,
          i64.xor(i64.load(ZERO, layout.digest + i), i64.load(ZERO, layout.keystream + 64 * block + i)),
          layout.digest + i,
        ),
      ),
      at.set(i32.add(at.get, i32.const(16))),
    ])
    return [
      repeatOnce([keystream, fill, at.set(i32.add(at.get, i32.const(256)))], i32.ltU(at.get, i32.const(MEMORY))),
      at.set(ZERO),
      repeatOnce([keystream, stir], i32.ltU(at.get, i32.const(MEMORY))),
    ]
  },
}

const ZERO = i32.const(0)
const MEMORY = 0x200000
