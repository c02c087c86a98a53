import type { Millis } from '../../protocol/kernel/machine.ts'

/** Round-trip time and retransmission timeout (RFC 6298), and the smallest RTT for RACK, all in ms with a fraction. */
export interface Rtt {
  /** 0: no sample yet. */
  smoothed: number
  variation: number
  rto: number
  /** The RTO is doubled this many times. */
  backoff: number
  smallest: number
  smallestAt: Millis
  /** Only the handshake was timed, which may have spanned a lost SYN-ACK: a much smaller sample replaces it. */
  weak: boolean
  /** When the path below changed: what was sent earlier tells of the former one. */
  since: Millis
}

export const rtt = (): Rtt => ({
  smoothed: 0,
  variation: 0,
  rto: INITIAL_RTO,
  backoff: 0,
  smallest: Infinity,
  smallestAt: 0,
  weak: true,
  since: -Infinity,
})

/** The path below is another one: its first sample replaces what was known. */
export const changePath = (r: Rtt, now: Millis): void => {
  r.since = now
  r.smallest = Infinity
}

/** `exact`: from our own clock; timestamps of whole ms may be short by as much, and set no minimum. */
export const sampleRtt = (r: Rtt, sample: number, now: Millis, exact = true): void => {
  const isOfThisPath = now - sample >= r.since
  if (exact && isOfThisPath && (sample <= r.smallest || now - r.smallestAt > SMALLEST_WINDOW)) {
    // the first sample of another path is all there is to know of it
    if (r.smallest === Infinity) r.smoothed = 0
    r.smallest = sample
    r.smallestAt = now
  }
  if (r.smoothed === 0 || (r.weak && 2 * sample < r.smoothed)) {
    r.weak = r.smoothed === 0
    r.smoothed = Math.max(sample, CLOCK_STEP)
    r.variation = sample / 2
  } else {
    r.weak = false
    r.variation += (Math.abs(r.smoothed - sample) - r.variation) / 4
    r.smoothed += (sample - r.smoothed) / 8
  }
  r.rto = Math.min(LARGEST_RTO, Math.max(SMALLEST_RTO, r.smoothed + Math.max(GRANULARITY, 4 * r.variation)))
}

/** The timeout with its back-off. */
export const timeoutOf = (r: Rtt): number => Math.min(LARGEST_RTO, r.rto * 2 ** Math.min(r.backoff, 16))

export const INITIAL_RTO = 1000
/** For data after a SYN that had to be sent twice and gave no sample (RFC 6298 §5.7). */
export const CAUTIOUS_RTO = 3000
/** Lower than RFC 6298's 1 s, as is common; safe because of tail loss probes and undo. */
export const SMALLEST_RTO = 200
export const LARGEST_RTO = 60_000
const GRANULARITY = 1
const CLOCK_STEP = 0.001
const SMALLEST_WINDOW = 300_000
