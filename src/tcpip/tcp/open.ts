import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import type { SocketErrorCode, StackCall, TcpOptions } from '../stack-io.ts'
import { create, firstSequence } from './birth.ts'
import type { Connection } from './connection.ts'
import { type TcpEnv, touch } from './env.ts'
import { sendSyn } from './handshake.ts'
import { become } from './lifecycle.ts'
import { ANY_PORT } from './listen.ts'
import { SYN_SENT } from './state.ts'
import { keyOf } from './table.ts'

/** How connections and listeners come to be by the owner's wish: `connect`, `listen`, `configure`. */
export const connect = (env: TcpEnv, call: Extract<StackCall, { call: 'connect' }>, now: Millis): void => {
  const failed = (code: SocketErrorCode): void => env.out({ _tag: 'Failed', id: call.id, code })
  const remote = env.ip.address(call.remote.address)
  const { port } = call.remote
  if (remote === undefined || !(port > 0 && port < 65_536)) {
    failed('EINVAL')
    return
  }
  // nobody could answer with one voice
  if (env.ip.isGroup(remote)) {
    failed('ENETUNREACH')
    return
  }
  const wanted = call.local?.address === undefined ? undefined : env.ip.address(call.local.address)
  const local = wanted ?? env.ip.source(remote)
  if (typeof local === 'string') {
    failed(local)
    return
  }
  if (local.family !== remote.family) {
    failed('EINVAL')
    return
  }
  if (!env.ip.isLocal(local)) {
    failed('EADDRNOTAVAIL')
    return
  }
  const asked = call.local?.port ?? 0
  const isFree = (localPort: number): boolean => tupleIsFree(env, local, remote, localPort, port, now)
  const localPort = asked > 0 ? asked : env.ports.pick(local, remote, port, isFree)
  if (localPort === undefined) {
    failed('EADDRNOTAVAIL')
    return
  }
  if (asked > 0 && !isFree(asked)) {
    failed('EADDRINUSE')
    return
  }

  if (env.connections.size() >= env.mostConnections) {
    failed('ENOBUFS')
    return
  }
  const ends = { local, remote, localPort, remotePort: port }
  const c = create(env, call.id, undefined, ends, firstSequence(env, ends, now), call.options)
  env.byId.set(call.id, c)
  env.counts.activeOpens++
  c.at.close = call.deadline
  become(env, c, SYN_SENT)
  sendSyn(env, c, now)
  touch(env, c)
}

export const listen = (env: TcpEnv, call: Extract<StackCall, { call: 'listen' }>): void => {
  const failed = (code: SocketErrorCode): void => env.out({ _tag: 'Failed', id: call.id, code })
  const ip = call.address === undefined ? undefined : env.ip.address(call.address)
  if (call.address !== undefined && ip === undefined) {
    failed('EINVAL')
    return
  }
  const wildcard = ip?.bytes.every((b) => b === 0) ?? true
  if (ip !== undefined && !wildcard && !env.ip.isLocal(ip)) {
    failed('EADDRNOTAVAIL')
    return
  }
  const family = wildcard ? (ip?.family === 4 ? 4 : call.ipv6Only === true ? 6 : undefined) : ip?.family
  const at = wildcard ? undefined : ip
  let port = call.port === '*' ? ANY_PORT : call.port
  if (port === 0 && call.port !== '*') {
    const free = env.ports.pick(at, undefined, 0, (p) => !env.listeners.isUsed(p))
    if (free === undefined) {
      failed('EADDRINUSE')
      return
    }
    port = free
  }
  if (!(port >= 0 && port < 65_536)) {
    failed('EINVAL')
    return
  }
  if (env.listeners.conflicts(at, port, family)) {
    failed('EADDRINUSE')
    return
  }
  const backlog = Math.min(MOST_BACKLOG, Math.max(1, call.backlog))
  const { id, options, nextId } = call
  env.listeners.add({ id, ip: at, port, family, backlog, options, nextId, halfOpen: 0, waiting: 0 })
  const address = at?.text ?? (family === 4 ? '0.0.0.0' : '::')
  env.out({ _tag: 'Opened', id, local: { address, port } })
}

/** Changes the options that `given` names. */
export const configure = (c: Connection, given: TcpOptions, now: Millis): void => {
  const o = c.options
  if (given.noDelay !== undefined) o.noDelay = given.noDelay
  if (given.cork !== undefined) o.cork = given.cork
  if (given.userTimeout !== undefined) o.userTimeout = given.userTimeout
  if (given.linger !== undefined) o.linger = given.linger
  if (given.ttl !== undefined) c.flow.ttl = given.ttl
  if (given.tos !== undefined) c.flow.tos = given.tos
  if (given.sendBuffer !== undefined) c.snd.limit = given.sendBuffer
  if (given.receiveBuffer !== undefined) c.rcv.buffer = Math.min(c.rcv.most, given.receiveBuffer)
  if (given.keepAlive === undefined) return
  const keep = given.keepAlive
  o.keepIdle = keep === false ? 0 : keep.idle
  if (keep !== false) {
    o.keepInterval = keep.interval
    o.keepCount = keep.count
  }
  c.snd.keepProbes = 0
  c.at.keep = o.keepIdle > 0 ? now + o.keepIdle : Infinity
}

/** Not in use; a TIME-WAIT record gives way after a second if timestamps can tell old from new. */
const tupleIsFree = (
  env: TcpEnv,
  local: Ip,
  remote: Ip,
  localPort: number,
  remotePort: number,
  now: Millis,
): boolean => {
  const key = keyOf(env.secret, local, remote, localPort, remotePort)
  if (env.connections.find(key, local, remote, localPort, remotePort) !== undefined) return false
  const old = env.timeWaits.find(key, local, remote, localPort, remotePort)
  return old === undefined || (old.ts && now - old.since >= REUSE_AFTER)
}

const MOST_BACKLOG = 4096
const REUSE_AFTER = 1000
