import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Flow, Ip } from '../ip-output.ts'
import { CONTROL_WITHOUT_SACK, congestionControls } from './congestion/choose.ts'
import { type Connection, NOBODY } from './connection.ts'
import { emitBare, emitSyn, tsClock } from './emit.ts'
import type { TcpEnv } from './env.ts'
import { become, fail, socketAddress } from './lifecycle.ts'
import { CAUTIOUS_RTO, sampleRtt } from './rtt.ts'
import { ACK, RST, type Segment, SYN } from './segment.ts'
import { resize } from './send.ts'
import { ESTABLISHED, FIN_WAIT_1, SYN_RECEIVED } from './state.ts'
import { ackSoon } from './window.ts'

/** Opening (RFC 9293 §3.10.7.3–4): from the first SYN to the moment when both sides are synchronized. */

/** Sends the SYN (or SYN-ACK) for the first or another time. */
export const sendSyn = (env: TcpEnv, c: Connection, now: Millis): void => {
  const ack = c.state === SYN_RECEIVED
  const mss = mssToOffer(env, c.flow)
  const offers = ack ? { sack: c.loss.sack, timestamps: c.ts.on, scale: c.snd.scale >= 0 && c.rcv.scale >= 0 } : ALL
  if (c.snd.nxt === c.snd.iss) {
    c.snd.nxt = (c.snd.iss + 1) | 0
    c.snd.stalledAt = now
  }
  c.at.rto = now + c.rtt.rto * 2 ** c.rtt.backoff
  const code = emitSyn(env, c, ack, mss, offers, now)
  if (code !== undefined && !ack) fail(env, c, code)
}

/** Options of the peer's SYN: what it does not offer is not used, in either direction. */
export const negotiate = (c: Connection, s: Segment, now: Millis): void => {
  const { snd, rcv } = c
  rcv.irs = s.seq
  rcv.nxt = (s.seq + 1) | 0
  rcv.adv = (rcv.nxt + Math.min(0xffff, rcv.buffer)) | 0
  rcv.lastAckSent = rcv.nxt
  snd.peerMss = Math.max(48, s.mss > 0 ? s.mss : defaultMss(c.flow.remote))
  snd.wnd = s.window
  snd.maxWnd = s.window
  snd.wl1 = s.seq
  snd.wl2 = s.ack
  c.loss.sack = s.sackPermitted
  c.ts.on = s.timestamps
  if (s.timestamps) {
    c.ts.recent = s.tsValue
    c.ts.recentAt = now
  }
  snd.scale = s.scale >= 0 ? Math.min(14, s.scale) : UNSCALED
  if (s.scale < 0) rcv.scale = UNSCALED
}

export const inSynSent = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { snd } = c
  const acks = (s.flags & ACK) !== 0
  if (acks && s.ack !== snd.nxt) {
    if ((s.flags & RST) === 0) refuse(env, c, s)
    unacceptable(env)
    return
  }
  if ((s.flags & RST) !== 0) {
    if (acks) fail(env, c, 'ECONNREFUSED')
    else unacceptable(env)
    return
  }
  if ((s.flags & SYN) === 0) {
    unacceptable(env)
    return
  }
  negotiate(c, s, now)
  if (!acks) {
    // both sides opened at once: the same SYN again, now with an ACK
    become(env, c, SYN_RECEIVED)
    snd.retries = 0
    c.rtt.backoff = 0
    sendSyn(env, c, now)
    return
  }
  ackSoon(c, now)
  establish(env, c, s, now)
}

/** A SYN for a half-open connection; true if the rest of the segment (the ACK of a simultaneous open) counts too. */
export const inSynReceived = (env: TcpEnv, c: Connection, s: Segment, now: Millis): boolean => {
  if (s.seq !== c.rcv.irs) return true
  if ((s.flags & ACK) !== 0) {
    s.flags &= ~SYN
    s.seq = (s.seq + 1) | 0
    if (s.ack === c.snd.nxt) c.rcv.ackNow = true
    return true
  }
  if (c.ts.on && s.timestamps && ((s.tsValue - c.ts.recent) | 0) > 0) c.ts.recent = s.tsValue
  const { backoff } = c.rtt
  const due = c.at.rto
  sendSyn(env, c, now)
  c.rtt.backoff = backoff
  c.at.rto = due
  return false
}

/** The ACK of our SYN in SYN-RECEIVED; false if the segment is no such thing. */
export const completeHandshake = (env: TcpEnv, c: Connection, s: Segment, now: Millis): boolean => {
  if (s.ack !== c.snd.nxt) {
    refuse(env, c, s)
    unacceptable(env)
    return false
  }
  const { listener } = c
  if (listener !== undefined) {
    // no answer, no reset: whatever the peer sends next asks again (RFC 9293 leaves it open; as Linux does)
    if (listener.waiting >= listener.backlog) {
      env.out({ _tag: 'Drop', reason: 'tcp-backlog' })
      return false
    }
    listener.halfOpen--
    if (env.listeners.byId(listener.id) === undefined) {
      listener.halfOpen++
      refuse(env, c, s)
      fail(env, c, 'ECONNABORTED')
      return false
    }
    listener.waiting++
    env.counts.passiveOpens++
    c.id = listener.nextId()
    env.byId.set(c.id, c)
  }
  establish(env, c, s, now)
  return true
}

const establish = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { snd, rcv } = c
  if (snd.scale < 0) snd.scale = 0
  if (rcv.scale < 0) rcv.scale = 0
  snd.una = s.ack
  snd.wnd = (s.flags & SYN) !== 0 ? s.window : s.window << snd.scale
  snd.maxWnd = snd.wnd
  snd.wl1 = s.seq
  snd.wl2 = s.ack
  snd.partialEnd = snd.una
  c.loss.fack = snd.una
  c.loss.rtoUna = snd.una
  const again = snd.retries > 0
  if (!again) {
    if (snd.stalledAt > -Infinity) sampleRtt(c.rtt, now - snd.stalledAt, now)
  } else if (c.ts.on) sampleRtt(c.rtt, Math.max(0, (tsClock(c, now) - s.tsEcho) | 0), now, false)
  else c.rtt.rto = CAUTIOUS_RTO
  // a lost SYN is a lost segment, unless the answer is to the first one (RFC 5681 §3.1)
  const lost = again && !(c.ts.on && s.tsEcho === ((Math.floor(snd.stalledAt) + c.ts.offset) | 0))
  c.rtt.backoff = 0
  snd.retries = 0
  c.at.rto = Infinity
  c.at.close = Infinity
  if (c.options.keepIdle > 0) c.at.keep = now + c.options.keepIdle
  rcv.roundAt = now
  if (c.cc.name === 'bbr' && !c.loss.sack) c.cc = congestionControls[CONTROL_WITHOUT_SACK]({})
  resize(env, c, now)
  const { mss } = snd
  c.cc.init({
    now,
    smss: mss,
    initialCwnd: lost ? mss : Math.min(10 * mss, Math.max(2 * mss, INITIAL_WINDOW)),
    srtt: c.rtt.smoothed,
    sack: c.loss.sack,
    timestamps: c.ts.on,
    random: env.uniform,
  })
  const local = socketAddress(c.flow.local, c.localPort)
  const remote = socketAddress(c.flow.remote, c.remotePort)
  if (c.listener !== undefined) env.out({ _tag: 'Accepted', id: c.id, listener: c.listener.id, local, remote })
  else if (c.id !== NOBODY && !c.released) env.out({ _tag: 'Opened', id: c.id, local, remote })
  become(env, c, snd.finQueued ? FIN_WAIT_1 : ESTABLISHED)
}

/** RST for a segment whose ACK makes no sense here. */
const refuse = (env: TcpEnv, c: Connection, s: Segment): void =>
  emitBare(env, c.flow, c, { seq: s.ack, ack: 0, flags: RST, window: 0 })

const unacceptable = (env: TcpEnv): void => env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })

/** The MSS to announce: what the interface takes, options not counted (RFC 6691). */
export const mssToOffer = (env: TcpEnv, flow: Flow): number =>
  Math.min(LARGEST_MSS, env.ip.mtu(flow)) - (flow.remote.family === 4 ? 40 : 60)

/** The MSS of a peer that does not say (RFC 9293 §3.7.1). */
export const defaultMss = (remote: Ip): number => (remote.family === 4 ? 536 : 1220)

/** RFC 6928 in bytes: with a segment of two physical packets, fewer segments. */
export const INITIAL_WINDOW = 14_600
const LARGEST_MSS = 32_768 + 60
const UNSCALED = -1
const ALL = { sack: true, timestamps: true, scale: true }
