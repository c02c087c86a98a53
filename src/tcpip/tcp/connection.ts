import type { Millis } from '../../protocol/kernel/machine.ts'
import { sum } from '../checksum.ts'
import type { Flow } from '../ip-output.ts'
import type { SocketErrorCode, SocketId } from '../stack-io.ts'
import type { Controller } from './congestion/controller.ts'
import type { Listener } from './listen.ts'
import { type LossDetection, newLossDetection } from './loss-detection.ts'
import type { ReceivePool } from './receive-pool.ts'
import { newReceiving, type Receiving } from './receiving.ts'
import { type Rtt, rtt } from './rtt.ts'
import { newSending, type Sending } from './sending.ts'
import { CLOSED, type State } from './state.ts'

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
  /** Partial segments wait for more, up to 200 ms. */
  cork: boolean
  keepIdle: number
  keepInterval: number
  keepCount: number
  linger: number | undefined
  userTimeout: number
}

export interface Timestamps {
  on: boolean
  offset: number
  recent: number
  recentAt: Millis
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
  readonly receivePool: ReceivePool
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
  snd: newSending(b.iss, b.sendLimit),
  rcv: newReceiving(b.receiveBuffer, b.receiveMost, b.receivePool),
  ts: { on: false, offset: b.tsOffset, recent: 0, recentAt: 0 },
  rtt: rtt(),
  loss: newLossDetection(b.iss),
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
