/** Fresh random bytes. In a node it is the platform's CSPRNG, in a simulation a seeded stream. */
export type Random = (bytes: number) => Uint8Array

/** Seeded numbers as a value in state: the next 32 bits and the generator that comes after (mulberry32). */
export interface Rng {
  readonly state: number
}
export const rng = (seed: number): Rng => ({ state: seed | 0 })

export const next = ({ state }: Rng): readonly [value: number, rng: Rng] => {
  const s = (state + 0x6d2b79f5) | 0
  let t = Math.imul(s ^ (s >>> 15), 1 | s)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return [(t ^ (t >>> 14)) >>> 0, { state: s }]
}

/** A `Random` that gives the same bytes for the same seed. For simulations and tests only: it is no CSPRNG. */
export const seededRandom = (seed: number): Random => {
  let generator = rng(seed)
  return (bytes) => {
    const out = new Uint8Array(bytes)
    for (let i = 0; i < bytes; i += 4) {
      const [value, after] = next(generator)
      generator = after
      for (let j = i; j < Math.min(i + 4, bytes); j++) out[j] = (value >>> ((j - i) * 8)) & 0xff
    }
    return out
  }
}

/** A uniform number in [0, 1) with 32 bits, from a `Random`. */
export const uniform = (random: Random): number => {
  const b = random(4)
  return (((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0) / 0x1_0000_0000
}
