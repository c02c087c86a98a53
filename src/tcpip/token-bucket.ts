import type { Millis } from '../protocol/kernel/machine.ts'

/** So many per second, with a burst: `take` says whether one more may go. */
export interface TokenBucket {
  readonly take: (now: Millis) => boolean
}

export const tokenBucket = (perSecond: number, burst: number): TokenBucket => {
  let tokens = burst
  let at: Millis = -Infinity
  return {
    take: (now) => {
      if (now > at) {
        tokens = at === -Infinity ? burst : Math.min(burst, tokens + ((now - at) * perSecond) / 1000)
        at = now
      }
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
