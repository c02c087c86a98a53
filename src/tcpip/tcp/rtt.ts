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
}

export const rtt = (): Rtt => ({
  smoothed: 0,
  variation: 0,
  rto: INITIAL_RTO,
  backoff: 0,
  smallest: Infinity,
  smallestAt: 0,
  weak: true,
})

export const sampleRtt = (r: Rtt, sample: number, now: Millis): void => {
  if (sample <= r.smallest || now - r.smallestAt > SMALLEST_WINDOW) {
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
