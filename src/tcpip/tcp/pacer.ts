import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'

/**
 * A token bucket per connection: credit grows by the controller's rate, but not beyond what a ms of work and a ms of
 * timer slack may let out at once. On paths faster than a timer can divide, the congestion window alone bounds a burst.
 */
export const refill = (c: Connection, now: Millis): void => {
  const s = c.snd
  const rate = c.cc.pacingRate
  s.bypass = c.cc.minRtt < (s.bypass ? FAST_PATH_ENDS : FAST_PATH)
  if (isUnpaced(c)) return
  const cap = capOf(c, rate)
  // a first touch, and one after idle, find a full bucket
  s.credit = s.creditAt === 0 ? cap : Math.min(cap, s.credit + rate * (now - s.creditAt))
  s.creditAt = now
}

export const afford = (c: Connection, length: number): boolean => isUnpaced(c) || c.snd.credit + ROUNDING >= length

export const spend = (c: Connection, length: number): void => {
  if (isUnpaced(c)) return
  c.snd.credit = Math.max(c.snd.credit - length, -2 * c.snd.mss)
}

/** Out of credit with data and window: come back when a quantum has gathered. */
export const waitForCredit = (c: Connection, now: Millis): void => {
  const rate = c.cc.pacingRate
  const wanted = Math.min(capOf(c, rate), Math.max(c.cc.quantum, c.snd.mss))
  c.at.pace = now + Math.max(SHORTEST_WAIT, (wanted - c.snd.credit) / rate)
}

const isUnpaced = (c: Connection): boolean => c.snd.bypass || c.cc.pacingRate === Infinity
/** A quantum, and what comes together while a timer of 1 ms is late for it: nothing of the rate is lost to timers. */
const capOf = (c: Connection, rate: number): number =>
  Math.min(LARGEST_BURST, Math.max(2 * c.snd.mss, c.cc.quantum) + rate)

/** Below this RTT a timer of 1 ms cannot divide a round; above the second it surely can. */
const FAST_PATH = 0.5
const FAST_PATH_ENDS = 1
const LARGEST_BURST = 131_072
const SHORTEST_WAIT = 0.01
/** Credit is a product of doubles: a full quantum may be short by less than a byte. */
const ROUNDING = 1
