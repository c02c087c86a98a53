import type { Millis } from '../../protocol/kernel/machine.ts'
import type { ReceivePool } from './receive-pool.ts'
import { type Reordering, reordering } from './reordering.ts'

/** The receiving half of a connection: its sequence space, the window promised to the peer, and the ACKs owed to it. */
export interface Receiving {
  irs: number
  nxt: number
  /** Right edge of the window as the peer knows it; never moves left. */
  adv: number
  scale: number
  /** Bytes the window may span; grows up to `most` by what the reader takes. */
  buffer: number
  readonly most: number
  readonly pool: ReceivePool
  /** The peer waits for a larger window that the pool does not allow. */
  withheld: boolean
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
  /** Where a FIN lies that came before bytes in front of it. */
  finAt: number | undefined
  /** When the last rate-limited ACK left (challenge, out of window). */
  challengedAt: Millis
  /** Receive auto-tuning: RTT seen from here, and what the reader had taken when the current round began. */
  rtt: number
  taken: number
  takenMark: number
  roundAt: Millis
}

export const newReceiving = (buffer: number, most: number, pool: ReceivePool): Receiving => ({
  irs: 0,
  nxt: 0,
  adv: 0,
  scale: 0,
  buffer,
  most,
  pool,
  withheld: false,
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
  finAt: undefined,
  challengedAt: -Infinity,
  rtt: 0,
  taken: 0,
  takenMark: 0,
  roundAt: 0,
})

/** The first segments of a connection are acknowledged at once: the peer is in slow start. */
const QUICK_ACKS = 8
