import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import { takeCookie, takeSyn } from './accept.ts'
import { flowOf } from './birth.ts'
import { emitBare } from './emit.ts'
import type { TcpEnv } from './env.ts'
import type { Listener } from './listen.ts'
import { ACK, FIN, lengthOf, RST, type Segment, SYN } from './segment.ts'
import type { TimeWait } from './time-wait.ts'

/** A segment that belongs to no connection: TIME-WAIT, a listener, or nobody (RFC 9293 §3.10.7.1–2, RFC 1337, 6191). */
export const toNobody = (env: TcpEnv, key: number, local: Ip, remote: Ip, s: Segment, now: Millis): void => {
  const record = env.timeWaits.find(key, local, remote, s.destinationPort, s.sourcePort)
  const listener = env.listeners.find(local, s.destinationPort)
  if (record !== undefined) {
    if (!startsAnew(record, listener, s)) {
      inTimeWait(env, record, local, remote, s, now)
      return
    }
  }
  if (listener === undefined) {
    if ((s.flags & RST) === 0) refuse(env, local, remote, s, now)
    env.out({ _tag: 'Drop', reason: 'tcp-no-port' })
    return
  }
  if ((s.flags & RST) !== 0) {
    env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })
    return
  }
  if ((s.flags & ACK) !== 0) {
    if ((s.flags & SYN) === 0 && takeCookie(env, listener, local, remote, s, now)) return
    refuse(env, local, remote, s, now)
    env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })
    return
  }
  if ((s.flags & SYN) === 0) {
    env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })
    return
  }
  takeSyn(env, listener, local, remote, s, now)
}

/** A SYN that cannot be a leftover: a later sequence number, or a later timestamp (RFC 6191). */
const startsAnew = (record: TimeWait, listener: Listener | undefined, s: Segment): boolean =>
  listener !== undefined &&
  (s.flags & (SYN | ACK | RST)) === SYN &&
  (((s.seq - record.rcvNxt) | 0) > 0 || (record.ts && s.timestamps && ((s.tsValue - record.tsRecent) | 0) > 0))

const inTimeWait = (env: TcpEnv, record: TimeWait, local: Ip, remote: Ip, s: Segment, now: Millis): void => {
  if ((s.flags & RST) !== 0) {
    env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })
    return
  }
  const repeated = (s.flags & FIN) !== 0 && ((s.seq + lengthOf(s)) | 0) === record.rcvNxt
  if (repeated) env.timeWaits.renew(record, now)
  else {
    env.out({ _tag: 'Drop', reason: 'tcp-unacceptable' })
    if (now - record.answeredAt < ANSWER_INTERVAL) return
  }
  // a pure ACK that fits needs no answer
  if (lengthOf(s) === 0 && s.seq === record.rcvNxt) return
  env.timeWaits.answered(record, now)
  const ts = record.ts ? { value: (Math.floor(now) + record.tsOffset) | 0, echo: record.tsRecent } : undefined
  const ports = { localPort: s.destinationPort, remotePort: s.sourcePort }
  emitBare(
    env,
    flowOf({ local, remote, ...ports }, {}),
    ports,
    { seq: record.sndNxt, ack: record.rcvNxt, flags: ACK, window: record.window },
    ts,
  )
}

/** RST to a segment for nobody, so many a second. */
const refuse = (env: TcpEnv, local: Ip, remote: Ip, s: Segment, now: Millis): void => {
  const { resets } = env
  resets.tokens = Math.min(RESETS, resets.tokens + ((now - resets.at) * RESETS) / 1000)
  resets.at = now
  if (resets.tokens < 1) return
  resets.tokens--
  const ports = { localPort: s.destinationPort, remotePort: s.sourcePort }
  const flow = flowOf({ local, remote, ...ports }, {})
  if ((s.flags & ACK) !== 0) emitBare(env, flow, ports, { seq: s.ack, ack: 0, flags: RST, window: 0 })
  else emitBare(env, flow, ports, { seq: 0, ack: (s.seq + lengthOf(s)) | 0, flags: RST | ACK, window: 0 })
}

const ANSWER_INTERVAL = 500
/** Resets for closed ports per second and stack. */
const RESETS = 500
