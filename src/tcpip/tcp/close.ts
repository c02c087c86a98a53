import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Connection } from './connection.ts'
import { emitAbort } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { become, fail, finish, remove, reset } from './lifecycle.ts'
import type { Listener } from './listen.ts'
import { CLOSE_WAIT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, SYN_RECEIVED, SYN_SENT } from './state.ts'

/** How an owner ends a connection (RFC 9293 §3.10.4–5): one way, both ways, or at once. */

/** FIN after what is queued. Receiving goes on without limit. */
export const shutdown = (env: TcpEnv, c: Connection): void => {
  if (c.snd.finQueued) return
  c.snd.finQueued = true
  if (c.state === ESTABLISHED) become(env, c, FIN_WAIT_1)
  else if (c.state === CLOSE_WAIT) become(env, c, LAST_ACK)
  touch(env, c)
}

/** Both ways: FIN, or RST where bytes that nobody read would be lost unnoticed (RFC 2525 §2.17). */
export const close = (env: TcpEnv, c: Connection, now: Millis): void => {
  if (c.released) return
  if (c.state === SYN_SENT) {
    finish(env, c)
    return
  }
  if (c.rcv.unread > 0 || c.options.linger === 0) {
    reset(env, c)
    return
  }
  c.released = true
  const { linger } = c.options
  if (linger !== undefined) c.at.linger = now + linger
  shutdown(env, c)
  if (c.state === FIN_WAIT_2) c.at.close = now + 60_000
  touch(env, c)
}

/** RST now; the peer's reader sees ECONNRESET. */
export const abort = (env: TcpEnv, c: Connection): void => {
  if (c.state >= SYN_RECEIVED) emitAbort(env, c)
  fail(env, c, 'ECONNABORTED')
}

/** A listener ends with what is half-open; accepted connections stay. */
export const closeListener = (env: TcpEnv, listener: Listener): void => {
  env.listeners.remove(listener)
  for (const c of env.connections.values()) {
    if (c.listener === listener && c.state === SYN_RECEIVED) remove(env, c)
  }
  env.out({ _tag: 'Closed', id: listener.id })
}
