import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { emitAck } from './emit.ts'
import type { TcpEnv } from './env.ts'
import { become, enterTimeWait } from './lifecycle.ts'
import { isFull } from './receive-pool.ts'
import { dropHighest, forget, hold, isEmpty, release } from './reordering.ts'
import { FIN, type Segment } from './segment.ts'
import { CLOSE_WAIT, CLOSING, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 } from './state.ts'
import { ackSoon, widen } from './window.ts'

/**
 * Takes the payload and FIN of an acceptable segment, already cut to the right edge of the window: hands on what is in
 * order, keeps what is early, and decides how urgently to answer (§2.12).
 */
export const receive = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { rcv } = c
  const early = (s.seq - rcv.nxt) | 0
  if (early > 0) {
    if ((s.flags & FIN) !== 0) rcv.finAt = (s.seq + s.length) | 0
    if (s.length > 0) keepForLater(env, c, s, now)
    else rcv.ackNow = true
    return
  }
  const skip = -early
  if (skip > 0 && s.length > 0) duplicate(env, c, s.seq, skip < s.length ? rcv.nxt : (s.seq + s.length) | 0)
  const length = s.length - skip
  if (length > 0 && isFull(rcv.pool) && rcv.unread > 0) {
    env.out({ _tag: 'Drop', reason: 'tcp-window' })
    return
  }
  if (length > 0) {
    const from = s.data + skip
    deliver(env, c, s.bytes.subarray(from, from + length))
    if (s.length > rcv.largest) rcv.largest = s.length
    rcv.unackedBytes += length
    rcv.unackedSegments++
    if (!isEmpty(rcv.reordering)) fillHole(env, c)
    decide(env, c, now)
  }
  const fin = (s.flags & FIN) !== 0 ? (s.seq + s.length) | 0 : rcv.finAt
  if (fin === rcv.nxt && !rcv.finished) finished(env, c, now)
}

/** In-order bytes go to the reader. */
const deliver = (env: TcpEnv, c: Connection, data: Uint8Array): void => {
  const { rcv } = c
  rcv.nxt = (rcv.nxt + data.length) | 0
  rcv.unread += data.length
  rcv.pool.used += data.length
  env.out({ _tag: 'Data', id: c.id, data })
}

const fillHole = (env: TcpEnv, c: Connection): void => {
  const { rcv } = c
  const { held } = rcv.reordering
  for (let next = release(rcv.reordering, rcv.nxt); next !== undefined; next = release(rcv.reordering, rcv.nxt))
    deliver(env, c, next)
  forget(rcv.reordering, rcv.nxt)
  rcv.pool.used -= held - rcv.reordering.held
  rcv.ackNow = true
}

const keepForLater = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { rcv } = c
  env.counts.outOfOrder++
  const ranges = rcv.reordering.ranges.length
  // without SACK the peer counts our ACKs, and needs one for each segment; an ACK tells of one duplicate
  if (rcv.ackNow && (!c.loss.sack || rcv.dsackPending)) emitAck(env, c, now)
  if (isFull(rcv.pool) && !makeRoom(c, s.seq, s.length)) {
    rcv.ackNow = true
    env.out({ _tag: 'Drop', reason: 'tcp-window' })
    return
  }
  const before = rcv.reordering.held
  const known = hold(rcv.reordering, s.seq, s.bytes.subarray(s.data, s.data + s.length), rcv.buffer)
  rcv.pool.used += rcv.reordering.held - before
  rcv.ackNow = true
  if (known >= 0) widen(c, (s.seq + s.length) | 0)
  else env.out({ _tag: 'Drop', reason: 'tcp-window' })
  if (known === s.length) duplicate(env, c, s.seq, (s.seq + s.length) | 0)
  rcv.unackedSegments++
  // blocks tell of all that came together, but only of so many ranges
  const isNews = rcv.reordering.ranges.length > ranges || rcv.unackedSegments >= SEGMENTS_PER_ACK
  if (isNews || !c.loss.sack) emitAck(env, c, now)
}

/** Drops what is furthest ahead until there is room for `length` bytes at `seq`; false if those are furthest. */
const makeRoom = (c: Connection, seq: number, length: number): boolean => {
  const { reordering, pool } = c.rcv
  const before = reordering.held
  while (before - reordering.held < length && dropHighest(reordering, seq));
  pool.used -= before - reordering.held
  return before - reordering.held >= length
}

/** Bytes that were here already are reported (RFC 2883) and answered at once. */
export const duplicate = (env: TcpEnv, c: Connection, from: number, to: number): void => {
  const { rcv } = c
  rcv.ackNow = true
  env.counts.duplicates++
  if (!c.loss.sack) return
  rcv.dsackPending = true
  rcv.dsackFrom = from
  rcv.dsackTo = to
}

/** ACK at once, on every second full segment, or after 40 ms; one per eight segments within a batch, early ones too. */
const decide = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { rcv } = c
  if (rcv.quickAcks > 0) {
    rcv.quickAcks--
    ackSoon(c, now)
  } else if (rcv.unackedBytes >= 2 * rcv.largest) rcv.ackNow = true
  else if (!rcv.ackNow && c.at.ack === Infinity) c.at.ack = now + DELAYED_ACK
  if (rcv.unackedSegments >= SEGMENTS_PER_ACK) emitAck(env, c, now)
}

const finished = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { rcv, snd } = c
  rcv.nxt = (rcv.nxt + 1) | 0
  rcv.finished = true
  ackSoon(c, now)
  if (!c.released && !c.ended) {
    c.ended = true
    env.out({ _tag: 'Ended', id: c.id })
  }
  if (c.state === ESTABLISHED) become(env, c, CLOSE_WAIT)
  else if (c.state === FIN_WAIT_1) {
    if (snd.finSent && snd.una === snd.nxt) closeBoth(env, c, now)
    else become(env, c, CLOSING)
  } else if (c.state === FIN_WAIT_2) closeBoth(env, c, now)
}

/** The last ACK goes out before the connection becomes a record. */
const closeBoth = (env: TcpEnv, c: Connection, now: Millis): void => {
  emitAck(env, c, now)
  enterTimeWait(env, c, now)
}

export const DELAYED_ACK = 40
const SEGMENTS_PER_ACK = 8
