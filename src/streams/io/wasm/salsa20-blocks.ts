import { type Code, call, type Local, type Routine } from './emitter.ts'
import { i32, i32x4, repeat, repeatOnce, transpose, v128 } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * Four Salsa20 blocks at once: sixteen vectors, each one word of the state, each lane one block. The state in memory
 * gives everything but the counter; block `counter` and the three after it go to `to`, 256 bytes.
 */
const blocks = (name: string, put: (to: Local, offset: number, value: Code) => Code): Routine => ({
  name,
  params: ['i32', 'i32', 'i32'],
  body: ([to, counter, rounds], local) => {
    const x = Array.from({ length: 16 }, () => local('v128'))
    const t = Array.from({ length: 4 }, () => local('v128'))
    const counters = i32x4.add(i32x4.splat(counter!.get), i32x4.const(0, 1, 2, 3))
    const initial = (i: number): Code => (i === 8 ? counters : v128.splat32(i32.const(0), layout.state + 4 * i))
    const step = (target: number, a: number, b: number, bits: number, turn: Local): Code => [
      turn.set(i32x4.add(x[a]!.get, x[b]!.get)),
      x[target]!.set(v128.xor(v128.xor(x[target]!.get, i32x4.shl(turn.get, bits)), i32x4.shrU(turn.get, 32 - bits))),
    ]
    // the four quarter-rounds of a half are independent: step by step over all four keeps the pipelines full
    const half = (quarters: readonly (readonly number[])[]): Code => [
      quarters.map(([a, b, , d], i) => step(b!, a!, d!, 7, t[i]!)),
      quarters.map(([a, b, c], i) => step(c!, b!, a!, 9, t[i]!)),
      quarters.map(([, b, c, d], i) => step(d!, c!, b!, 13, t[i]!)),
      quarters.map(([a, , c, d], i) => step(a!, d!, c!, 18, t[i]!)),
    ]
    const columns = [
      [0, 4, 8, 12],
      [5, 9, 13, 1],
      [10, 14, 2, 6],
      [15, 3, 7, 11],
    ]
    const rows = [
      [0, 1, 2, 3],
      [5, 6, 7, 4],
      [10, 11, 8, 9],
      [15, 12, 13, 14],
    ]
    const group = (g: number): Code => {
      const four = x.slice(4 * g, 4 * g + 4)
      return [
        four.map((word, i) => word.set(i32x4.add(word.get, initial(4 * g + i)))),
        transpose(four, t),
        four.map((row, block) => put(to!, 64 * block + 16 * g, row.get)),
      ]
    }
    return [
      x.map((word, i) => word.set(initial(i))),
      repeatOnce([half(columns), half(rows), rounds!.set(i32.sub(rounds!.get, i32.const(2)))], rounds!.get),
      [0, 1, 2, 3].map(group),
    ]
  },
})

/** (to, counter, rounds): writes keystream. */
export const salsaWrite = blocks('salsaWrite', (to, offset, value) => v128.store(to.get, value, offset))
/** (to, counter, rounds): XORs keystream into what is there. */
export const salsaXor = blocks('salsaXor', (to, offset, value) =>
  v128.store(to.get, v128.xor(v128.load(to.get, offset), value), offset),
)

/** (at, length, counter, rounds): XORs keystream into `length` bytes; spoils up to 255 bytes after them. */
export const salsaStream: Routine = {
  name: 'salsaStream',
  params: ['i32', 'i32', 'i32', 'i32'],
  body: ([at, length, counter, rounds], local) => {
    const end = local('i32')
    return [
      end.set(i32.add(at!.get, length!.get)),
      repeat(i32.ltU(at!.get, end.get), [
        call('salsaXor', at!.get, counter!.get, rounds!.get),
        at!.set(i32.add(at!.get, i32.const(256))),
        counter!.set(i32.add(counter!.get, i32.const(4))),
      ]),
    ]
  },
}
