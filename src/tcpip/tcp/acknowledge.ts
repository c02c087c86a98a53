import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { beginProgress, deliver, finishSample, type Progress, progress } from './delivered.ts'
import { tsClock } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { OPEN, RECOVERY } from './loss-detection.ts'
import { detectLosses } from './rack.ts'
import {
  answersOriginal,
  duplicateAck,
  enterRecovery,
  forgiveTailProbe,
  judgeTailProbe,
  leaveRecovery,
  partialAck,
  undo,
} from './recovery.ts'
import { sampleRtt, timeoutOf } from './rtt.ts'
import type { Segment } from './segment.ts'
import { armTailProbe, hasRoom, markAppLimited, markRestrained, pipeOf } from './send.ts'
import {
  dropOldest,
  END,
  FLAGS,
  find,
  LOST,
  OUT,
  part,
  release as releaseQueue,
  SACKED,
  SEQ,
  slotOf,
  WIDTH,
} from './send-queue.ts'
import { release } from './send-ring.ts'

/**
 * Takes an acceptable ACK (SND.UNA − MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT) into account: what it delivers, what that says of
 * losses and of the path, and the peer's window.
 */
export const acknowledge = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { snd, loss, delivery } = c
  const acked = (s.ack - snd.una) | 0
  if (acked < 0) return
  const flight = delivery.inflight
  const { dupAcks } = loss
  const lostBefore = delivery.lost
  const queueLostBefore = delivery.queueLost
  markAppLimited(env, c)
  beginProgress(p, loss.fack)
  if (acked > 0) advance(env, c, s, now)
  const retransmits = loss.undoRetransmits
  let dsack = false
  if (loss.sack && s.blocks > 0) {
    dsack = takeDsack(c, s)
    takeBlocks(c, s, now)
  } else loss.lastBlocks = 0
  const sameWindow = takeWindow(c, s)

  if (p.oldestRtt >= 0 && !p.repaired) measured(c, p.oldestRtt, now)
  else if (acked > 0 && c.ts.on && p.newly > 0) {
    if (!p.ambiguous) measured(c, Math.max(0, (tsClock(c, now) - s.tsEcho) | 0), now, false)
    else endBackoff(c, now)
  }

  if (loss.undoable) {
    if (acked > 0 && answersOriginal(c, s.tsEcho)) undo(env, c, now)
    else if (dsack && retransmits > 0 && loss.undoRetransmits === 0) undo(env, c, now)
    if (acked > 0) loss.eifel = false
  }
  judgeTailProbe(c, dsack, now, flight)
  if (loss.phase !== OPEN && ((snd.una - loss.point) | 0) >= 0) leaveRecovery(c, now)
  if (snd.queue.count > 0) {
    if (loss.sack) {
      const rtt = p.baseSentAt >= 0 && !p.baseDoubtful ? now - p.baseSentAt : -1
      if (detectLosses(c, rtt, now) && loss.phase === OPEN) enterRecovery(c, now, flight)
    } else if (acked > 0) {
      if (loss.phase === RECOVERY) partialAck(c, acked, now)
      else loss.dupAcks = 0
    } else if (s.length === 0 && sameWindow && (s.flags & 3) === 0) duplicateAck(c, now, flight)
  } else c.at.reorder = Infinity

  // without SACK a duplicate ACK says that a segment arrived, and a partial one which of them that were (RFC 6937)
  const guessed = loss.sack || loss.phase !== RECOVERY ? 0 : (loss.dupAcks - dupAcks) * snd.mss
  if (p.newly > 0 || delivery.lost > lostBefore || guessed > 0) {
    finishSample(env, c, p, lostBefore, queueLostBefore, now)
    const sample = env.sample
    sample.newlyAcked = Math.max(0, sample.newlyAcked + guessed)
    sample.advanced = acked > 0
    sample.inflight = pipeOf(c)
    c.cc.onAck(sample)
    if (c.cc.restrained) markRestrained(c)
  }
  if (p.newly > 0) armTailProbe(c, now)
  if (acked > 0) env.ip.confirm(c.flow)
  if (snd.wantsRoom && p.newly > 0 && hasRoom(c) && c.id >= 0) {
    snd.wantsRoom = false
    env.out({ _tag: 'Writable', id: c.id })
  }
  touch(env, c)
}

/** SND.UNA moves: drops what is acknowledged, restarts the timer. */
const advance = (_env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { snd, loss } = c
  const q = snd.queue
  const ack = s.ack
  let popped = 0
  while (q.count > 0) {
    const i = q.head * WIDTH
    const seq = q.ints[i + SEQ]!
    const end = q.ints[i + END]!
    const sacked = (q.ints[i + FLAGS]! & SACKED) !== 0
    if (((end - ack) | 0) > 0) {
      if (((ack - seq) | 0) > 0) {
        if (!sacked) deliver(c, p, q.head, (ack - seq) | 0, s.tsEcho, c.ts.on, now)
        q.ints[i + SEQ] = ack
      }
      break
    }
    if (((end - seq) | 0) > snd.proven) snd.proven = (end - seq) | 0
    if (sacked) loss.sacked--
    else deliver(c, p, q.head, (end - seq) | 0, s.tsEcho, c.ts.on, now)
    dropOldest(q)
    popped++
  }
  snd.una = ack
  loss.hint = loss.hint > popped ? loss.hint - popped : 0
  snd.retries = 0
  loss.rtoCount = 0
  snd.stalledAt = now
  if (q.count === 0) {
    releaseQueue(q)
    c.at.rto = Infinity
    c.at.tlp = Infinity
    if (((snd.tail - ack) | 0) <= 0) release(snd.ring)
  } else c.at.rto = now + timeoutOf(c.rtt)
}

/** An RTT sample; without timestamps only one ends the back-off (Karn). */
const measured = (c: Connection, sample: number, now: Millis, exact = true): void => {
  sampleRtt(c.rtt, sample, now, exact)
  endBackoff(c, now)
}

const endBackoff = (c: Connection, now: Millis): void => {
  c.rtt.backoff = 0
  if (c.at.rto !== Infinity) c.at.rto = now + c.rtt.rto
}

/** Is the first block about bytes we know to be there (RFC 2883 §4)? Then something was sent twice for nothing. */
const takeDsack = (c: Connection, s: Segment): boolean => {
  const { loss, snd } = c
  const from = s.edges[0]!
  const to = s.edges[1]!
  if (((to - from) | 0) <= 0) return false
  const below = ((to - snd.una) | 0) <= 0
  const inside =
    s.blocks > 1 && ((from - s.edges[2]!) | 0) >= 0 && ((s.edges[3]! - to) | 0) >= 0 && ((from - s.edges[2]!) | 0) >= 0
  if (!below && !inside) return false
  c.delivery.delivered += Math.min((to - from) | 0, MOST_DSACK)
  if (((snd.una - loss.dsackRound) | 0) >= 0) {
    loss.reoMult++
    loss.reoPersist = REO_PERSIST
    loss.dsackRound = snd.nxt
  }
  if (loss.undoRetransmits > 0)
    loss.undoRetransmits = Math.max(0, loss.undoRetransmits - Math.ceil(((to - from) | 0) / snd.mss))
  if (loss.tlpOut && loss.tlpResent && ((to - loss.tlpEnd) | 0) === 0) forgiveTailProbe(c)
  return true
}

/** Marks what the blocks cover. Blocks outside of what is out, inverted or empty ones are ignored. */
const takeBlocks = (c: Connection, s: Segment, now: Millis): void => {
  const { loss, snd } = c
  const q = snd.queue
  for (let b = 0; b < s.blocks; b++) {
    const from = s.edges[2 * b]!
    const to = s.edges[2 * b + 1]!
    if (((to - from) | 0) <= 0 || ((to - snd.nxt) | 0) > 0 || ((to - snd.una) | 0) <= 0) continue
    if (((from - snd.una) | 0) < 0) continue
    let n = find(q, alreadyMarked(c, from, to))
    for (; n < q.count; n++) {
      const slot = slotOf(q, n)
      const i = slot * WIDTH
      if (((q.ints[i + END]! - to) | 0) > 0) break
      if (((q.ints[i + SEQ]! - from) | 0) < 0 || (q.ints[i + FLAGS]! & SACKED) !== 0) continue
      // what is early does not move the timestamp that the peer echoes: it says nothing of this copy
      deliver(c, p, slot, (q.ints[i + END]! - q.ints[i + SEQ]!) | 0, s.tsEcho, false, now)
      q.ints[i + FLAGS] = (q.ints[i + FLAGS]! & ~(OUT | LOST)) | SACKED
      part(q, slot)
      loss.sacked++
    }
  }
  if (loss.lastEdges.length === 0) loss.lastEdges = new Int32Array(s.edges.length)
  loss.lastEdges.set(s.edges)
  loss.lastBlocks = s.blocks
}

/** Blocks grow from ACK to ACK: where to go on in one that the previous ACK had too. */
const alreadyMarked = (c: Connection, from: number, to: number): number => {
  const { lastEdges, lastBlocks } = c.loss
  for (let b = 0; b < lastBlocks; b++)
    if (lastEdges[2 * b] === from && ((to - lastEdges[2 * b + 1]!) | 0) >= 0) return lastEdges[2 * b + 1]!
  return from
}

/** The peer's window, if this segment is newer than the last that told it (RFC 9293 §3.10.7.4); true if unchanged. */
const takeWindow = (c: Connection, s: Segment): boolean => {
  const { snd } = c
  const older = ((s.seq - snd.wl1) | 0) < 0 || (s.seq === snd.wl1 && ((s.ack - snd.wl2) | 0) < 0)
  if (older) return true
  const wnd = s.window << snd.scale
  const same = wnd === snd.wnd
  snd.wnd = wnd
  snd.wl1 = s.seq
  snd.wl2 = s.ack
  if (wnd > snd.maxWnd) snd.maxWnd = wnd
  if (snd.probing) {
    snd.retries = 0
    if (wnd > 0) {
      snd.probing = false
      c.at.persist = Infinity
    }
  }
  return same
}

/** Reused for every ACK: nothing of it is kept. */
const p: Progress = progress()
const REO_PERSIST = 16
/** A lying peer cannot make a duplicate look like more than a large segment. */
const MOST_DSACK = 65_536
