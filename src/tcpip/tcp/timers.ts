import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { finishSample, noProgress } from './delivered.ts'
import { emitData, emitEmpty } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { sendSyn } from './handshake.ts'
import { fail, finish, orphan } from './lifecycle.ts'
import { OPEN } from './loss-detection.ts'
import { detectLosses } from './rack.ts'
import { enterRecovery, onTailProbe, onTimeout } from './recovery.ts'
import { LARGEST_RTO } from './rtt.ts'
import { markAppLimited } from './send.ts'
import { CLOSED, ESTABLISHED, FIN_WAIT_2, SYN_RECEIVED, SYN_SENT } from './state.ts'

/** Does what is due of one connection. Output that may wait for others waits for `flush`. */
export const runTimers = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { at } = c
  touch(env, c)
  if (at.ack <= now) {
    at.ack = Infinity
    c.rcv.ackNow = true
  }
  if (at.linger <= now) {
    at.linger = Infinity
    orphan(env, c, 'ETIMEDOUT')
  }
  if (at.close <= now) {
    closeDue(env, c)
    return
  }
  if (c.state >= ESTABLISHED) markAppLimited(env, c)
  if (at.reorder <= now) reorderDue(env, c, now)
  if (at.tlp <= now) onTailProbe(env, c, now)
  if (at.rto <= now) retransmitDue(env, c, now)
  if (c.state === CLOSED) return
  if (at.persist <= now) probeDue(env, c, now)
  if (at.keep <= now) keepDue(env, c, now)
  if (at.hold <= now) {
    at.hold = Infinity
    c.snd.override = true
  }
  if (at.pace <= now) at.pace = Infinity
}

const closeDue = (env: TcpEnv, c: Connection): void => {
  c.at.close = Infinity
  if (c.state === SYN_SENT || c.state === SYN_RECEIVED) fail(env, c, c.softError ?? 'ETIMEDOUT')
  else if (c.state === FIN_WAIT_2) finish(env, c)
}

const reorderDue = (env: TcpEnv, c: Connection, now: Millis): void => {
  const flight = c.delivery.inflight
  const { lost, queueLost } = c.delivery
  if (!detectLosses(c, -1, now)) return
  if (c.loss.phase === OPEN) enterRecovery(c, now, flight)
  finishSample(env, c, noProgress, lost, queueLost, now)
  env.sample.advanced = false
  c.cc.onAck(env.sample)
}

const retransmitDue = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { snd } = c
  c.at.rto = Infinity
  if (c.state < ESTABLISHED) {
    const most = c.state === SYN_SENT ? SYN_RETRIES : SYN_ACK_RETRIES
    if (snd.retries >= most) {
      fail(env, c, c.softError ?? 'ETIMEDOUT')
      return
    }
    snd.retries++
    c.rtt.backoff++
    if (snd.retries === DOUBTFUL) env.ip.doubt(c.flow)
    sendSyn(env, c, now)
    return
  }
  if (snd.queue.count === 0) return
  if (exhausted(c, now)) {
    fail(env, c, 'ETIMEDOUT')
    return
  }
  onTimeout(env, c, now)
  if (snd.retries === DOUBTFUL) env.ip.doubt(c.flow)
  if (c.options.userTimeout > 0) c.at.rto = Math.min(c.at.rto, snd.stalledAt + c.options.userTimeout)
}

/** A closed window is asked with one byte (or the FIN) beyond it; answers keep the connection, silence ends it. */
const probeDue = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { snd } = c
  c.at.persist = Infinity
  if (!snd.probing) return
  if (exhausted(c, now)) {
    fail(env, c, 'ETIMEDOUT')
    return
  }
  const byte = ((snd.tail - snd.nxt) | 0) > 0 ? 1 : 0
  snd.retries++
  snd.probes++
  emitData(env, c, snd.nxt, byte, byte === 0, now)
  c.at.persist = now + Math.min(LARGEST_RTO, c.rtt.rto * 2 ** Math.min(snd.probes, 16))
}

const exhausted = (c: Connection, now: Millis): boolean => {
  const { userTimeout } = c.options
  if (userTimeout > 0 && now - c.snd.stalledAt >= userTimeout) return true
  return c.snd.retries >= (c.released ? ORPHAN_RETRIES : RETRIES)
}

const keepDue = (env: TcpEnv, c: Connection, now: Millis): void => {
  const { options, snd } = c
  c.at.keep = Infinity
  if (options.keepIdle === 0 || c.state < ESTABLISHED) return
  // what is outstanding asks the same question
  if (snd.queue.count > 0 || snd.probing) {
    c.at.keep = now + options.keepIdle
    return
  }
  if (snd.keepProbes >= options.keepCount) {
    fail(env, c, 'ETIMEDOUT')
    return
  }
  snd.keepProbes++
  emitEmpty(env, c, (snd.nxt - 1) | 0, now)
  c.at.keep = now + options.keepInterval
}

/** With so many retransmissions unanswered, perhaps the neighbour has moved or is gone. */
const DOUBTFUL = 3
const SYN_RETRIES = 6
const SYN_ACK_RETRIES = 5
const RETRIES = 15
const ORPHAN_RETRIES = 8
