/**
 * HyStart++ (RFC 9406): leaves slow start when the round-trip time rises, by way of some rounds of conservative slow
 * start (CSS) that end it or prove the rise a false alarm. Rounds are counted by delivered bytes.
 */
export interface HyStart {
  roundEnd: number
  lastMin: number
  roundMin: number
  samples: number
  /** RTT at which CSS began; 0: not in CSS. */
  baseline: number
  cssRounds: number
}

export const hyStart = (): HyStart => ({
  roundEnd: 0,
  lastMin: Infinity,
  roundMin: Infinity,
  samples: 0,
  baseline: 0,
  cssRounds: 0,
})

/** How much of the usual growth this ACK may give: 1, a quarter in CSS, or 0 when slow start is over. */
export const growthOn = (h: HyStart, priorDelivered: number, totalDelivered: number, rtt: number): number => {
  if (priorDelivered >= h.roundEnd) {
    h.roundEnd = totalDelivered
    h.lastMin = h.roundMin
    h.roundMin = Infinity
    h.samples = 0
    if (h.baseline > 0 && ++h.cssRounds >= CSS_ROUNDS) return 0
  }
  if (rtt >= 0) {
    h.roundMin = Math.min(h.roundMin, rtt)
    h.samples++
  }
  if (h.samples >= SAMPLES && h.roundMin < Infinity) {
    if (h.baseline > 0) {
      if (h.roundMin < h.baseline) h.baseline = 0
    } else if (h.lastMin < Infinity) {
      const rise = Math.min(LARGEST_RISE, Math.max(SMALLEST_RISE, h.lastMin / 8))
      if (h.roundMin >= h.lastMin + rise) {
        h.baseline = h.roundMin
        h.cssRounds = 0
      }
    }
  }
  return h.baseline > 0 ? 1 / CSS_DIVISOR : 1
}

/** Forgets what it measured: the path is another one now. */
export const restart = (h: HyStart): void => {
  h.lastMin = Infinity
  h.roundMin = Infinity
  h.samples = 0
  h.baseline = 0
}

const SMALLEST_RISE = 4
const LARGEST_RISE = 16
const SAMPLES = 8
const CSS_DIVISOR = 4
const CSS_ROUNDS = 5
