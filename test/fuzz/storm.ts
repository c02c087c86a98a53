import { expect, it } from 'vitest'
import { type Chance, chance } from './chance.ts'

/** One world, one storm: made anew for each seed, so that a seed and a number of inputs say everything. */
export interface Arena {
  /** Makes one mutated input and gives it; the answer is what was given, for the report of a failure. */
  readonly feed: () => unknown
  /** What must hold whenever nothing is being processed. */
  readonly check: () => void
  /** After the storm: those who had nothing to do with it still talk. */
  readonly aftermath: () => void
}

/** Counts what happened, by name, over all seeds of a storm. */
export interface Tally {
  readonly count: (name: string, n?: number) => void
  readonly counts: ReadonlyMap<string, number>
}

/**
 * A storm of `share` times 10 000 inputs, or times `RXZT_FUZZ`. A failure names its seed and
 * the input; `RXZT_FUZZ_SEED` runs that seed alone, and `RXZT_FUZZ_UNTIL` ends it after so many inputs.
 */
export const storm = (
  name: string,
  share: number,
  make: (chance: Chance, tally: Tally, seed: number) => Arena,
  never: (seen: ReadonlyMap<string, number>) => readonly string[],
  /** What a whole storm need not meet; `undefined`: it may miss anything. */
  mayMiss?: readonly string[],
): void => {
  const total = Math.round(share * TOTAL)
  const batch = Math.min(50_000, Math.max(1_000, Math.floor(total / 20)))
  const seeds = ONLY === undefined ? Array.from({ length: Math.ceil(total / batch) }, (_, i) => i + 1) : [ONLY]
  const until = UNTIL ?? batch
  it(
    `${name}: ${seeds.length} × ${until} mutated inputs`,
    () => {
      const tally = newTally()
      for (const seed of seeds) {
        run(make(chance(seed), tally, seed), name, seed, until)
        if (BY_HAND) process.stderr.write(`${name}: seed ${seed} of ${seeds.length}\n`)
      }
      if (BY_HAND) report(name, tally, never(tally.counts))
      if (mayMiss !== undefined && ONLY === undefined && UNTIL === undefined && TOTAL >= WHOLE)
        expect(never(tally.counts).filter((one) => !mayMiss.includes(one))).toEqual([])
      expect(tally.counts.get('inputs')).toBe(seeds.length * until)
    },
    120_000 + total * 20,
  )
}

const run = (arena: Arena, name: string, seed: number, until: number): void => {
  let given: unknown
  let i = 0
  try {
    for (; i < until; i++) {
      given = arena.feed()
      if (i % CHECK_EVERY === 0) arena.check()
    }
    arena.check()
    given = 'the aftermath'
    arena.aftermath()
  } catch (error) {
    const again = `RXZT_FUZZ_SEED=${seed} RXZT_FUZZ_UNTIL=${Math.min(i + 1, until)} npx vitest run test/fuzz -t "${name}"`
    throw new Error(`seed ${seed}, input ${i}: ${JSON.stringify(given, printable)}\nagain: ${again}`, { cause: error })
  }
}

const newTally = (): Tally => {
  const counts = new Map<string, number>()
  return { counts, count: (name, n = 1) => void counts.set(name, (counts.get(name) ?? 0) + n) }
}

const report = (name: string, { counts }: Tally, never: readonly string[]): void => {
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, n]) => `  ${what}: ${n}`)
  console.log([`${name}`, ...lines, `  never seen: ${never.join(', ') || 'nothing'}`].join('\n'))
}

const printable = (_key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : typeof value === 'bigint' ? `${value}` : value

const numberFrom = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined ? undefined : Number(text)
}
/** Somebody waits, perhaps for an hour. */
const BY_HAND = process.env['RXZT_FUZZ'] !== undefined
const TOTAL = numberFrom('RXZT_FUZZ') ?? 10_000
const WHOLE = 10_000
const ONLY = numberFrom('RXZT_FUZZ_SEED')
const UNTIL = numberFrom('RXZT_FUZZ_UNTIL')
const CHECK_EVERY = 100

/** As `expect(values).toContain(value)`, for places that are passed millions of times. */
export const mustBeOneOf = (value: string, values: ReadonlySet<string>): void => {
  if (!values.has(value)) throw new Error(`'${value}' is none of ${[...values].join(', ')}`)
}
