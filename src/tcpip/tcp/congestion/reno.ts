import type { Controller } from './controller.ts'
import { windowBased } from './window-based.ts'

/** RFC 5681: half the flight on loss, one segment more per round. */
export const reno = (): Controller => {
  let counted = 0
  return windowBased({
    name: 'reno',
    careful: false,
    reduce: (w, flight) => {
      counted = 0
      return Math.max(flight / 2, 2 * w.smss)
    },
    grow: (w, sample) => {
      counted += sample.newlyAcked
      if (counted < w.cwnd) return
      counted -= w.cwnd
      w.cwnd += w.smss
    },
    resume: () => undefined,
    save: () => undefined,
    restore: () => undefined,
    timedOut: () => {
      counted = 0
    },
  })
}
