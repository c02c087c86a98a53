/** What is known of losses: SACK, RACK and tail loss probes (RFC 8985), duplicate ACKs, and what may still prove needless. */
export interface LossDetection {
  sack: boolean
  phase: Phase
  /** SND.NXT when the episode began. */
  point: number
  /** Records that wait to be sent again, and the position before which there are none. */
  pending: number
  hint: number
  /** The next retransmission goes out whatever the window says. */
  forced: boolean
  sacked: number
  highestSacked: number
  dupAcks: number
  /** Transmissions so far, modulo 2³². */
  sent: number
  /** RACK (RFC 8985 §5.2): the latest transmission known to have arrived, and its RTT; −1: none yet. */
  rackSent: number
  rackRtt: number
  fack: number
  reorderingSeen: boolean
  reoMult: number
  reoPersist: number
  dsackRound: number
  // TLP (RFC 8985 §7)
  tlpEnd: number
  tlpOut: boolean
  tlpResent: boolean
  // undo
  undoable: boolean
  undoRetransmits: number
  firstRetransmitTs: number
  /** The next ACK that advances tells by its timestamp whether the episode was needless (RFC 3522). */
  eifel: boolean
  /** SND.UNA at the last timeout, to tell a first one from its repetitions. */
  rtoUna: number
  rtoCount: number
  /** Blocks of the previous ACK that had some, so that what was marked is not walked again. */
  lastEdges: Int32Array
  lastBlocks: number
}

export type Phase = 0 | 1 | 2
export const OPEN = 0
export const RECOVERY = 1
/** After a timeout, until everything sent before it is acknowledged. */
export const AFTER_RTO = 2

export const newLossDetection = (iss: number): LossDetection => ({
  sack: false,
  phase: OPEN,
  point: iss,
  pending: 0,
  hint: 0,
  forced: false,
  sacked: 0,
  highestSacked: iss,
  dupAcks: 0,
  sent: 0,
  rackSent: 0,
  rackRtt: -1,
  fack: iss,
  reorderingSeen: false,
  reoMult: 1,
  reoPersist: 16,
  dsackRound: iss,
  tlpEnd: iss,
  tlpOut: false,
  tlpResent: false,
  undoable: false,
  undoRetransmits: 0,
  firstRetransmitTs: 0,
  eifel: false,
  rtoUna: iss,
  rtoCount: 0,
  lastEdges: NO_EDGES,
  lastBlocks: 0,
})

const NO_EDGES = new Int32Array(0)
