import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { emitData, TS_SPACE, tsClock } from './emit.ts'
import type { TcpEnv } from './env.ts'
import { RECOVERY } from './loss-detection.ts'
import { afford, refill, spend, waitForCredit } from './pacer.ts'
import { timeoutOf } from './rtt.ts'
import {
  APP_LIMITED,
  append,
  DELIVERED,
  DELIVERED_AT,
  END,
  FIRST_SENT_AT,
  FLAGS,
  FLIGHT,
  join,
  LOST,
  LOST_BYTES,
  ORDER,
  OUT,
  QUEUE_LOST_BYTES,
  RETRANSMITTED,
  recut,
  rejoin,
  SACKED,
  SENT_AT,
  SEQ,
  slotOf,
  WIDE,
  WIDTH,
} from './send-queue.ts'
import { ensure, put } from './send-ring.ts'
import { ESTABLISHED } from './state.ts'

/** Copies what fits into the send buffer and returns how much that was. */
export const enqueue = (env: TcpEnv, c: Connection, data: Uint8Array): number => {
  const s = c.snd
  // the SYN is not in the ring
  const from = c.state < ESTABLISHED ? (s.iss + 1) | 0 : s.una
  const used = (s.tail - from) | 0
  const room = capacityOf(c) - used
  const n = Math.min(data.length, Math.max(0, room))
  if (n > 0) {
    if (c.state >= ESTABLISHED) markAppLimited(env, c)
    ensure(s.ring, from, s.tail, used + n)
    put(s.ring, s.tail, n === data.length ? data : data.subarray(0, n))
    s.tail = (s.tail + n) | 0
  }
  if (n >= room) s.wantsRoom = true
  return n
}

/**
 * The send buffer: as asked for, or twice the congestion window and what arrived behind a hole, so that it is never what
 * limits the speed.
 */
export const capacityOf = (c: Connection): number => {
  if (c.snd.limit > 0) return c.snd.limit
  const behindHoles = c.loss.sacked > 0 ? Math.max(0, ((c.snd.nxt - c.snd.una) | 0) - c.delivery.inflight) : 0
  return Math.min(LARGEST_BUFFER, Math.max(SMALLEST_BUFFER, Math.floor(2 * c.cc.cwnd) + behindHoles))
}

/** Whether enough of the send buffer is free to wake a writer. */
export const hasRoom = (c: Connection): boolean => {
  const capacity = capacityOf(c)
  return capacity - ((c.snd.tail - c.snd.una) | 0) >= Math.min(capacity / 4, WORTH_WAKING)
}

/**
 * The one output decision of a batch: lost segments first, then new data and FIN, as far as the peer's window, the
 * congestion window, the pacer and one turn's share allow.
 */
export const transmit = (env: TcpEnv, c: Connection, now: Millis): void => {
  if (c.state < ESTABLISHED) return
  const s = c.snd
  if (c.loss.pending === 0 && s.nxt === s.tail && !(s.finQueued && !s.finSent)) return
  if (s.clampUntil <= now) {
    s.clamp = Infinity
    s.clampUntil = Infinity
    resize(env, c, now)
  }
  // another interface or route, or a report that is forgotten
  if (env.ip.mtu(c.flow) !== s.pathMtu) resize(env, c, now)
  markAppLimited(env, c)
  refill(c, now)
  c.at.pace = Infinity
  c.at.hold = Infinity
  for (let budget = BURST; ; budget--) {
    if (budget === 0) {
      c.at.pace = now
      break
    }
    if (c.loss.pending > 0 ? !resendNext(env, c, now) : !sendNext(env, c, now)) break
  }
  if (s.queue.count === 0 && s.wnd === 0 && !s.probing && hasMore(c)) startProbing(c, now)
}

/** Sends the next unsent piece; `false` if nothing may go now. */
export const sendNext = (env: TcpEnv, c: Connection, now: Millis): boolean => {
  const s = c.snd
  if (s.finSent) return false
  const unsent = (s.tail - s.nxt) | 0
  const room = (s.una + s.wnd - s.nxt) | 0
  let length = Math.min(unsent, s.mss)
  if (room < length) length = Math.max(room, 0)
  const fin = s.finQueued && length === unsent && length < room
  if (length === 0 && !fin) return false
  const last = length === unsent
  if (length < s.mss && !fin && !s.override) {
    if (last ? c.options.cork : 2 * length < s.maxWnd) {
      if (s.heldAt === Infinity) s.heldAt = now
      c.at.hold = s.heldAt + OVERRIDE
      return false
    }
    if (last && !c.options.noDelay && ((s.partialEnd - s.una) | 0) > 0) return false
  }
  const d = c.delivery
  const spare = c.loss.sack || c.loss.phase === RECOVERY ? 0 : Math.min(2, c.loss.dupAcks) * s.mss
  if (pipeOf(c) > 0 && pipeOf(c) + length > c.cc.cwnd + spare) {
    d.limitedAt = d.delivered + d.inflight
    return false
  }
  if (!afford(c, length)) {
    waitForCredit(c, now)
    return false
  }
  sendNew(env, c, length, fin, now)
  s.override = false
  return true
}

/** Sends `length` new bytes (and the FIN), whatever windows say. */
export const sendNew = (env: TcpEnv, c: Connection, length: number, fin: boolean, now: Millis): void => {
  const s = c.snd
  const seq = s.nxt
  const end = (seq + length + (fin ? 1 : 0)) | 0
  c.cc.onSend(now, length, c.delivery.inflight, c.delivery.appLimited > 0)
  const slot = append(s.queue, seq, end)
  depart(c, slot, (end - seq) | 0, now)
  if (s.queue.count === 1) {
    s.stalledAt = now
    c.at.rto = now + timeoutOf(c.rtt)
  }
  s.nxt = end
  s.heldAt = Infinity
  if (fin) s.finSent = true
  if (length < s.mss) s.partialEnd = end
  spend(c, length)
  emitData(env, c, seq, length, fin, now)
  armTailProbe(c, now)
}

/** Sends the first lost segment again; `false` if it may not go now. */
const resendNext = (env: TcpEnv, c: Connection, now: Millis): boolean => {
  const { loss, delivery } = c
  const q = c.snd.queue
  let i = loss.hint
  let slot = 0
  for (; i < q.count; i++) {
    slot = slotOf(q, i)
    if ((q.ints[slot * WIDTH + FLAGS]! & (LOST | OUT | SACKED)) === LOST) break
  }
  loss.hint = i
  if (i >= q.count) {
    loss.pending = 0
    loss.hint = 0
    return true
  }
  const length = (q.ints[slot * WIDTH + END]! - q.ints[slot * WIDTH + SEQ]!) | 0
  if (!loss.forced && pipeOf(c) > 0) {
    if (pipeOf(c) + length > c.cc.cwnd) {
      delivery.limitedAt = delivery.delivered + delivery.inflight
      return false
    }
    if (!afford(c, length)) {
      waitForCredit(c, now)
      return false
    }
  }
  loss.forced = false
  loss.pending--
  loss.hint = i + 1
  resend(env, c, slot, now)
  return true
}

/** Sends the segment in `slot` again. */
export const resend = (env: TcpEnv, c: Connection, slot: number, now: Millis): void => {
  const s = c.snd
  const { loss } = c
  const ints = s.queue.ints
  const i = slot * WIDTH
  const seq = ints[i + SEQ]!
  const end = ints[i + END]!
  const total = (end - seq) | 0
  const fin = s.finSent && end === s.nxt
  const length = fin ? total - 1 : total
  if ((ints[i + FLAGS]! & OUT) !== 0) {
    c.delivery.inflight -= total
    ints[i + FLAGS]! &= ~OUT
  }
  c.cc.onSend(now, length, c.delivery.inflight, false)
  ints[i + FLAGS]! |= RETRANSMITTED
  s.resent++
  env.counts.retransmits++
  depart(c, slot, total, now)
  if (loss.undoable) {
    if (loss.undoRetransmits++ === 0) loss.firstRetransmitTs = tsClock(c, now)
  }
  spend(c, length)
  if (c.at.rto === Infinity) c.at.rto = now + timeoutOf(c.rtt)
  emitData(env, c, seq, length, fin, now)
}

/** Bytes thought to be in flight: without SACK each duplicate ACK stands for a segment that left the network. */
export const pipeOf = (c: Connection): number =>
  c.loss.sack || c.loss.phase !== RECOVERY
    ? c.delivery.inflight
    : Math.max(0, c.delivery.inflight - c.loss.dupAcks * c.snd.mss)

/** Snapshot for the delivery rate, then the segment counts as in flight (congestion notes §1.2). */
const depart = (c: Connection, slot: number, length: number, now: Millis): void => {
  const q = c.snd.queue
  const d = c.delivery
  if (d.inflight === 0) {
    d.firstSentAt = now
    d.deliveredAt = now
  }
  d.inflight += length
  const i = slot * WIDTH
  q.ints[i + FLAGS]! |= d.appLimited > 0 ? OUT | APP_LIMITED : OUT
  q.ints[i + FLIGHT] = d.inflight
  c.loss.sent = (c.loss.sent + 1) | 0
  q.ints[i + ORDER] = c.loss.sent
  join(q, slot)
  const r = slot * WIDE
  q.reals[r + SENT_AT] = now
  q.reals[r + FIRST_SENT_AT] = d.firstSentAt
  q.reals[r + DELIVERED_AT] = d.deliveredAt
  q.reals[r + DELIVERED] = d.delivered
  q.reals[r + LOST_BYTES] = d.lost
  q.reals[r + QUEUE_LOST_BYTES] = d.queueLost
}

/** Nothing to send although there was room: what is measured until this bubble has left says nothing of the path. */
export const markAppLimited = (env: TcpEnv, c: Connection): void => {
  // a partial segment held back for more to come is as good as none
  if (((c.snd.tail - c.snd.nxt) | 0) >= c.snd.mss || c.loss.pending > 0 || c.delivery.inflight >= c.cc.cwnd) return
  // what waits for its neighbour has left us, but not for want of data
  if (!env.ip.waits(c.flow)) markRestrained(c)
}

/** What is in flight now, and what follows it, was sent slower than the path could take. */
export const markRestrained = (c: Connection): void => {
  const d = c.delivery
  d.appLimited = Math.max(1, d.delivered + d.inflight)
}

export const hasMore = (c: Connection): boolean =>
  ((c.snd.tail - c.snd.nxt) | 0) > 0 || (c.snd.finQueued && !c.snd.finSent)

/** The peer's window is closed and nothing is out: ask again and again (RFC 9293 §3.8.6.1). */
const startProbing = (c: Connection, now: Millis): void => {
  c.snd.probing = true
  c.snd.probes = 0
  c.snd.stalledAt = now
  c.at.persist = now + c.rtt.rto
}

/** Arms the tail loss probe: 2·SRTT, with room for a delayed ACK if a single segment is out (RFC 8985 §7.2). */
export const armTailProbe = (c: Connection, now: Millis): void => {
  const { loss, rtt } = c
  if (!loss.sack || loss.phase !== 0 || loss.tlpOut || loss.sacked > 0 || rtt.backoff > 0) {
    c.at.tlp = Infinity
    return
  }
  const wait = rtt.smoothed === 0 ? 1000 : Math.max(SMALLEST_PROBE, 2 * rtt.smoothed)
  const at = now + wait + (c.snd.queue.count === 1 ? DELAYED_ACK_ALLOWANCE : 0)
  c.at.tlp = Math.min(at, c.at.rto)
}

/** What a full segment carries now. Segments on their way that are too long for the path are cut and sent again. */
export const resize = (env: TcpEnv, c: Connection, now: Millis): void => {
  const s = c.snd
  s.pathMtu = env.ip.mtu(c.flow)
  const options = c.ts.on ? TS_SPACE : 0
  const path = Math.min(s.pathMtu, s.clamp, LARGEST_PACKET) - (headersOf(c) - options)
  const mss = Math.max(SMALLEST_MSS, Math.min(s.peerMss, path) - options)
  if (mss === s.mss) return
  const narrower = mss < s.mss
  s.mss = mss
  c.cc.onMss(now, mss)
  if (!narrower || s.queue.count === 0) return
  const q = s.queue
  const before = q.count
  recut(q, mss)
  if (q.count === before) return
  c.loss.pending = 0
  c.loss.hint = 0
  c.loss.sacked = 0
  for (let n = 0; n < q.count; n++) {
    const i = slotOf(q, n) * WIDTH
    const flags = q.ints[i + FLAGS]!
    if ((flags & SACKED) !== 0) {
      c.loss.sacked++
      continue
    }
    if ((flags & OUT) !== 0) c.delivery.inflight -= (q.ints[i + END]! - q.ints[i + SEQ]!) | 0
    q.ints[i + FLAGS] = (flags & ~OUT) | LOST
    c.loss.pending++
  }
  rejoin(q)
  c.loss.forced = c.loss.pending > 0
}

/** Bytes of a data packet that are no data. */
export const headersOf = (c: Connection): number =>
  (c.flow.remote.family === 4 ? 20 : 40) + 20 + (c.ts.on ? TS_SPACE : 0)

/** Segments of one connection in one turn; then others get theirs, and ACKs a chance to come in. */
const BURST = 32
const SMALLEST_BUFFER = 262_144
export const LARGEST_BUFFER = 4_194_304
const WORTH_WAKING = 65_536
/** So long a segment waits for a better window (RFC 9293 §3.8.6.2.1), or under the cork for more to fill it. */
const OVERRIDE = 200
const DELAYED_ACK_ALLOWANCE = 200
/** Event loops have no finer timers; a probe each few ms of scheduling noise would be waste. */
const SMALLEST_PROBE = 10
const SMALLEST_MSS = 48
const LARGEST_PACKET = 32_768 + 60
