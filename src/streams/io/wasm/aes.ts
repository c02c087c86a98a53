import {
  A_OVER,
  affine,
  affineInverse,
  type ByNibbles,
  type ByParts,
  byNibbles,
  INVERSE,
  inverseThen,
  S_BOX_CONSTANT,
  times,
  toTower,
} from './aes-tables.ts'
import type { Code, Local, Routine } from './emitter.ts'
import { i8x16, i32, i32x4, lanes32, repeat, v128 } from './instructions.ts'

/**
 * AES-256 (FIPS 197) for a few blocks at a time: a call into OpenSSL costs as much as a dozen of them here, and most
 * packets need one block at a time. No address of a load depends on a key or on data.
 *
 * Between rounds the state is kept as the next look-ups want it, and so are the round keys: `aesKeys` makes them.
 */

/** What distinguishes the two directions. */
interface Direction {
  readonly enter: ByNibbles
  /** From the parts of the inverse to the columns of a middle round. */
  readonly columns: (io: Local, jo: Local, spare: readonly [Local, Local]) => Code
  readonly leave: ByParts
  /** Where each byte of the last round comes from. */
  readonly order: readonly number[]
}

/** (blocks, count, keys): in place, two at a time so that neither waits; an odd last one takes along what follows it. */
const cipher = (name: string, { enter, columns, leave, order }: Direction): Routine => ({
  name,
  params: ['i32', 'i32', 'i32'],
  body: ([block, count, keys], local) => {
    const [end, key, lastKey] = [local('i32'), local('i32'), local('i32')]
    const pair = [0, 16].map((offset) => ({
      offset,
      x: local('v128'),
      io: local('v128'),
      jo: local('v128'),
      spare: [local('v128'), local('v128')] as const,
    }))
    const roundKey = v128.load(key.get)
    return [
      end.set(i32.add(block!.get, i32.shl(count!.get, i32.const(4)))),
      lastKey.set(i32.add(keys!.get, i32.const(14 * 16))),
      repeat(i32.ltU(block!.get, end.get), [
        pair.map(({ x, offset }) => [
          x.set(v128.load(block!.get, offset)),
          x.set(v128.xor(mapped(enter, x), v128.load(keys!.get))),
        ]),
        key.set(i32.add(keys!.get, i32.const(16))),
        repeat(i32.ltU(key.get, lastKey.get), [
          pair.map(({ x, io, jo, spare }) => [
            invert(x, io, jo, spare),
            x.set(v128.xor(columns(io, jo, spare), roundKey)),
          ]),
          key.set(i32.add(key.get, i32.const(16))),
        ]),
        pair.map(({ x, io, jo, spare, offset }) => [
          invert(x, io, jo, spare),
          x.set(joined(leave, io, jo)),
          v128.store(block!.get, v128.xor(moved(x, order), roundKey), offset),
        ]),
        block!.set(i32.add(block!.get, i32.const(32))),
      ]),
    ]
  },
})

const shiftRows = Array.from({ length: 16 }, (_, n) => (n + 4 * (n % 4)) % 16)
const shiftRowsBack = Array.from({ length: 16 }, (_, n) => (n + 16 - 4 * (n % 4)) % 16)
/** Byte r of a column becomes byte r + `by` of it. */
const turned = (by: number): readonly number[] => Array.from({ length: 16 }, (_, n) => (n & ~3) | ((n + by) & 3))
const after = (first: readonly number[], then: readonly number[]): readonly number[] => then.map((n) => first[n]!)

const backToTower = (byte: number): number => toTower(affineInverse(byte))
const once = inverseThen((x) => toTower(affine(x)))
const twice = inverseThen((x) => toTower(times(2)(affine(x))))
const UNMIX = [14, 11, 13, 9] as const
const unmixed = UNMIX.map((factor) => inverseThen((x) => backToTower(times(factor)(x))))
const unmixedKey = UNMIX.map((factor) => byNibbles((x) => backToTower(times(factor)(x))))

export const aesEncrypt = cipher('aesEncrypt', {
  enter: byNibbles(toTower),
  columns: (io, jo, [one, two]) => [
    one.set(joined(once, io, jo)),
    two.set(joined(twice, io, jo)),
    sum([
      moved(two, shiftRows),
      moved(one, after(shiftRows, turned(2))),
      moved(one, after(shiftRows, turned(3))),
      v128.shuffle(v128.xor(one.get, two.get), two.get, after(shiftRows, turned(1))),
    ]),
  ],
  leave: inverseThen(affine),
  order: shiftRows,
})

export const aesDecrypt = cipher('aesDecrypt', {
  enter: byNibbles(backToTower),
  columns: (io, jo, [, part]) =>
    sum(unmixed.map((table, by) => [part.set(joined(table, io, jo)), moved(part, after(shiftRowsBack, turned(by)))])),
  leave: inverseThen((x) => x),
  order: shiftRowsBack,
})

/** (key, out): round keys for `aesEncrypt` at `out`, for `aesDecrypt` 256 bytes further. */
export const aesKeys: Routine = {
  name: 'aesKeys',
  params: ['i32', 'i32'],
  body: ([key, out], local) => {
    const [even, odd, x, io, jo] = Array.from({ length: 5 }, () => local('v128')) as [Local, Local, Local, Local, Local]
    const spare = [local('v128'), local('v128')] as const
    const [at, end, back, constant] = [local('i32'), local('i32'), local('i32'), local('i32')]
    /** A word of the key before, through the S-box, is added to all words of the key two before and to those after. */
    const next = (mine: Local, before: Local, word: readonly number[]): Code => [
      x.set(before.get),
      x.set(mapped(enterEncrypt, x)),
      invert(x, io, jo, spare),
      x.set(v128.xor(joined(leaveEncrypt, io, jo), splat(S_BOX_CONSTANT))),
      mine.set(v128.xor(mine.get, lanes32(mine.get, NOTHING, [4, 0, 1, 2]))),
      mine.set(v128.xor(mine.get, lanes32(mine.get, NOTHING, [4, 4, 0, 1]))),
      mine.set(v128.xor(mine.get, moved(x, [...word, ...word, ...word, ...word]))),
    ]
    const keep = (value: Local): Code => [v128.store(at.get, value.get), at.set(i32.add(at.get, i32.const(16)))]
    return [
      even.set(v128.load(key!.get)),
      odd.set(v128.load(key!.get, 16)),
      at.set(out!.get),
      end.set(i32.add(out!.get, i32.const(15 * 16))),
      constant.set(i32.const(1)),
      keep(even),
      keep(odd),
      repeat(i32.ltU(at.get, end.get), [
        next(even, odd, [13, 14, 15, 12]),
        even.set(v128.xor(even.get, i32x4.splat(constant.get))),
        keep(even),
        next(odd, even, [12, 13, 14, 15]),
        keep(odd),
        constant.set(i32.shl(constant.get, i32.const(1))),
      ]),
      // for decryption: the last first, and each as MixColumns undone makes it
      at.set(i32.add(out!.get, i32.const(16))),
      end.set(i32.add(out!.get, i32.const(14 * 16))),
      back.set(i32.add(out!.get, i32.const(256 + 13 * 16))),
      repeat(i32.ltU(at.get, end.get), [
        x.set(v128.load(at.get)),
        v128.store(
          back.get,
          sum([
            splat(backToTower(S_BOX_CONSTANT)),
            ...unmixedKey.map((table, by) => [odd.set(mapped(table, x)), moved(odd, turned(by))]),
          ]),
        ),
        x.set(v128.xor(mapped(enterEncrypt, x), splat(toTower(S_BOX_CONSTANT)))),
        v128.store(at.get, x.get),
        at.set(i32.add(at.get, i32.const(16))),
        back.set(i32.sub(back.get, i32.const(16))),
      ]),
      x.set(v128.load(out!.get, 14 * 16)),
      x.set(v128.xor(x.get, splat(S_BOX_CONSTANT))),
      v128.store(out!.get, x.get, 14 * 16),
      v128.store(out!.get, mapped(byNibbles(backToTower), x), 256),
      x.set(v128.load(out!.get)),
      v128.store(out!.get, x.get, 256 + 14 * 16),
      v128.store(out!.get, mapped(enterEncrypt, x)),
    ]
  },
}

/** From a state to the parts of its inverse. */
const invert = (x: Local, io: Local, jo: Local, [i, j]: readonly [Local, Local]): Code => {
  const k = x
  const aOverK = lookUp(A_OVER, k.get)
  return [
    i.set(i8x16.shrU(x.get, 4)),
    k.set(v128.and(x.get, splat(0x0f))),
    j.set(v128.xor(i.get, k.get)),
    k.set(aOverK),
    io.set(v128.xor(lookUp(INVERSE, v128.xor(lookUp(INVERSE, i.get), k.get)), j.get)),
    jo.set(v128.xor(lookUp(INVERSE, v128.xor(lookUp(INVERSE, j.get), k.get)), i.get)),
  ]
}
const mapped = ({ low, high }: ByNibbles, x: Local): Code =>
  v128.xor(lookUp(low, v128.and(x.get, splat(0x0f))), lookUp(high, i8x16.shrU(x.get, 4)))
const joined = (parts: ByParts, io: Local, jo: Local): Code =>
  v128.xor(lookUp(parts.io, io.get), lookUp(parts.jo, jo.get))
const lookUp = (table: readonly number[], numbers: Code): Code => v128.lookUp(v128.const(table), numbers)
const moved = (x: Local, from: readonly number[]): Code => v128.shuffle(x.get, x.get, from)
const sum = (terms: readonly Code[]): Code => terms.reduce((all, term) => v128.xor(all, term))
const splat = (byte: number): Code => v128.const(new Array<number>(16).fill(byte))
const NOTHING = v128.const(new Array<number>(16).fill(0))
const enterEncrypt = byNibbles(toTower)
const leaveEncrypt = inverseThen(affine)
