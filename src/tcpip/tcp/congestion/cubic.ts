import type { Controller } from './controller.ts'
import { windowBased } from './window-based.ts'

/**
 * CUBIC (RFC 9438): after a loss the window follows a cubic curve of time through the size at which the loss happened,
 * and never grows slower than Reno would. Windows in segments, time in seconds.
 */
export const cubic = (): Controller => {
  let s: Curve = { most: 0, prior: 0, k: 0, estimate: 0, origin: NONE }
  let saved: Curve = s
  return windowBased({
    name: 'cubic',
    careful: true,
    reduce: (w) => {
      const size = w.cwnd / w.smss
      s.prior = size
      s.most = size < s.most ? (size * (1 + BETA)) / 2 : size
      s.origin = NONE
      return Math.max(BETA * w.cwnd, 2 * w.smss)
    },
    grow: (w, sample) => {
      const size = w.cwnd / w.smss
      const seconds = sample.now / 1000
      if (s.origin === NONE) {
        s.origin = seconds
        s.estimate = size
        s.k = size < s.most ? Math.cbrt((s.most - size) / C) : 0
        if (size >= s.most) s.most = size
      }
      // one ACK for many segments grows by no more than a round would
      const acked = Math.min(sample.newlyAcked / w.smss, size)
      s.estimate += ((s.estimate < s.prior ? ALPHA : 1) * acked) / size
      const t = seconds - s.origin
      if (C * (t - s.k) ** 3 + s.most < s.estimate) w.cwnd = Math.max(size, s.estimate) * w.smss
      else {
        const target = C * (t + sample.srtt / 1000 - s.k) ** 3 + s.most
        w.cwnd += ((Math.min(1.5 * size, Math.max(size, target)) - size) * acked * w.smss) / size
      }
    },
    resume: (pause) => {
      if (s.origin !== NONE) s.origin += pause / 1000
    },
    save: () => {
      saved = { ...s }
    },
    restore: () => {
      s = { ...saved }
    },
    timedOut: () => {
      s.origin = NONE
    },
  })
}

interface Curve {
  /** W_max: where the last loss happened, lowered by fast convergence. */
  most: number
  /** cwnd before the last reduction. */
  prior: number
  /** Seconds until the curve is back at `most`. */
  k: number
  /** W_est: the window Reno would have. */
  estimate: number
  /** Start of the epoch, or `NONE`. */
  origin: number
}

const NONE = -1
const C = 0.4
const BETA = 0.7
const ALPHA = (3 * (1 - BETA)) / (1 + BETA)
