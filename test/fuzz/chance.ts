import { seededRandom } from '../../src/protocol/kernel/rng.ts'

/** Seeded decisions: the same seed makes the same ones. */
export interface Chance {
  /** A whole number from 0 to `n` − 1. */
  readonly below: (n: number) => number
  /** One in `n` times. */
  readonly once: (n: number) => boolean
  readonly pick: <A>(from: readonly A[]) => A
  readonly bytes: (length: number) => Uint8Array
}

export const chance = (seed: number): Chance => {
  const random = seededRandom(seed)
  const below = (n: number): number => {
    const b = random(4)
    const value = ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0
    return Math.floor((value / 0x1_0000_0000) * n)
  }
  return {
    below,
    once: (n) => below(n) === 0,
    pick: (from) => from[below(from.length)]!,
    bytes: random,
  }
}

/** Bytes that differ from `bytes` in a few places, most of them among the first `head`, where decisions are made. */
export const mutate = (c: Chance, bytes: Uint8Array, head = bytes.length): Uint8Array => {
  let out: Uint8Array = bytes.slice()
  if (c.once(5)) out = out.slice(0, c.below(out.length + 1))
  if (c.once(10)) out = concat(out, c.bytes(c.below(c.once(10) ? 3_000 : 40)))
  for (let n = c.below(5); n > 0 && out.length > 0; n--) {
    const at = c.once(3) ? c.below(out.length) : c.below(Math.min(head, out.length))
    switch (c.below(4)) {
      case 0:
        out[at] = out[at]! ^ (1 << c.below(8))
        break
      case 1:
        out[at] = c.pick(EDGES)
        break
      case 2:
        out[at] = c.below(256)
        break
      default:
        out[at] = out[at]! + c.pick([1, -1])
    }
  }
  return out
}

/** The beginning of one and the end of the other. */
export const splice = (c: Chance, a: Uint8Array, b: Uint8Array): Uint8Array =>
  concat(a.subarray(0, c.below(a.length + 1)), b.subarray(c.below(b.length + 1)))

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Where lengths and counters turn over. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff]
