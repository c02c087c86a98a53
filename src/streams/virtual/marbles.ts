import type { SchedulerLike } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import { isRecord } from '../option.ts'

/** What a marble test is given: the helpers of RxJS, and the clock for operators and machines that need one. */
export type MarbleHelpers = RunHelpers & { readonly clock: SchedulerLike }

/**
 * Plays a marble test in virtual time, 1 ms a character, and compares when it is over. Values are compared by what is in
 * them, bytes, maps and bigints included; `equal` is for the assertion of a test framework instead.
 *
 * @throws {Error} both sides, a line for each thing that happened, where they differ
 * @example
 * marbles(({ hot, expectObservable, clock }) =>
 *   expectObservable(hot('a--b', packets).pipe(runMachine(mine, clock))).toBe('x--(yz)', outputs))
 */
export const marbles = (
  test: (helpers: MarbleHelpers) => void,
  equal: (actual: unknown, expected: unknown) => void = sameOrThrow,
): void => {
  const clock = new TestScheduler(equal)
  clock.run((helpers) => test({ ...helpers, clock }))
}

const sameOrThrow = (actual: unknown, expected: unknown): void => {
  const [is, was] = [linesOf(actual), linesOf(expected)]
  if (is !== was) throw new Error(`the marbles differ\nexpected:\n${was}\nactual:\n${is}`)
}

/** A line for each thing that was said: when, and what. Of subscriptions, and what is none of these, all there is. */
const linesOf = (said: unknown): string =>
  (Array.isArray(said) ? said : [said]).map((one: unknown) => `  ${lineOf(one)}`).join('\n')

const lineOf = (said: unknown): string => {
  const { frame, notification } = isRecord(said) ? said : {}
  if (!isRecord(notification)) return JSON.stringify(said, plain)
  const { kind, value, error } = notification
  const what =
    kind === 'C' ? 'complete' : kind === 'E' ? `error ${JSON.stringify(error, plain)}` : JSON.stringify(value, plain)
  return `${String(frame).padStart(5)} ms  ${what}`
}

/** What JSON would lose. */
const plain = (_: string, value: unknown): unknown => {
  if (value instanceof Uint8Array)
    return { bytes: Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('') }
  if (value instanceof Map) return { map: [...value] }
  if (value instanceof Set) return { set: [...value] }
  if (value instanceof Error) return { error: value.name, message: value.message }
  if (typeof value === 'bigint') return { bigint: `${value}` }
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: `${value}` }
  return value === undefined ? { undefined: true } : value
}
