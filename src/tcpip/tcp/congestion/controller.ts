import type { Millis } from '../../../protocol/kernel/machine.ts'
import type { CongestionControl } from '../../stack-io.ts'

/**
 * A congestion controller: a pure accumulator that is told what was sent, delivered and lost, and says how much may fly
 * (`cwnd`, bytes) and how fast (`pacingRate`, bytes per ms, `Infinity`: do not pace). The rest of TCP finds losses and
 * repairs them; it never changes `cwnd` itself.
 */
export interface Controller {
  readonly name: CongestionControl
  cwnd: number
  pacingRate: number
  /** Bytes worth sending in one go. */
  quantum: number
  /** For statistics, and for whether a new loss episode is a new reduction. */
  ssthresh: number
  phase: string
  /** Smallest RTT of late, ms; `Infinity`: none known. On very short paths nothing is paced. */
  minRtt: number
  /** It sends less than the path takes, on purpose: what is measured meanwhile says nothing of the path. */
  restrained: boolean
  readonly init: (start: Start) => void
  /** Before each transmission of data: `length` bytes, `inflight` without them. */
  readonly onSend: (now: Millis, length: number, inflight: number, appLimited: boolean) => void
  /** Once per ACK that delivers or loses something, after loss marking. The record is reused. */
  readonly onAck: (sample: RateSample) => void
  /** Per segment newly marked lost, before the `onAck` of the same ACK. Returns whether it shows signs of a full queue. */
  readonly onLoss: (loss: Loss) => boolean
  /** A loss episode begins (`inflight` before it) or ends. */
  readonly onRecovery: (entered: boolean, now: Millis, inflight: number) => void
  /**
   * `flight` before the timeout. `first`: not a further timeout of the same segment. Everything not SACKed is marked lost
   * when this is called; `inflight` is what is left.
   */
  readonly onRto: (now: Millis, flight: number, first: boolean, inflight: number) => void
  /** All retransmissions of the episode were needless. */
  readonly onUndo: (now: Millis) => void
  /** The path below changed (direct, relayed, another endpoint). */
  readonly onPathHint: (now: Millis) => void
  readonly onMss: (now: Millis, smss: number) => void
}

export interface Start {
  readonly now: Millis
  readonly smss: number
  readonly initialCwnd: number
  /** 0: the handshake gave no sample. */
  readonly srtt: number
  readonly sack: boolean
  readonly timestamps: boolean
  /** A uniform number in [0, 1). */
  readonly random: () => number
}

/** What one ACK says, by the delivery-rate rules (congestion notes §1.3). */
export interface RateSample {
  now: Millis
  newlyAcked: number
  newlyLost: number
  /** Part of `newlyLost` that shows signs of a full queue; kept by the controller that classifies. */
  newlyQueueLost: number
  /** −1: none. Of the latest sent segment that this ACK delivers. */
  rtt: number
  srtt: number
  sentAt: Millis
  /** Bytes per ms; 0: no valid sample. */
  rate: number
  delivered: number
  priorDelivered: number
  appLimited: boolean
  /** In flight when the base segment left, it included. */
  flightWhenSent: number
  lostSince: number
  queueLostSince: number
  cwndLimited: boolean
  /** After this ACK. */
  inflight: number
  /** SND.UNA moved. */
  advanced: boolean
  /** `delivered` of the connection after this ACK. */
  totalDelivered: number
}

export interface Loss {
  now: Millis
  length: number
  /** Sequence numbers of its ends, to tell one lost range from several. */
  from: number
  to: number
  /** Of the latest sent segment that the ACK delivers; −1: found by a timer. */
  rtt: number
  /** Snapshot of the segment. */
  delivered: number
  lost: number
  queueLost: number
  flightWhenSent: number
  appLimited: boolean
  /** Of the connection, including this segment. */
  totalLost: number
  /** Of the connection, this segment not yet judged. */
  totalQueueLost: number
  totalDelivered: number
}

export const rateSample = (): RateSample => ({
  now: 0,
  newlyAcked: 0,
  newlyLost: 0,
  newlyQueueLost: 0,
  rtt: -1,
  srtt: 0,
  sentAt: 0,
  rate: 0,
  delivered: 0,
  priorDelivered: 0,
  appLimited: false,
  flightWhenSent: 0,
  lostSince: 0,
  queueLostSince: 0,
  cwndLimited: false,
  inflight: 0,
  advanced: false,
  totalDelivered: 0,
})
