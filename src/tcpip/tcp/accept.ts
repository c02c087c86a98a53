import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import { arrive } from './arrive.ts'
import { create, type Ends, firstSequence, flowOf, scaleFor, tsOffsetOf, windowOfSyn } from './birth.ts'
import { type Connection, NOBODY } from './connection.ts'
import { emitCookie } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { defaultMss, mssToOffer, negotiate, sendSyn } from './handshake.ts'
import type { Listener } from './listen.ts'
import type { Segment } from './segment.ts'
import { SYN_RECEIVED } from './state.ts'
import { bake, COOKIES_LIVE, taste, wordsOfEnds } from './syn-cookie.ts'

/** How a listener's connections begin: half-open, bounded, and without any memory where that is not enough. */

/** A SYN for `listener`. */
export const takeSyn = (env: TcpEnv, listener: Listener, local: Ip, remote: Ip, s: Segment, now: Millis): void => {
  const ends = endsOf(local, remote, s)
  if (env.connections.size() >= env.mostConnections) {
    env.out({ _tag: 'Drop', reason: 'tcp-backlog' })
    return
  }
  if (listener.halfOpen >= SYN_BACKLOG) {
    giveCookie(env, listener, ends, s, now)
    return
  }
  const c = halfOpen(env, listener, ends, firstSequence(env, ends, now), s, now)
  sendSyn(env, c, now)
  touch(env, c)
}

/** An ACK for `listener` out of the blue: the answer to a cookie, perhaps. False if it is none. */
export const takeCookie = (
  env: TcpEnv,
  listener: Listener,
  local: Ip,
  remote: Ip,
  s: Segment,
  now: Millis,
): boolean => {
  if (now - env.cookieAt > COOKIES_LIVE) return false
  const ends = endsOf(local, remote, s)
  const known = taste(env.hash, wordsOfEnds(local, remote, ends.localPort, ends.remotePort), s, now)
  if (known === undefined) return false
  if (env.connections.size() >= env.mostConnections || listener.waiting >= listener.backlog) {
    env.out({ _tag: 'Drop', reason: 'tcp-backlog' })
    return true
  }
  const iss = (s.ack - 1) | 0
  const c = halfOpen(env, listener, ends, iss, { ...s, ...known, seq: (s.seq - 1) | 0 }, now)
  c.snd.nxt = s.ack
  // nobody knows when the SYN-ACK left: the handshake tells nothing of the round trip
  c.snd.stalledAt = -Infinity
  env.counts.cookiesAccepted++
  arrive(env, c, s, now)
  return true
}

const halfOpen = (env: TcpEnv, listener: Listener, ends: Ends, iss: number, syn: Segment, now: Millis): Connection => {
  const c = create(env, NOBODY, listener, ends, iss, listener.options)
  listener.halfOpen++
  negotiate(c, syn, now)
  c.state = SYN_RECEIVED
  return c
}

const giveCookie = (env: TcpEnv, listener: Listener, ends: Ends, s: Segment, now: Millis): void => {
  const { local, remote, localPort, remotePort } = ends
  const { options } = listener
  const clock = (Math.floor(now) + tsOffsetOf(env, ends)) | 0
  const offered = s.mss > 0 ? s.mss : defaultMss(remote)
  const cookie = bake(env.hash, wordsOfEnds(local, remote, localPort, remotePort), s, offered, clock, now)
  if (cookie === undefined) {
    env.out({ _tag: 'Drop', reason: 'tcp-backlog' })
    return
  }
  env.cookieAt = now
  env.counts.cookiesSent++
  const flow = flowOf(ends, options)
  emitCookie(env, flow, ends, {
    seq: cookie.iss,
    ack: (s.seq + 1) | 0,
    window: windowOfSyn(options),
    mss: mssToOffer(env, flow),
    // without timestamps nothing but the size can be remembered
    sack: s.timestamps && s.sackPermitted,
    scale: s.timestamps && s.scale >= 0 ? scaleFor(options) : -1,
    ts: s.timestamps ? { value: cookie.tsValue, echo: s.tsValue } : undefined,
  })
}

const endsOf = (local: Ip, remote: Ip, s: Segment): Ends => ({
  ...{ local, remote, localPort: s.destinationPort, remotePort: s.sourcePort },
})

/** Half-open connections per listener; beyond it cookies. */
export const SYN_BACKLOG = 256
