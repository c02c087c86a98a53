import type { Code, Local, Routine } from './emitter.ts'
import { i32, i32x4, i64, i64x2, repeat, transpose, v128, when } from './instructions.ts'
import { layout } from './layout.ts'

/**
 * (at, length): Poly1305 (RFC 8439 §2.5) under the key at `layout.keystream`; the tag goes to `layout.tag`. Writes up to
 * 17 bytes of padding after the message.
 *
 * Numbers are five limbs of 26 bits. Long messages run as four interleaved Horner chains, one a lane, stepping by r^4;
 * at the end lane k is multiplied by r^(4-k) and the lanes are added. Limbs stay below 2^28 and those of 5r below 2^29,
 * so five products fit 64 bits with room to spare. What is left, and short messages, take one block at a time.
 */
export const poly1305: Routine = {
  name: 'poly1305',
  params: ['i32', 'i32'],
  body: ([at, length], local) => {
    const many = (n: number, type: 'i64' | 'v128'): Local[] => Array.from({ length: n }, () => local(type))
    const scalar: Scalar = {
      h: many(5, 'i64'),
      r: many(5, 'i64'),
      s: many(5, 'i64'),
      d: many(5, 'i64'),
      carry: local('i64'),
    }
    const [low, high] = [local('i64'), local('i64')]
    const block = (address: Code, top: bigint): Code => [
      low.set(i64.load(address)),
      high.set(i64.load(address, 8)),
      limbsOf(low, high).map((limb, i) =>
        scalar.h[i]!.set(i64.add(scalar.h[i]!.get, i === 4 ? i64.or(limb, i64.const(top)) : limb)),
      ),
      multiply(scalar),
    ]
    return [
      low.set(i64.and(i64.load(ZERO, layout.keystream), i64.const(0x0ffffffc0fffffffn))),
      high.set(i64.and(i64.load(ZERO, layout.keystream + 8), i64.const(0x0ffffffc0ffffffcn))),
      limbsOf(low, high).map((limb, i) => scalar.r[i]!.set(limb)),
      scalar.s.map((limb, i) => limb.set(i64.mul(scalar.r[i]!.get, i64.const(5n)))),
      when(i32.geU(length!.get, i32.const(FOUR_LANES_FROM)), fourLanes(scalar, at!, length!, many)),
      repeat(i32.geU(length!.get, i32.const(16)), [block(at!.get, 1n << 24n), advance(at!, length!, 16)]),
      when(length!.get, [
        i64.store(i32.add(at!.get, length!.get), i64.const(1n)),
        i64.store(i32.add(at!.get, length!.get), i64.const(0n), 8),
        block(at!.get, 0n),
      ]),
      finish(scalar, low, high),
    ]
  },
}

interface Scalar {
  readonly h: readonly Local[]
  readonly r: readonly Local[]
  /** 5r, for what wraps around 2^130. */
  readonly s: readonly Local[]
  readonly d: readonly Local[]
  readonly carry: Local
}

const fourLanes = (
  scalar: Scalar,
  at: Local,
  length: Local,
  many: (n: number, type: 'i64' | 'v128') => Local[],
): Code => {
  const [h, r, s] = [many(5, 'v128'), many(5, 'v128'), many(5, 'v128')]
  const [low, high, m, t] = [many(5, 'v128'), many(5, 'v128'), many(5, 'v128'), many(4, 'v128')]
  const ending = many(5, 'v128')
  const word = (limb: Local): Code => i32.wrap(limb.get)
  const timesFive = (): Code =>
    r.map((limb, i) => (i === 0 ? [] : s[i]!.set(i32x4.add(limb.get, i32x4.shl(limb.get, 2)))))
  return [
    // lane 3 ends with r, lane 2 with r^2, lane 1 with r^3, lane 0 with r^4
    ending.map((limb, i) => limb.set(i32x4.splat(word(scalar.r[i]!)))),
    scalar.h.map((limb, i) => limb.set(scalar.r[i]!.get)),
    [2, 1, 0].map((lane) => [
      multiply(scalar),
      ending.map((limb, i) => limb.set(i32x4.withLane(limb.get, lane, word(scalar.h[i]!)))),
    ]),
    r.map((limb, i) => limb.set(i32x4.splat(word(scalar.h[i]!)))),
    timesFive(),
    loadFour(at, m, t),
    h.map((limb, i) => limb.set(m[i]!.get)),
    advance(at, length, 64),
    repeat(i32.geU(length.get, i32.const(64)), [
      productsOf(h, r, s, low, high),
      carryLanes(low, t[0]!),
      carryLanes(high, t[1]!),
      loadFour(at, m, t),
      h.map((limb, i) => limb.set(i32x4.add(packed(low[i]!, high[i]!), m[i]!.get))),
      advance(at, length, 64),
    ]),
    r.map((limb, i) => limb.set(ending[i]!.get)),
    timesFive(),
    productsOf(h, r, s, low, high),
    scalar.d.map((sum, i) => [
      low[i]!.set(i64x2.add(low[i]!.get, high[i]!.get)),
      sum.set(i64.add(i64x2.lane(low[i]!.get, 0), i64x2.lane(low[i]!.get, 1))),
    ]),
    carry(scalar),
  ]
}

/** low, high = h * r in 64-bit lanes (0 and 1, 2 and 3); s is 5r, for what wraps around 2^130. */
const productsOf = (
  h: readonly Local[],
  r: readonly Local[],
  s: readonly Local[],
  low: readonly Local[],
  high: readonly Local[],
): Code =>
  [0, 1, 2, 3, 4].map((i) => {
    const sum = (product: (a: Code, b: Code) => Code): Code =>
      h
        .map((limb, j) => product(limb.get, j <= i ? r[i - j]!.get : s[5 + i - j]!.get))
        .reduce((a, b) => i64x2.add(a, b))
    return [low[i]!.set(sum(i64x2.mulLow)), high[i]!.set(sum(i64x2.mulHigh))]
  })

/** Brings limbs back to 26 bits and a little: two chains at once, so that they hide each other's latency. */
const carryLanes = (d: readonly Local[], c: Local): Code => {
  const from = (i: number, ...add: readonly ((carry: Code) => Code)[]): Code => [
    c.set(i64x2.shrU(d[i]!.get, 26)),
    d[i]!.set(v128.and(d[i]!.get, LANE_MASK)),
    add.map((one) => d[(i + 1) % 5]!.set(i64x2.add(d[(i + 1) % 5]!.get, one(c.get)))),
  ]
  const once = (carry: Code): Code => carry
  const fourTimes = (carry: Code): Code => i64x2.shl(carry, 2)
  return [
    from(0, once),
    from(3, once),
    from(1, once),
    from(4, once, fourTimes),
    from(2, once),
    from(0, once),
    from(3, once),
  ]
}

/** Four blocks from `at` on as limbs, a block a lane. */
const loadFour = (at: Local, m: readonly Local[], t: readonly Local[]): Code => {
  const w = m.slice(0, 4)
  const [w0, w1, w2, w3] = w.map((word) => word.get)
  const limb = (value: Code): Code => v128.and(value, WORD_MASK)
  return [
    w.map((row, i) => row.set(v128.load(at.get, 16 * i))),
    transpose(w, t),
    m[4]!.set(v128.or(i32x4.shrU(w3!, 8), i32x4.const(1 << 24, 1 << 24, 1 << 24, 1 << 24))),
    m[3]!.set(limb(v128.or(i32x4.shrU(w2!, 14), i32x4.shl(w3!, 18)))),
    m[2]!.set(limb(v128.or(i32x4.shrU(w1!, 20), i32x4.shl(w2!, 12)))),
    m[1]!.set(limb(v128.or(i32x4.shrU(w0!, 26), i32x4.shl(w1!, 6)))),
    m[0]!.set(limb(w0!)),
  ]
}

/** h = h * r mod 2^130 - 5, limbs back to 26 bits and a little. */
const multiply = (scalar: Scalar): Code => {
  const { h, r, s, d } = scalar
  return [
    d.map((sum, i) =>
      sum.set(
        h
          .map((limb, j) => i64.mul(limb.get, j <= i ? r[i - j]!.get : s[5 + i - j]!.get))
          .reduce((a, b) => i64.add(a, b)),
      ),
    ),
    carry(scalar),
  ]
}

/** h = d, carried. */
const carry = ({ h, d, carry: c }: Scalar): Code => [
  [0, 1, 2, 3, 4].map((i) => [
    i === 0 ? [] : d[i]!.set(i64.add(d[i]!.get, c.get)),
    c.set(i64.shrU(d[i]!.get, 26)),
    h[i]!.set(i64.and(d[i]!.get, LIMB_MASK)),
  ]),
  h[0]!.set(i64.add(h[0]!.get, i64.mul(c.get, i64.const(5n)))),
  h[1]!.set(i64.add(h[1]!.get, i64.shrU(h[0]!.get, 26))),
  h[0]!.set(i64.and(h[0]!.get, LIMB_MASK)),
]

/** Reduces h completely, adds the second half of the key and stores the tag. */
const finish = ({ h, d, carry: c }: Scalar, low: Local, high: Local): Code => {
  const ripple = (limbs: readonly Local[]): Code =>
    [0, 1, 2, 3].map((i) => [
      limbs[i + 1]!.set(i64.add(limbs[i + 1]!.get, i64.shrU(limbs[i]!.get, 26))),
      limbs[i]!.set(i64.and(limbs[i]!.get, LIMB_MASK)),
    ])
  const wrap: Code = [
    c.set(i64.shrU(h[4]!.get, 26)),
    h[4]!.set(i64.and(h[4]!.get, LIMB_MASK)),
    h[0]!.set(i64.add(h[0]!.get, i64.mul(c.get, i64.const(5n)))),
  ]
  return [
    [ripple(h), wrap, ripple(h), wrap, ripple(h)],
    // d = h + 5: if it reaches 2^130, h was not below p and d without its top bit is what is wanted
    d.map((limb, i) => limb.set(i === 0 ? i64.add(h[0]!.get, i64.const(5n)) : h[i]!.get)),
    ripple(d),
    c.set(i64.sub(i64.const(0n), i64.shrU(d[4]!.get, 26))),
    d[4]!.set(i64.and(d[4]!.get, LIMB_MASK)),
    h.map((limb, i) => limb.set(i64.xor(limb.get, i64.and(c.get, i64.xor(limb.get, d[i]!.get))))),
    low.set(i64.or(i64.or(h[0]!.get, i64.shl(h[1]!.get, 26)), i64.shl(h[2]!.get, 52))),
    high.set(i64.or(i64.or(i64.shrU(h[2]!.get, 12), i64.shl(h[3]!.get, 14)), i64.shl(h[4]!.get, 40))),
    low.set(i64.add(low.get, i64.load(ZERO, layout.keystream + 16))),
    high.set(i64.add(high.get, i64.load(ZERO, layout.keystream + 24))),
    high.set(i64.add(high.get, i64.extend(i64.ltU(low.get, i64.load(ZERO, layout.keystream + 16))))),
    i64.store(ZERO, low.get, layout.tag),
    i64.store(ZERO, high.get, layout.tag + 8),
  ]
}

/** The five limbs of 128 bits. */
const limbsOf = (low: Local, high: Local): readonly Code[] => [
  i64.and(low.get, LIMB_MASK),
  i64.and(i64.shrU(low.get, 26), LIMB_MASK),
  i64.and(i64.or(i64.shrU(low.get, 52), i64.shl(high.get, 12)), LIMB_MASK),
  i64.and(i64.shrU(high.get, 14), LIMB_MASK),
  i64.shrU(high.get, 40),
]

/** Four 32-bit lanes from the low halves of two by two 64-bit lanes. */
const packed = (low: Local, high: Local): Code =>
  v128.shuffle(low.get, high.get, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27])
const advance = (at: Local, length: Local, by: number): Code => [
  at.set(i32.add(at.get, i32.const(by))),
  length.set(i32.sub(length.get, i32.const(by))),
]

const ZERO = i32.const(0)
const LIMB = 0x3ff_ffff
const LIMB_MASK = i64.const(BigInt(LIMB))
const WORD_MASK = i32x4.const(LIMB, LIMB, LIMB, LIMB)
const LANE_MASK = i32x4.const(LIMB, 0, LIMB, 0)
/** Below it the powers of r cost more than the lanes save. */
const FOUR_LANES_FROM = 192
