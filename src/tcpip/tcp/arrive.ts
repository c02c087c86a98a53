import type { Millis } from '../../protocol/kernel/machine.ts'
import { acknowledge } from './acknowledge.ts'
import type { Connection } from './connection.ts'
import { emitAck } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { completeHandshake, inSynReceived, inSynSent } from './handshake.ts'
import { become, enterTimeWait, fail, finish, orphan, reset } from './lifecycle.ts'
import { duplicate, receive } from './receive.ts'
import { ACK, FIN, lengthOf, RST, type Segment, SYN } from './segment.ts'
import { CLOSED, CLOSING, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, SYN_RECEIVED, SYN_SENT } from './state.ts'

/**
 * A segment for an existing connection, in the order of RFC 9293 §3.10.7.4 with RFC 7323 in front and RFC 5961 within:
 * timestamps, sequence, RST, SYN, ACK, data, FIN. Output happens once per batch, in `flush`.
 */
export const arrive = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  touch(env, c)
  if (c.state === SYN_SENT) {
    inSynSent(env, c, s, now)
    return
  }
  const { rcv } = c
  const isReset = (s.flags & RST) !== 0
  if (c.state === SYN_RECEIVED && (s.flags & SYN) !== 0 && !inSynReceived(env, c, s, now)) return

  if (c.ts.on && !isReset) {
    if (!s.timestamps) {
      drop(env, 'tcp-paws')
      return
    }
    if (((s.tsValue - c.ts.recent) | 0) < 0 && now - c.ts.recentAt < PAWS_MEMORY) {
      answer(env, c, s, now)
      drop(env, 'tcp-paws')
      return
    }
  }
  if ((s.flags & SYN) !== 0) {
    challenge(env, c, now)
    drop(env, 'tcp-unacceptable')
    return
  }
  const window = (rcv.adv - rcv.nxt) | 0
  const offset = (s.seq - rcv.nxt) | 0
  const length = lengthOf(s)
  if (isReset) {
    if (offset === 0) {
      resetByPeer(env, c)
      return
    }
    if (offset > 0 && offset < window) challenge(env, c, now)
    drop(env, 'tcp-unacceptable')
    return
  }
  const last = offset + length - 1
  const acceptable =
    length === 0
      ? window === 0
        ? offset === 0
        : offset >= 0 && offset < window
      : window > 0 &&
        ((offset >= 0 && offset < window) || (last >= 0 && last < window) || (offset < 0 && last >= window))
  // a closed window still lets the ACK of an in-sequence segment in
  const ackOnly = !acceptable && window === 0 && offset === 0
  if (!acceptable && !ackOnly) {
    if (s.length > 0 && offset < 0) duplicate(env, c, s.seq, (s.seq + Math.min(s.length, -offset)) | 0)
    answer(env, c, s, now)
    drop(env, offset < 0 ? 'tcp-unacceptable' : 'tcp-window')
    return
  }
  if ((s.flags & ACK) === 0) {
    drop(env, 'tcp-unacceptable')
    return
  }
  if (c.ts.on && ((s.seq - rcv.lastAckSent) | 0) <= 0 && ((s.tsValue - c.ts.recent) | 0) >= 0) {
    if (rcv.rtt === 0 || s.length > 0) measureFromHere(c, s, now)
    c.ts.recent = s.tsValue
    c.ts.recentAt = now
  }
  if (c.state === SYN_RECEIVED && !completeHandshake(env, c, s, now)) return
  if (!acceptableAck(c, s)) {
    challenge(env, c, now)
    drop(env, 'tcp-unacceptable')
    return
  }
  c.snd.keepProbes = 0
  if (c.options.keepIdle > 0) c.at.keep = now + c.options.keepIdle
  acknowledge(env, c, s, now)
  if (c.snd.finSent && c.snd.una === c.snd.nxt) {
    finAcknowledged(env, c, now)
    if ((c.state as number) === CLOSED) return
  }
  if (ackOnly) {
    rcv.ackNow = true
    drop(env, 'tcp-window')
    return
  }
  if (length === 0) return
  takePayload(env, c, s, now)
}

const takePayload = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  const { rcv } = c
  const beyond = (s.seq + s.length - rcv.adv) | 0
  if (beyond > 0) {
    s.length -= beyond
    s.flags &= ~FIN
    rcv.ackNow = true
    drop(env, 'tcp-window')
  }
  if (c.released && s.length > 0 && ((s.seq + s.length - rcv.nxt) | 0) > 0 && !rcv.finished) {
    reset(env, c)
    return
  }
  if (rcv.finished) {
    rcv.ackNow = true
    return
  }
  receive(env, c, s, now)
}

/** RFC 5961 §5: not before what could still be under way, not after what was sent. */
const acceptableAck = (c: Connection, s: Segment): boolean => {
  const { snd } = c
  if (((s.ack - snd.nxt) | 0) > 0) {
    // the byte (or FIN) of a window probe counts as sent once it is acknowledged
    if (!snd.probing || s.ack !== ((snd.nxt + 1) | 0)) return false
    if (snd.nxt === snd.tail) snd.finSent = true
    snd.nxt = s.ack
    return true
  }
  return ((s.ack - snd.una + snd.maxWnd) | 0) >= 0
}

const finAcknowledged = (env: TcpEnv, c: Connection, now: Millis): void => {
  if (c.state === FIN_WAIT_1) {
    become(env, c, FIN_WAIT_2)
    if (c.released) c.at.close = now + FIN_WAIT_2_LIMIT
    // who asked to linger waited for exactly this
    if (c.at.linger !== Infinity) {
      c.at.linger = Infinity
      orphan(env, c)
    }
  } else if (c.state === CLOSING) enterTimeWait(env, c, now)
  else if (c.state === LAST_ACK) finish(env, c)
}

const resetByPeer = (env: TcpEnv, c: Connection): void => {
  if (c.state === SYN_RECEIVED) fail(env, c, 'ECONNREFUSED')
  // both sides had said goodbye, and only the answer to our FIN got lost until the peer forgot us
  else if ((c.state === LAST_ACK || c.state === CLOSING) && c.snd.finSent && c.snd.una === c.snd.tail) finish(env, c)
  else fail(env, c, 'ECONNRESET')
}

/** The answer to what is not acceptable: a lost ACK must be repeatable, but echoes must not feed on each other. */
const answer = (env: TcpEnv, c: Connection, s: Segment, now: Millis): void => {
  if (s.length > 0) c.rcv.ackNow = true
  else challenge(env, c, now)
}

/** At most one in 500 ms, counted per connection: a shared counter would tell strangers about it (RFC 5961 §10). */
export const challenge = (env: TcpEnv, c: Connection, now: Millis): void => {
  if (now - c.rcv.challengedAt < CHALLENGE_INTERVAL) return
  c.rcv.challengedAt = now
  env.counts.challenges++
  emitAck(env, c, now)
}

/** The RTT as a receiver sees it, for the growth of the window: how old the timestamp is that came back. */
const measureFromHere = (c: Connection, s: Segment, now: Millis): void => {
  const age = (Math.floor(now) + c.ts.offset - s.tsEcho) | 0
  if (age >= 0 && age < 60_000) c.rcv.rtt = c.rcv.rtt === 0 ? Math.max(1, age) : c.rcv.rtt + (age - c.rcv.rtt) / 8
}

const drop = (env: TcpEnv, reason: 'tcp-paws' | 'tcp-unacceptable' | 'tcp-window'): void =>
  env.out({ _tag: 'Drop', reason })

/** How long a timestamp is remembered (RFC 7323 §5.5). */
const PAWS_MEMORY = 24 * 86_400_000
const FIN_WAIT_2_LIMIT = 60_000
const CHALLENGE_INTERVAL = 500
