import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import type { SocketAddress, SocketErrorCode } from '../stack-io.ts'
import { type Connection, NOBODY } from './connection.ts'
import { unfile } from './deadlines.ts'
import { emitAbort } from './emit.ts'
import type { TcpEnv } from './env.ts'
import { giveBack } from './receive-pool.ts'
import { CLOSED, ESTABLISHED, type State, SYN_RECEIVED, stateNames, TIME_WAIT } from './state.ts'

/** The connection enters another state, and whoever watches it hears so. */
export const become = (env: TcpEnv, c: Connection, state: State): void => {
  c.state = state
  if (c.id !== NOBODY) env.out({ _tag: 'State', id: c.id, state: stateNames[state]! })
}

/** Gone, without a word to anybody. */
export const remove = (env: TcpEnv, c: Connection): void => {
  if (c.state === CLOSED) return
  if (c.state === SYN_RECEIVED && c.listener !== undefined) c.listener.halfOpen--
  c.state = CLOSED
  giveBack(c)
  env.connections.remove(c)
  unfile(env.heap, c)
  if (c.id !== NOBODY) env.byId.delete(c.id)
}

/** Ends with an error for the owner; nothing is sent. */
export const fail = (env: TcpEnv, c: Connection, code: SocketErrorCode): void => {
  const { id } = c
  if (c.state < ESTABLISHED) env.counts.failedOpens++
  else env.counts.failed++
  remove(env, c)
  if (id !== NOBODY) env.out(c.released ? { _tag: 'Closed', id } : { _tag: 'Failed', id, code })
}

/** Ends as the owner wished. */
export const finish = (env: TcpEnv, c: Connection): void => {
  const { id } = c
  remove(env, c)
  if (id !== NOBODY) env.out({ _tag: 'Closed', id })
}

/** Ends with RST to the peer. */
export const reset = (env: TcpEnv, c: Connection): void => {
  emitAbort(env, c)
  finish(env, c)
}

/** Both sides are done: what is left to do needs a small record only. */
export const enterTimeWait = (env: TcpEnv, c: Connection, now: Millis): void => {
  become(env, c, TIME_WAIT)
  env.timeWaits.add(c, now)
  finish(env, c)
}

/** The owner learns its end of the story; what still happens is nobody's business. */
export const orphan = (env: TcpEnv, c: Connection, code?: SocketErrorCode): void => {
  const { id } = c
  if (id === NOBODY) return
  env.byId.delete(id)
  c.id = NOBODY
  env.out(code === undefined ? { _tag: 'Closed', id } : { _tag: 'Failed', id, code })
}

export const socketAddress = (ip: Ip, port: number): SocketAddress => ({
  address: ip.text,
  port,
})
