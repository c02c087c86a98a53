import type { Millis } from '../kernel/machine.ts'

/**
 * A bucket of tokens: a burst at once, then so many per second. What strangers can order is paid from one before any
 * work is done for them.
 */
export interface Bucket {
  tokens: number
  at: Millis
}

export const bucket = (burst: number): Bucket => ({ tokens: burst, at: -Infinity })

/** Takes a token, or says that there is none; `kept` of them are for others. */
export const take = (from: Bucket, now: Millis, perSecond: number, burst: number, kept = 0): boolean => {
  if (now > from.at) {
    from.tokens = from.at === -Infinity ? burst : Math.min(burst, from.tokens + ((now - from.at) * perSecond) / 1000)
    from.at = now
  }
  if (from.tokens < 1 + kept) return false
  from.tokens -= 1
  return true
}

/** Empties the bucket and keeps it shut for a while. */
export const shut = (it: Bucket, now: Millis, pause: Millis, perSecond: number): void => {
  it.tokens = -(pause * perSecond) / 1000
  it.at = now
}
