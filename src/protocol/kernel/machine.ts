/**
 * Milliseconds of the injected clock: Unix epoch, but monotonic within a run, with a fraction where the clock has one.
 * The wire's timestamps are `Math.floor` of it.
 */
export type Millis = number

/** The state after an input, and what the world must now do about it, in order. */
export type Step<S, O> = readonly [state: S, outputs: readonly O[]]

/**
 * Anything with memory or timers. It is told the time and what arrived, and answers; it never looks at a clock,
 * never draws a random number that was not handed in, and never throws because of input.
 *
 * Small machines (a path, a neighbour) keep immutable states. Machines on the packet path may keep a mutable
 * accumulator as their state, as long as the same inputs, clock and seed give the same outputs; such a machine is made
 * by a function, one per use, and its `initial` must not be shared.
 */
export interface Machine<S, I, O> {
  readonly initial: S
  readonly step: (state: S, input: I, now: Millis) => Step<S, O>
  /** When `tick` next has something to do; `Infinity` if only an input can move this state. */
  readonly deadline: (state: S) => Millis
  /** Before the deadline it returns the state it was given; from then on it moves the deadline. */
  readonly tick: (state: S, now: Millis) => Step<S, O>
}
