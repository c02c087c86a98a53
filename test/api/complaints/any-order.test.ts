import fc from 'fast-check'
import { expect, it } from 'vitest'
import { calls, GOOD, isPromised } from './calls.ts'
import { openWorld, type World } from './world.ts'

/** One call, and the time until the next. */
class Called implements fc.AsyncCommand<Outcomes, World> {
  readonly name: string
  readonly n: number
  readonly odd: unknown
  readonly pause: number

  constructor(name: string, n: number, odd: unknown, pause: number) {
    this.name = name
    this.n = n
    this.odd = odd
    this.pause = pause
  }
  check(): boolean {
    return true
  }
  async run(outcomes: Outcomes, world: World): Promise<void> {
    watch(outcomes, this.toString(), () => calls[this.name]!(world, this.n, this.odd))
    if (this.pause > 0) await world.net.advance(this.pause)
  }
  toString(): string {
    return `${this.name}(${this.odd === GOOD ? this.n : fc.stringify(this.odd)}), ${this.pause} ms`
  }
}

interface Outcome {
  readonly call: string
  readonly state: 'pending' | 'done' | 'failed'
  readonly error?: unknown
}
type Outcomes = Outcome[]

const watch = (outcomes: Outcomes, call: string, run: () => unknown): void => {
  const at = outcomes.push({ call, state: 'pending' }) - 1
  const done = (): void => {
    outcomes[at] = { call, state: 'done' }
  }
  const fail = (error: unknown): void => {
    outcomes[at] = { call, state: 'failed', error }
  }
  try {
    void Promise.resolve(run()).then(done, fail)
  } catch (error) {
    fail(error)
  }
}

const odd = fc.constantFrom<unknown[]>(undefined, null, Number.NaN, -1, 0, 70_000, 7n, '', 'x', true, {}, [], () => 7)
const called = fc
  .tuple(
    fc.constantFrom(...Object.keys(calls)),
    fc.nat(4095),
    fc.oneof({ weight: 3, arbitrary: fc.constant(GOOD) }, { weight: 1, arbitrary: odd }),
    fc.constantFrom(0, 0, 1, 30, 2000),
  )
  .map(([name, n, wrong, pause]) => new Called(name, n, wrong, pause))

const RUNS = Number(process.env['RXZT_RUNS'] ?? 25)
const says = '"it crashes": in whatever order calls come, each ends, and with no other errors than docs/errors.md names'

it(says, { timeout: RUNS * 10_000 }, async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.commands([called], { maxCommands: 40, size: 'max' }), fc.nat(), async (commands, seed) => {
      const world = await openWorld(seed)
      const outcomes: Outcomes = []
      for (const node of world.nodes) watch(outcomes, `${node.id}.closed`, () => node.closed)
      try {
        await fc.asyncModelRun(() => ({ model: outcomes, real: world }), commands)
      } finally {
        await world.net[Symbol.asyncDispose]()
      }
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      expect(outcomes.filter(({ state }) => state === 'pending').map(({ call }) => call)).toEqual([])
      for (const { call, state, error } of outcomes) {
        if (state !== 'failed') continue
        if (!isPromised(error, world)) throw new Error(`${call} ended with an error nobody promised`, { cause: error })
        reached.add(codeOf(error))
      }
    }),
    { numRuns: RUNS },
  )
  // it would be easy to promise what never happens
  expect([...reached]).toEqual(
    expect.arrayContaining(['ERR_ZT_CLOSED', 'ERR_ZT_INVALID_ID', 'ERR_ZT_INVALID_OPTION', 'ERR_ZT_LEFT', 'ETIMEDOUT']),
  )
})

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code)
