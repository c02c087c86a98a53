import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import type { TcpEnv } from './env.ts'
import { AFTER_RTO, OPEN, RECOVERY } from './loss-detection.ts'
import { DUPLICATE_THRESHOLD, markLost, tailLost } from './rack.ts'
import { timeoutOf } from './rtt.ts'
import { hasMore, headersOf, resend, resize, sendNew } from './send.ts'
import { END, FLAGS, LOST, OUT, RETRANSMITTED, rejoin, SACKED, SEQ, slotOf, WIDTH } from './send-queue.ts'

/**
 * Loss episodes: begin (RACK or duplicate ACKs), end (everything sent before is acknowledged), timeout, tail loss probe,
 * and taking back what proves needless.
 */
export const enterRecovery = (c: Connection, now: Millis, flight: number): void => {
  const { loss } = c
  loss.phase = RECOVERY
  loss.point = c.snd.nxt
  loss.forced = true
  beginUndo(c)
  c.at.tlp = Infinity
  c.cc.onRecovery(true, now, flight)
}

export const leaveRecovery = (c: Connection, now: Millis): void => {
  const { loss } = c
  loss.phase = OPEN
  loss.dupAcks = 0
  loss.eifel = false
  if (loss.reoPersist > 0 && --loss.reoPersist === 0) loss.reoMult = 1
  c.cc.onRecovery(false, now, c.delivery.inflight)
}

/** Without SACK: the third duplicate ACK, or a partial ACK, says that the oldest segment is lost (RFC 6582). */
export const duplicateAck = (c: Connection, now: Millis, flight: number): void => {
  const { loss } = c
  loss.dupAcks++
  if (loss.phase !== OPEN || loss.dupAcks < DUPLICATE_THRESHOLD) return
  enterRecovery(c, now, flight)
  markLost(c, c.snd.queue.head, -1, now)
  loss.hint = 0
}
export const partialAck = (c: Connection, acked: number, now: Millis): void => {
  const { loss } = c
  loss.dupAcks = Math.max(0, loss.dupAcks - Math.max(0, Math.ceil(acked / c.snd.mss) - 1))
  const q = c.snd.queue
  if (q.count === 0) return
  loss.hint = 0
  loss.forced = true
  if ((q.ints[q.head * WIDTH + FLAGS]! & LOST) === 0) markLost(c, q.head, -1, now)
}

/** The episode was needless: nothing is lost, the window is what it was. */
export const undo = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { loss, delivery } = c
  env.counts.undone++
  const q = c.snd.queue
  for (let n = 0; n < q.count; n++) {
    const i = slotOf(q, n) * WIDTH
    const flags = q.ints[i + FLAGS]!
    if ((flags & (LOST | OUT | SACKED)) !== LOST) continue
    q.ints[i + FLAGS] = (flags & ~LOST) | OUT
    delivery.inflight += (q.ints[i + END]! - q.ints[i + SEQ]!) | 0
  }
  rejoin(q)
  loss.pending = 0
  loss.hint = 0
  loss.forced = false
  loss.phase = OPEN
  loss.dupAcks = 0
  loss.undoable = false
  loss.eifel = false
  c.rtt.backoff = 0
  c.cc.onUndo(now)
}

/**
 * The retransmission timer (RFC 6298 §5.4–5.7): everything not SACKed counts as lost, the window shrinks to a segment,
 * the oldest goes out again, and the next timeout is twice as long.
 */
export const onTimeout = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { loss, snd, rtt } = c
  const q = snd.queue
  const flight = c.delivery.inflight
  const first = loss.rtoCount === 0 || loss.rtoUna !== snd.una
  loss.rtoCount = first ? 1 : loss.rtoCount + 1
  loss.rtoUna = snd.una
  // a peer that takes back its SACK (RFC 2018 §8): its oldest byte was reported, and still it does not pass it
  const reneged = (q.ints[q.head * WIDTH + FLAGS]! & SACKED) !== 0
  for (let n = 0; n < q.count; n++) {
    const slot = slotOf(q, n)
    const i = slot * WIDTH
    if (reneged && (q.ints[i + FLAGS]! & SACKED) !== 0) {
      q.ints[i + FLAGS]! &= ~SACKED
      loss.sacked--
    }
    if ((q.ints[i + FLAGS]! & SACKED) === 0) markLost(c, slot, -1, now)
  }
  loss.lastBlocks = 0
  loss.hint = 0
  loss.dupAcks = 0
  loss.forced = true
  loss.phase = AFTER_RTO
  loss.point = snd.nxt
  loss.tlpOut = false
  if (first) beginUndo(c)
  c.at.tlp = Infinity
  c.at.reorder = Infinity
  c.cc.onRto(now, flight, first, c.delivery.inflight)
  rtt.backoff++
  snd.retries++
  snd.timeouts++
  env.counts.timeouts++
  c.at.rto = now + timeoutOf(rtt)
  narrow(env, c, now)
}

/** The tail loss probe: new data if there is some, else the last segment again (RFC 8985 §7.3). */
export const onTailProbe = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { loss, snd } = c
  const q = snd.queue
  c.at.tlp = Infinity
  if (q.count === 0 || loss.phase !== OPEN || loss.sacked > 0) return
  loss.tlpOut = true
  env.counts.tailProbes++
  loss.tlpResent = false
  const room = (snd.una + snd.wnd - snd.nxt) | 0
  const length = Math.min((snd.tail - snd.nxt) | 0, snd.mss)
  if (hasMore(c) && length > 0 && length <= room) {
    const fin = snd.finQueued && length === ((snd.tail - snd.nxt) | 0) && length < room
    sendNew(env, c, length, fin, now)
  } else {
    loss.tlpResent = true
    resend(env, c, slotOf(q, q.count - 1), now)
  }
  loss.tlpEnd = snd.nxt
  c.at.tlp = Infinity
  c.at.rto = now + timeoutOf(c.rtt)
}

/** After an ACK: has the probe repaired a loss that nothing else will tell of (RFC 8985 §7.4)? */
export const judgeTailProbe = (c: Connection, dsack: boolean, now: Millis, flight: number): void => {
  const { loss, snd } = c
  if (!loss.tlpOut || ((snd.una - loss.tlpEnd) | 0) < (loss.tlpResent && !dsack ? 1 : 0)) return
  loss.tlpOut = false
  if (!loss.tlpResent || dsack || loss.phase !== OPEN) return
  tailLost(c, snd.mss, now)
  c.cc.onRecovery(true, now, flight)
  c.cc.onRecovery(false, now, flight)
}

/** A probe was sent and its copy has come back as DSACK: it was needless. */
export const forgiveTailProbe = (c: Connection): void => {
  c.loss.tlpOut = false
}

const beginUndo = (c: Connection): void => {
  c.loss.undoable = true
  c.loss.undoRetransmits = 0
  // a head that an earlier episode sent again answers with a timestamp from then
  const q = c.snd.queue
  c.loss.eifel = c.ts.on && (q.ints[q.head * WIDTH + FLAGS]! & RETRANSMITTED) === 0
}

/** Whether the ACK that first advances after an episode began answers the original transmissions (RFC 3522). */
export const answersOriginal = (c: Connection, tsEcho: number): boolean =>
  c.loss.eifel && c.loss.undoRetransmits > 0 && ((tsEcho - c.loss.firstRetransmitTs) | 0) < 0

/**
 * Segments vanish again and again: perhaps the path swallows those of their size (RFC 4821 in its simplest form). They
 * need not be full ones: a small buffer or a small window at the other end cuts segments that are still too large.
 */
const narrow = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { snd, loss } = c
  const q = snd.queue
  const i = q.head * WIDTH
  const length = (q.ints[i + END]! - q.ints[i + SEQ]!) | 0
  const isProven = snd.proven >= length
  if (loss.rtoCount < (isProven ? BLACKHOLE_AFTER_PROOF : BLACKHOLE)) return
  const steps = c.flow.remote.family === 4 ? NARROWER_V4 : NARROWER_V6
  const packet = length + headersOf(c)
  if (packet <= steps.at(-1)!) return
  const limit = Math.min(env.ip.mtu(c.flow), snd.clamp)
  // the head alone is smaller than some steps: those cost another timeout each, which late suspicions have had already
  const step = steps.find((s) => s < (isProven ? Math.min(limit, packet) : limit))
  if (step === undefined) return
  snd.clamp = step
  // an outage looks the same: the first suspicion is soon put to the test, a confirmed one holds
  if (limit === env.ip.mtu(c.flow)) snd.clampFor = snd.clampFor === 0 ? SUSPICION : CONVICTION
  snd.clampUntil = now + snd.clampFor
  resize(env, c, now)
}

/** So many timeouts in a row are a hint that the size is at fault; more of them if that size once got through. */
const BLACKHOLE = 2
const BLACKHOLE_AFTER_PROOF = 6
const SUSPICION = 5000
const CONVICTION = 600_000
const NARROWER_V4 = [1400, 1280, 576]
const NARROWER_V6 = [1400, 1280]
