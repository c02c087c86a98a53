import type { Millis } from '../../protocol/kernel/machine.ts'
import { sum } from '../checksum.ts'
import type { Flow } from '../ip-output.ts'
import type { SocketErrorCode, SocketId, TcpStateName } from '../stack-io.ts'
import type { Controller } from './congestion/controller.ts'
import type { Listener } from './listen.ts'
import type { Reordering } from './reordering.ts'
import { reordering } from './reordering.ts'
import { type Rtt, rtt } from './rtt.ts'
import { type SendQueue, sendQueue } from './send-queue.ts'
import { type SendRing, sendRing } from './send-ring.ts'

/**
 * One connection (RFC 9293 §3.3): who, in which state, and a record for each concern. Changed in place by the functions
 * of this folder; nothing outside keeps a reference to it.
 */
export interface Connection {
  /** `NOBODY` while half-open and once the owner has closed for good. */
  id: SocketId
  readonly flow: Flow
  readonly localPort: number
  readonly remotePort: number
  /** Key in the table, and the next connection with the same one. */
  readonly key: number
  sibling: Connection | undefined
  /** Sum of the pseudo header without the length. */
  readonly pseudo: number
  state: State
  /** Where a half-open connection came from; `undefined` for one that was opened here. */
  readonly listener: Listener | undefined
  /** In the list of connections that `flush` will look at. */
  touched: boolean
  /** Position in the heap of deadlines, −1: none; and under which deadline it is filed there. */
  heapAt: number
  filedAt: Millis
  readonly options: Options
  readonly snd: Sending
  readonly rcv: Receiving
  readonly ts: Timestamps
  readonly rtt: Rtt
  readonly loss: LossDetection
  readonly delivery: Delivery
  cc: Controller
  readonly at: Deadlines
  /** What an ICMP message said that only counts if the connect runs out of time (RFC 1122 §4.2.3.9). */
  softError: SocketErrorCode | undefined
  /** The owner closed: nobody will read, nobody waits for an answer. */
  released: boolean
  ended: boolean
}

export interface Options {
  noDelay: boolean
  keepIdle: number
  keepInterval: number
  keepCount: number
  linger: number | undefined
  userTimeout: number
}

export interface Sending {
  iss: number
  una: number
  nxt: number
  wnd: number
  wl1: number
  wl2: number
  /** The largest window ever offered. */
  maxWnd: number
  scale: number
  /** Payload of a full segment, options taken off. */
  mss: number
  /** What the peer said it takes, options not taken off. */
  peerMss: number
  /** Upper bound of an IP packet found by loss of large ones, `Infinity`: none. */
  clamp: number
  /** The largest segment that was acknowledged: the path carries as much. */
  proven: number
  clampUntil: Millis
  clampFor: number
  readonly ring: SendRing
  /** End of what was written. */
  tail: number
  finQueued: boolean
  finSent: boolean
  readonly queue: SendQueue
  /** End of the last segment sent that was not full (Minshall's form of Nagle). */
  partialEnd: number
  /** Most bytes the ring holds; 0: follows the congestion window. */
  limit: number
  wantsRoom: boolean
  /** One byte (or the FIN) beyond `nxt` was sent to probe a closed window. */
  probing: boolean
  probes: number
  /** Sender SWS avoidance is suspended for one round: the override timer fired. */
  override: boolean
  retries: number
  keepProbes: number
  /** When the oldest outstanding data was first sent without any progress since. */
  stalledAt: Millis
  credit: number
  creditAt: Millis
  /** The path is too short for pacing by timers. */
  bypass: boolean
}

export interface Receiving {
  irs: number
  nxt: number
  /** Right edge of the window as the peer knows it; never moves left. */
  adv: number
  scale: number
  /** Bytes the window may span; grows up to `most` by what the reader takes. */
  buffer: number
  readonly most: number
  /** Handed to the reader and not yet taken. */
  unread: number
  readonly reordering: Reordering
  dsackFrom: number
  dsackTo: number
  dsackPending: boolean
  ackNow: boolean
  /** In-order bytes and segments since our last ACK. */
  unackedBytes: number
  unackedSegments: number
  quickAcks: number
  /** The largest payload seen: what a full segment is for the peer. */
  largest: number
  lastAckSent: number
  /** FIN of the peer taken in. */
  finished: boolean
  /** When the last rate-limited ACK left (challenge, out of window). */
  challengedAt: Millis
  /** Receive auto-tuning: RTT seen from here, and what the reader had taken when the current round began. */
  rtt: number
  taken: number
  takenMark: number
  roundAt: Millis
}

export interface Timestamps {
  on: boolean
  offset: number
  recent: number
  recentAt: Millis
}

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
  // RACK (RFC 8985 §5.2)
  xmitAt: Millis
  endSeq: number
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
  /** Blocks of the previous ACK, so that what was marked is not walked again. */
  readonly lastEdges: Int32Array
  lastBlocks: number
}

export interface Delivery {
  delivered: number
  deliveredAt: Millis
  firstSentAt: Millis
  lost: number
  queueLost: number
  inflight: number
  appLimited: number
  limitedAt: number
}

/** Deadlines in ms of the clock, `Infinity`: off. */
export interface Deadlines {
  rto: Millis
  tlp: Millis
  reorder: Millis
  ack: Millis
  persist: Millis
  keep: Millis
  hold: Millis
  pace: Millis
  /** Connect deadline, FIN-WAIT-2 limit. */
  close: Millis
  linger: Millis
}

export type State = number
export const CLOSED = 0
export const SYN_SENT = 1
export const SYN_RECEIVED = 2
export const ESTABLISHED = 3
export const FIN_WAIT_1 = 4
export const FIN_WAIT_2 = 5
export const CLOSE_WAIT = 6
export const CLOSING = 7
export const LAST_ACK = 8
export const TIME_WAIT = 9
export const stateNames: readonly TcpStateName[] = [
  'CLOSED',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
]

export type Phase = 0 | 1 | 2
export const OPEN = 0
export const RECOVERY = 1
/** After a timeout, until everything sent before it is acknowledged. */
export const AFTER_RTO = 2
export const NOBODY = -1

export interface Birth {
  readonly id: SocketId
  readonly flow: Flow
  readonly localPort: number
  readonly remotePort: number
  readonly key: number
  readonly listener: Listener | undefined
  readonly options: Options
  readonly iss: number
  readonly tsOffset: number
  readonly sendLimit: number
  readonly receiveBuffer: number
  readonly receiveMost: number
  readonly cc: Controller
}

export const connection = (b: Birth): Connection => ({
  id: b.id,
  flow: b.flow,
  localPort: b.localPort,
  remotePort: b.remotePort,
  key: b.key,
  sibling: undefined,
  pseudo: sum(b.flow.local.bytes) + sum(b.flow.remote.bytes) + b.flow.protocol,
  state: CLOSED,
  listener: b.listener,
  touched: false,
  heapAt: -1,
  filedAt: Infinity,
  options: b.options,
  snd: {
    iss: b.iss,
    una: b.iss,
    nxt: b.iss,
    wnd: 0,
    wl1: 0,
    wl2: 0,
    maxWnd: 0,
    scale: 0,
    mss: 0,
    peerMss: 0,
    clamp: Infinity,
    proven: 0,
    clampUntil: Infinity,
    clampFor: 0,
    ring: sendRing(),
    tail: (b.iss + 1) | 0,
    finQueued: false,
    finSent: false,
    queue: sendQueue(),
    partialEnd: b.iss,
    limit: b.sendLimit,
    wantsRoom: false,
    probing: false,
    probes: 0,
    override: false,
    retries: 0,
    keepProbes: 0,
    stalledAt: 0,
    credit: 0,
    creditAt: 0,
    bypass: false,
  },
  rcv: {
    irs: 0,
    nxt: 0,
    adv: 0,
    scale: 0,
    buffer: b.receiveBuffer,
    most: b.receiveMost,
    unread: 0,
    reordering: reordering(),
    dsackFrom: 0,
    dsackTo: 0,
    dsackPending: false,
    ackNow: false,
    unackedBytes: 0,
    unackedSegments: 0,
    quickAcks: QUICK_ACKS,
    largest: 536,
    lastAckSent: 0,
    finished: false,
    challengedAt: -Infinity,
    rtt: 0,
    taken: 0,
    takenMark: 0,
    roundAt: 0,
  },
  ts: { on: false, offset: b.tsOffset, recent: 0, recentAt: 0 },
  rtt: rtt(),
  loss: {
    sack: false,
    phase: OPEN,
    point: b.iss,
    pending: 0,
    hint: 0,
    forced: false,
    sacked: 0,
    highestSacked: b.iss,
    dupAcks: 0,
    xmitAt: -Infinity,
    endSeq: b.iss,
    rackRtt: 0,
    fack: b.iss,
    reorderingSeen: false,
    reoMult: 1,
    reoPersist: 16,
    dsackRound: b.iss,
    tlpEnd: b.iss,
    tlpOut: false,
    tlpResent: false,
    undoable: false,
    undoRetransmits: 0,
    firstRetransmitTs: 0,
    eifel: false,
    rtoUna: b.iss,
    rtoCount: 0,
    lastEdges: new Int32Array(8),
    lastBlocks: 0,
  },
  delivery: {
    delivered: 0,
    deliveredAt: 0,
    firstSentAt: 0,
    lost: 0,
    queueLost: 0,
    inflight: 0,
    appLimited: 0,
    limitedAt: -1,
  },
  cc: b.cc,
  at: {
    rto: Infinity,
    tlp: Infinity,
    reorder: Infinity,
    ack: Infinity,
    persist: Infinity,
    keep: Infinity,
    hold: Infinity,
    pace: Infinity,
    close: Infinity,
    linger: Infinity,
  },
  softError: undefined,
  released: false,
  ended: false,
})

/** The first segments of a connection are acknowledged at once: the peer is in slow start. */
const QUICK_ACKS = 8
