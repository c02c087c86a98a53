import type { CongestionControl, TcpStateName } from '../stack-io.ts'
import type { Connection } from './connection.ts'
import { ESTABLISHED, stateNames } from './state.ts'

/** One connection at one moment: bytes, ms, and bytes per second. */
export interface TcpInfo {
  readonly state: TcpStateName
  readonly congestionControl: CongestionControl
  /** Where the congestion control is, in its own words: `startup`, `avoidance`. */
  readonly phase: string
  /** Payload of a full segment as it is sent now; 0 before the handshake. */
  readonly mss: number
  readonly cwnd: number
  readonly ssthresh: number | undefined
  /** `undefined`: not paced. */
  readonly pacingRate: number | undefined
  /** Smoothed round trip and its variation (RFC 6298), `undefined` before the first sample. */
  readonly srtt: number | undefined
  readonly rttVariation: number | undefined
  /** Smallest round trip of late. */
  readonly minRtt: number | undefined
  /** Retransmission timeout, back-off not counted. */
  readonly rto: number
  readonly inFlight: number
  /** Written and not sent yet. */
  readonly unsent: number
  /** Arrived in order and not taken by the reader; arrived ahead of its turn. */
  readonly unread: number
  readonly outOfOrder: number
  /** What the peer offers, and what it was offered. */
  readonly sendWindow: number
  readonly receiveWindow: number
  /** Acknowledged, and taken for lost, since the connection began. */
  readonly delivered: number
  readonly lost: number
  /** Segments sent again, and how often the retransmission timer rang. */
  readonly retransmits: number
  readonly timeouts: number
  readonly sack: boolean
  readonly timestamps: boolean
  readonly windowScale: { readonly send: number; readonly receive: number } | undefined
}

/** What can be told of a connection at this moment. */
export const inspect = (c: Connection): TcpInfo => {
  const { snd, rcv, rtt, delivery, loss, cc } = c
  const isSynchronized = c.state >= ESTABLISHED
  return {
    state: stateNames[c.state]!,
    congestionControl: cc.name,
    phase: cc.phase,
    mss: snd.mss,
    cwnd: isSynchronized ? Math.floor(cc.cwnd) : 0,
    ssthresh: cc.ssthresh === Infinity ? undefined : Math.floor(cc.ssthresh),
    pacingRate: !isSynchronized || cc.pacingRate === Infinity ? undefined : Math.round(cc.pacingRate * 1000),
    srtt: rtt.smoothed === 0 ? undefined : rtt.smoothed,
    rttVariation: rtt.smoothed === 0 ? undefined : rtt.variation,
    minRtt: rtt.smallest === Infinity ? undefined : rtt.smallest,
    rto: rtt.rto,
    inFlight: delivery.inflight,
    unsent: Math.max(0, (snd.tail - snd.nxt) | 0),
    unread: rcv.unread,
    outOfOrder: rcv.reordering.held,
    sendWindow: snd.wnd,
    receiveWindow: isSynchronized ? Math.max(0, (rcv.adv - rcv.nxt) | 0) : 0,
    delivered: delivery.delivered,
    lost: delivery.lost,
    retransmits: snd.resent,
    timeouts: snd.timeouts,
    sack: loss.sack,
    timestamps: c.ts.on,
    windowScale: isSynchronized ? { send: snd.scale, receive: rcv.scale } : undefined,
  }
}
