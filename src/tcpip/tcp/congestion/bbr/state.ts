import type { Millis } from '../../../../protocol/kernel/machine.ts'

/** Where BBR stands: the four in the middle are the cycle of ProbeBW. */
export type BbrPhase = 'startup' | 'drain' | 'down' | 'cruise' | 'refill' | 'up' | 'probe-rtt'
/** What the ACKs that come in now answer to: before, at the start of, during and after a probe for bandwidth. */
export type AckPhase = 'init' | 'refilling' | 'starting' | 'feedback' | 'stopping'

/**
 * All BBR knows: a model of the path (how fast, how far, how much may fly) and where it stands in probing it. Rates in
 * bytes per ms, volumes in bytes, `Infinity`: no bound. One record per connection, changed in place.
 */
export interface BbrState {
  readonly name: 'bbr'
  cwnd: number
  pacingRate: number
  quantum: number
  ssthresh: number
  phase: BbrPhase
  /** Smallest RTT of the last 10 s. */
  minRtt: number
  restrained: boolean

  smss: number
  initialCwnd: number
  sack: boolean
  /** Share of lost bytes taken for noise while no queue shows; 0: every loss means a full queue. */
  lossTolerance: number
  random: () => number
  /** The handshake gave no RTT: the initial rate was a guess. */
  guessed: boolean
  /** Of the connection, as last heard. */
  delivered: number

  pacingGain: number
  cwndGain: number
  bw: number
  /** Largest delivery rate of the present probe cycle and the one before. */
  maxBw: number
  presentBw: number
  previousBw: number
  /** Bounds learned from loss: until the next probe, and for as long as they prove right. */
  bwShort: number
  inflightShort: number
  inflightLong: number
  bwLatest: number
  inflightLatest: number

  minRttAt: Millis
  probeRttMin: number
  probeRttMinAt: Millis
  probeRttDoneAt: Millis
  probeRttRound: boolean
  /** Mean difference of consecutive RTT samples. */
  jitter: number
  lastRtt: number

  roundEnd: number
  rounds: number
  roundStart: boolean
  lossRoundEnd: number
  lossRoundStart: boolean
  lossInRound: boolean
  roundLost: number
  roundQueueLost: number
  roundDelivered: number
  lostRanges: number
  lastLostEnd: number

  fullBw: number
  fullBwCount: number
  fullBwNow: boolean
  fullBwReached: boolean
  drainRound: number

  ackPhase: AckPhase
  /** A loss now is an answer to the probe. */
  probeSample: boolean
  upAcked: number
  upRounds: number
  upIncrement: number
  roundsSinceUp: number
  probeWait: number
  /** The path proved longer than thought: what it carries is not known any more. */
  probeSoon: boolean
  cycleAt: Millis
  prevTooHigh: boolean
  prevCautious: boolean

  extraAcked: number
  extraAt: Millis
  extraDelivered: number
  /** Per round, newest at `rounds` modulo the length. */
  readonly extraByRound: Float64Array

  idleRestart: boolean
  /** `delivered` when sending resumed: samples of that round may not raise `minRtt`. */
  idleMark: number
  /** … and the window is held to the model for that round. */
  longIdle: boolean
  lastSendAt: Millis

  priorCwnd: number
  inRecovery: boolean
  recoveryMark: number
  undoPhase: 'none' | 'startup' | 'up'
  savedBwShort: number
  savedInflightShort: number
  savedInflightLong: number

  hintAt: Millis
  /** The rates are those of the former path until a round of the new one has passed. */
  staleBw: boolean
}

export const bbrState = (lossTolerance: number): BbrState => ({
  name: 'bbr',
  cwnd: 0,
  pacingRate: Infinity,
  quantum: 0,
  ssthresh: Infinity,
  phase: 'startup',
  minRtt: Infinity,
  restrained: false,
  smss: 0,
  initialCwnd: 0,
  sack: true,
  lossTolerance,
  random: () => 0,
  guessed: false,
  delivered: 0,
  pacingGain: STARTUP_GAIN,
  cwndGain: 2,
  bw: 0,
  maxBw: 0,
  presentBw: 0,
  previousBw: 0,
  bwShort: Infinity,
  inflightShort: Infinity,
  inflightLong: Infinity,
  bwLatest: 0,
  inflightLatest: 0,
  minRttAt: 0,
  probeRttMin: Infinity,
  probeRttMinAt: 0,
  probeRttDoneAt: 0,
  probeRttRound: false,
  jitter: 0,
  lastRtt: -1,
  roundEnd: 0,
  rounds: 0,
  roundStart: false,
  lossRoundEnd: 0,
  lossRoundStart: false,
  lossInRound: false,
  roundLost: 0,
  roundQueueLost: 0,
  roundDelivered: 0,
  lostRanges: 0,
  lastLostEnd: 0,
  fullBw: 0,
  fullBwCount: 0,
  fullBwNow: false,
  fullBwReached: false,
  drainRound: 0,
  ackPhase: 'init',
  probeSample: false,
  upAcked: 0,
  upRounds: 0,
  upIncrement: Infinity,
  roundsSinceUp: 0,
  probeWait: 0,
  probeSoon: false,
  cycleAt: 0,
  prevTooHigh: false,
  prevCautious: false,
  extraAcked: 0,
  extraAt: 0,
  extraDelivered: 0,
  extraByRound: new Float64Array(EXTRA_ROUNDS + 1),
  idleRestart: false,
  idleMark: -1,
  longIdle: false,
  lastSendAt: -Infinity,
  priorCwnd: 0,
  inRecovery: false,
  recoveryMark: 0,
  undoPhase: 'none',
  savedBwShort: Infinity,
  savedInflightShort: Infinity,
  savedInflightLong: Infinity,
  hintAt: -Infinity,
  staleBw: false,
})

/** Enters a phase with its gains. */
export const enter = (b: BbrState, phase: BbrPhase): void => {
  b.phase = phase
  b.pacingGain = PACING_GAIN[phase]
  b.cwndGain = CWND_GAIN[phase]
  b.restrained = phase === 'probe-rtt'
}

export const isProbingBandwidth = (b: BbrState): boolean =>
  b.phase === 'down' || b.phase === 'cruise' || b.phase === 'refill' || b.phase === 'up'

/** A round trip ends when what is sent from here on is delivered. */
export const startRound = (b: BbrState): void => {
  b.roundEnd = b.delivered
}

/** Starts the test for a full pipe anew: growth is measured against `from`. */
export const resetFullBw = (b: BbrState, from: number): void => {
  b.fullBw = from
  b.fullBwCount = 0
  b.fullBwNow = false
}

export const resetShortBounds = (b: BbrState): void => {
  b.bwShort = Infinity
  b.inflightShort = Infinity
}

/** The smallest gain that lets the rate double in each round: 4·ln 2. */
const STARTUP_GAIN = 2.773
const PACING_GAIN = { startup: STARTUP_GAIN, drain: 0.5, down: 0.9, cruise: 1, refill: 1, up: 1.25, 'probe-rtt': 1 }
const CWND_GAIN = { startup: 2, drain: 2, down: 2, cruise: 2, refill: 2, up: 2.25, 'probe-rtt': 0.5 }
/** What aggregation of ACKs has shown is remembered for so many rounds. */
export const EXTRA_ROUNDS = 10
