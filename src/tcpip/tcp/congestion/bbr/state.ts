import type { Millis } from '../../../../protocol/kernel/machine.ts'

/** Where BBR stands: the four in the middle are the cycle of ProbeBW. */
export type BbrPhase = 'startup' | 'drain' | 'down' | 'cruise' | 'refill' | 'up' | 'probe-rtt'
/** What the ACKs that come in now answer to: before, at the start of, during and after a probe for bandwidth. */
export type AckPhase = 'init' | 'refilling' | 'starting' | 'feedback' | 'stopping'

/** What loss has taught, and an undo gives back. */
export interface Bounds {
  readonly bwShort: number
  readonly inflightShort: number
  readonly inflightLong: number
}

/**
 * All BBR knows: a model of the path (how fast, how far, how much may fly) and where it stands in probing it. Rates in
 * bytes per ms, volumes in bytes, `Infinity`: no bound. One record per connection, changed in place; a class, so that all
 * of them share one shape.
 */
export class BbrState {
  readonly name = 'bbr'
  cwnd = 0
  pacingRate = Infinity
  quantum = 0
  phase: BbrPhase = 'startup'
  /** Smallest RTT of the last 10 s. */
  minRtt = Infinity
  restrained = false

  smss = 0
  initialCwnd = 0
  sack = true
  /** Share of lost bytes taken for noise while no queue shows; 0: every loss means a full queue. */
  readonly lossTolerance: number
  random: () => number = unknown
  /** The handshake gave no RTT: the initial rate was a guess. */
  guessed = false
  /** Of the connection, as last heard. */
  delivered = 0

  bw = 0
  /** Largest delivery rate of the present probe cycle and the one before. */
  maxBw = 0
  presentBw = 0
  previousBw = 0
  /** Bounds learned from loss: until the next probe, and for as long as they prove right. */
  bwShort = Infinity
  inflightShort = Infinity
  inflightLong = Infinity
  bwLatest = 0
  inflightLatest = 0

  minRttAt: Millis = 0
  probeRttMin = Infinity
  probeRttMinAt: Millis = 0
  probeRttDoneAt: Millis = 0
  probeRttRound = false
  /** Mean difference of consecutive RTT samples that were not read together. */
  jitter = 0
  lastRtt = -1
  lastRttAt: Millis = -Infinity
  /** When ACKs were read last, and how long nothing had come for that should have. */
  ackAt: Millis = 0
  ackGap: Millis = 0

  roundEnd = 0
  rounds = 0
  roundStart = false
  lossRoundEnd = 0
  lossRoundStart = false
  lossInRound = false
  roundLost = 0
  roundQueueLost = 0
  roundDelivered = 0
  lostRanges = 0
  lastLostEnd = 0

  fullBw = 0
  fullBwCount = 0
  fullBwNow = false
  fullBwReached = false
  drainRound = 0

  ackPhase: AckPhase = 'init'
  /** A loss now is an answer to the probe. */
  probeSample = false
  upAcked = 0
  upRounds = 0
  upIncrement = Infinity
  roundsSinceUp = 0
  probeWait = 0
  /** The path proved longer than thought: what it carries is not known any more. */
  probeSoon = false
  cycleAt: Millis = 0
  prevTooHigh = false
  prevCautious = false

  extraAcked = 0
  extraAt: Millis = 0
  extraDelivered = 0
  /** Per round, newest at `rounds` modulo the length; empty until there is any. */
  extraByRound: number[] = NO_ROUNDS

  idleRestart = false
  /** `delivered` when sending resumed: samples of that round may not raise `minRtt`. */
  idleMark = -1
  /** … and the window is held to the model for that round. */
  longIdle = false
  lastSendAt: Millis = -Infinity

  priorCwnd = 0
  inRecovery = false
  recoveryMark = 0
  undoPhase: 'none' | 'startup' | 'up' = 'none'
  /** The bounds before the last loss round. */
  saved: Bounds | undefined = undefined

  hintAt: Millis = -Infinity
  /** The rates are those of the former path until a round of the new one has passed. */
  staleBw = false

  constructor(lossTolerance: number) {
    this.lossTolerance = lossTolerance
  }

  /** BBR has none: loss does not end a slow start. */
  get ssthresh(): number {
    return Infinity
  }
}

export const enter = (b: BbrState, phase: BbrPhase): void => {
  b.phase = phase
  b.restrained = phase === 'probe-rtt'
}

/** What the rate and the window are, of the model. */
export const pacingGainOf = (b: BbrState): number => PACING_GAIN[b.phase]
export const cwndGainOf = (b: BbrState): number => CWND_GAIN[b.phase]

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
const NO_ROUNDS: number[] = []
const unknown = (): number => 0
