import { type Code, type Local, signed, unsigned } from './emitter.ts'

/** The instructions our routines use, as functions from operands to code (WebAssembly Core 2.0 §5.4). */
const binary =
  (op: number) =>
  (a: Code, b: Code): Code => [a, b, op]
const unary =
  (op: number) =>
  (a: Code): Code => [a, op]
/** Addresses are i32; `offset` is added to them and costs nothing. */
const load =
  (...op: readonly number[]) =>
  (address: Code, offset = 0): Code => [address, op, 0, unsigned(offset)]
const store =
  (...op: readonly number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, op, 0, unsigned(offset)]
const simd = (op: number): Code => [0xfd, unsigned(op)]
const simdBinary =
  (op: number) =>
  (a: Code, b: Code): Code => [a, b, simd(op)]
const simdUnary =
  (op: number) =>
  (a: Code): Code => [a, simd(op)]
const simdShift =
  (op: number) =>
  (a: Code, bits: number): Code => [a, i32.const(bits), simd(op)]
const simdLoad =
  (op: number) =>
  (address: Code, offset = 0): Code => [address, simd(op), 0, unsigned(offset)]
const lane =
  (op: number) =>
  (a: Code, index: number): Code => [a, simd(op), index]
const withLane =
  (op: number) =>
  (a: Code, index: number, value: Code): Code => [a, value, simd(op), index]

export const i32 = {
  const: (value: number): Code => [0x41, signed(BigInt(value | 0))],
  load: load(0x28),
  load8: load(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  eqz: unary(0x45),
  ltU: binary(0x49),
  gtU: binary(0x4b),
  geU: binary(0x4f),
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  shl: binary(0x74),
  shrU: binary(0x76),
  wrap: unary(0xa7),
}

export const i64 = {
  const: (value: bigint): Code => [0x42, signed(BigInt.asIntN(64, value))],
  load: load(0x29),
  store: store(0x37),
  eq: binary(0x51),
  ltU: binary(0x54),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: (a: Code, bits: number): Code => [a, i64.const(BigInt(bits)), 0x86],
  shrU: (a: Code, bits: number): Code => [a, i64.const(BigInt(bits)), 0x88],
  extend: unary(0xad),
}

export const v128 = {
  load: simdLoad(0x00),
  splat32: simdLoad(0x09),
  load64: simdLoad(0x5d),
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(0x0b), 0, unsigned(offset)],
  const: (bytes: readonly number[]): Code => [simd(0x0c), bytes],
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [a, b, simd(0x0d), lanes],
  /** Bytes of `table` by number; 0 for numbers over 15. */
  lookUp: (table: Code, numbers: Code): Code => [table, numbers, simd(0x0e)],
  and: simdBinary(0x4e),
  or: simdBinary(0x50),
  xor: simdBinary(0x51),
}

export const i8x16 = { splat: simdUnary(0x0f), ltU: simdBinary(0x26), shrU: simdShift(0x6d) }

export const i32x4 = {
  const: (a: number, b: number, c: number, d: number): Code => v128.const([a, b, c, d].flatMap(word)),
  splat: simdUnary(0x11),
  lane: lane(0x1b),
  withLane: withLane(0x1c),
  shl: simdShift(0xab),
  shrU: simdShift(0xad),
  add: simdBinary(0xae),
  addPairs16: simdUnary(0x7f),
}

export const i64x2 = {
  splat: simdUnary(0x12),
  lane: lane(0x1d),
  withLane: withLane(0x1e),
  shl: simdShift(0xcb),
  shrU: simdShift(0xcd),
  add: simdBinary(0xce),
  mulLow: simdBinary(0xde),
  mulHigh: simdBinary(0xdf),
}

/** Runs `body` while `condition` holds. */
export const repeat = (condition: Code, body: Code): Code => [
  [0x02, 0x40],
  [0x03, 0x40],
  [i32.eqz(condition), 0x0d, 1],
  [body, 0x0c, 0],
  [0x0b, 0x0b],
]
/** Runs `body` once, and again as long as `condition` then holds. */
export const repeatOnce = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b]
export const leave = (value: Code): Code => [value, 0x0f]

/** Four 32-bit lanes out of eight: 0 to 3 of the first operand, 4 to 7 of the second. */
export const lanes32 = (a: Code, b: Code, picks: readonly number[]): Code =>
  v128.shuffle(
    a,
    b,
    picks.flatMap((i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]),
  )
/**
 * Rows to columns: given locals that hold four vectors of four words, leaves in them vectors that take one word of each.
 * `t` are four more locals to work in.
 */
export const transpose = (rows: readonly Local[], t: readonly Local[]): Code => {
  const [a, b, c, d] = [rows[0]!, rows[1]!, rows[2]!, rows[3]!]
  const [p, q, r, s] = [t[0]!, t[1]!, t[2]!, t[3]!]
  return [
    p.set(lanes32(a.get, b.get, [0, 4, 1, 5])),
    q.set(lanes32(c.get, d.get, [0, 4, 1, 5])),
    r.set(lanes32(a.get, b.get, [2, 6, 3, 7])),
    s.set(lanes32(c.get, d.get, [2, 6, 3, 7])),
    a.set(lanes32(p.get, q.get, [0, 1, 4, 5])),
    b.set(lanes32(p.get, q.get, [2, 3, 6, 7])),
    c.set(lanes32(r.get, s.get, [0, 1, 4, 5])),
    d.set(lanes32(r.get, s.get, [2, 3, 6, 7])),
  ]
}

const word = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]
