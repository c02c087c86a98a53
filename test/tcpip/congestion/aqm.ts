import { next, type Rng, rng } from '../../../src/protocol/kernel/rng.ts'

/**
 * What decides, before a queue is full, which packets it does without. The queue of the bottleneck is a moment at which
 * it will be empty: a packet that comes at `now` is sent at `leaves`, if it is taken.
 */
export interface Aqm {
  readonly takes: (now: number, leaves: number, length: number) => boolean
}

/** PIE (RFC 8033 §4): drops by chance; how likely follows from how far the delay is from `target` ms, and where it goes. */
export const pie = (target: number, seed: number): Aqm => {
  let generator: Rng = rng(seed)
  let probability = 0
  let updateAt = 0
  let emptyAt = 0
  let before = 0
  let allowance = BURST
  const update = (delay: number): void => {
    let by = (ALPHA * (delay - target) + BETA * (delay - before)) / 1000
    for (const [below, divisor] of CAREFUL)
      if (probability < below) {
        by /= divisor
        break
      }
    if (probability >= 0.1) by = Math.min(by, 0.02)
    probability = Math.min(1, Math.max(0, probability + by))
    if (delay === 0 && before === 0) probability *= 0.98
    allowance = Math.max(0, allowance - UPDATE)
    if (probability === 0 && delay < target / 2 && before < target / 2) allowance = BURST
    before = delay
  }
  return {
    takes: (now, leaves) => {
      for (; updateAt <= now; updateAt += UPDATE) update(Math.max(0, emptyAt - updateAt))
      emptyAt = leaves
      const [value, after] = next(generator)
      generator = after
      if (allowance > 0 || (before < target / 2 && probability < 0.2) || leaves - now < 1) return true
      return value / 0x1_0000_0000 >= probability
    },
  }
}

/**
 * CoDel (RFC 8289 §5): drops at the head once packets have waited longer than `target` ms for `interval` ms, and then
 * ever more often. As nothing overtakes in this queue, how long a packet will have waited is known when it comes.
 */
export const codel = (target: number, interval = 100): Aqm => {
  let aboveSince = 0
  let dropping = false
  let nextDrop = 0
  let count = 0
  let lastCount = 0
  return {
    takes: (now, leaves) => {
      const isBad = leaves - now >= target
      if (!isBad) aboveSince = 0
      else if (aboveSince === 0) aboveSince = leaves + interval
      const mayDrop = isBad && leaves >= aboveSince
      if (dropping) {
        if (!mayDrop) dropping = false
        else if (leaves >= nextDrop) {
          count++
          nextDrop += interval / Math.sqrt(count)
          return false
        }
        return true
      }
      if (!mayDrop) return true
      dropping = true
      // soon after the last time: go on where it was left
      const further = count - lastCount
      count = further > 1 && leaves - nextDrop < 16 * interval ? further : 1
      lastCount = count
      nextDrop = leaves + interval / Math.sqrt(count)
      return false
    },
  }
}

const UPDATE = 15
const BURST = 150
/** Per second, of seconds of delay. */
const ALPHA = 0.125
const BETA = 1.25
/** The smaller the probability, the smaller its steps. */
const CAREFUL: readonly (readonly [below: number, divisor: number])[] = [
  [0.000_001, 2048],
  [0.000_01, 512],
  [0.000_1, 128],
  [0.001, 32],
  [0.01, 8],
  [0.1, 2],
]
