import type { RateSample } from '../controller.ts'
import { type BbrState, cwndGainOf, isProbingBandwidth, pacingGainOf } from './state.ts'

/** What follows from the model: how fast, in which portions, and how much at once (congestion notes §2.7). */

/** The volume that fills the path once, times `gain`. */
export const bdpOf = (b: BbrState, bw: number, gain: number): number =>
  b.minRtt === Infinity ? b.initialCwnd : gain * bw * b.minRtt

/** What must be allowed to fly so that `volume` can: at least a portion, and enough for two ACKs. */
export const budget = (b: BbrState, volume: number): number =>
  Math.max(volume, b.quantum, MIN_SEGMENTS * b.smss) + (b.phase === 'up' ? 2 * b.smss : 0)

/** The long-term bound with room left for others. */
export const withHeadroom = (b: BbrState): number =>
  b.inflightLong === Infinity
    ? Infinity
    : Math.max(b.inflightLong - Math.max(b.smss, HEADROOM * b.inflightLong), MIN_SEGMENTS * b.smss)

/** The window of ProbeRTT: small enough to empty any queue of our own. */
export const probeRttWindow = (b: BbrState): number => Math.max(bdpOf(b, b.bw, 0.5), MIN_SEGMENTS * b.smss)

export const setRate = (b: BbrState): void => {
  const rate = pacingGainOf(b) * b.bw * MARGIN
  if (rate > 0 && (b.fullBwReached || rate > b.pacingRate)) b.pacingRate = rate
  b.quantum = Math.min(LARGEST_QUANTUM, Math.max(2 * b.smss, b.pacingRate))
}

/** Before there is a measurement: the initial window in the first round trip. */
export const setInitialRate = (b: BbrState, rtt: number): void => {
  b.pacingRate = (pacingGainOf(b) * b.initialCwnd) / (rtt > 0 ? rtt : 1)
  b.quantum = 2 * b.smss
}

/** A little less than what is delivered, so that a queue left over drains. */
export const paceAtModel = (b: BbrState): void => {
  if (b.bw > 0) b.pacingRate = b.bw * MARGIN
}

/**
 * RTTs that jump tell of ends that are not always awake, and of links that are not always theirs: what flies must last
 * for the pauses, or the rate is that of a window and falls from probe to probe.
 */
const forJitter = (b: BbrState): number => b.bw * Math.min(JITTERS * b.jitter, LONGEST_PAUSE)

export const setWindow = (b: BbrState, sample: RateSample): void => {
  const most = budget(b, bdpOf(b, b.bw, cwndGainOf(b)) + b.extraAcked + forJitter(b))
  const grown = b.cwnd + sample.newlyAcked
  if (b.fullBwReached) b.cwnd = Math.min(grown, most)
  else if (b.cwnd < most || sample.totalDelivered < b.initialCwnd) b.cwnd = grown
  b.cwnd = Math.max(b.cwnd, MIN_SEGMENTS * b.smss)
  if (b.phase === 'probe-rtt') b.cwnd = Math.min(b.cwnd, probeRttWindow(b))
  if (b.longIdle) {
    if (sample.priorDelivered > b.idleMark) b.longIdle = false
    else b.cwnd = Math.min(b.cwnd, Math.max(b.initialCwnd, bdpOf(b, b.bw, 1)))
  }
  capWindow(b)
}

/** No more than the bounds that loss has taught. */
export const capWindow = (b: BbrState): void => {
  let cap = Infinity
  if (b.phase === 'cruise' || b.phase === 'probe-rtt') cap = withHeadroom(b)
  else if (b.phase === 'drain' || isProbingBandwidth(b)) cap = b.inflightLong
  cap = Math.max(Math.min(cap, b.inflightShort), MIN_SEGMENTS * b.smss)
  if (b.cwnd > cap) b.cwnd = cap
}

export const MIN_SEGMENTS = 4
/** Of mean differences: few pauses are longer. */
const JITTERS = 4
const LONGEST_PAUSE = 25
const HEADROOM = 0.15
const MARGIN = 0.99
const LARGEST_QUANTUM = 65_536
