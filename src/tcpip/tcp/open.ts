import { parseIp, printIp } from '../../protocol/kernel/ip.ts'
import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Flow, Ip } from '../ip-output.ts'
import { wordsOf } from '../port.ts'
import type { SocketErrorCode, SocketId, StackCall, TcpOptions } from '../stack-io.ts'
import { congestionControls, DEFAULT_CONTROL } from './congestion/choose.ts'
import { type Connection, connection, NOBODY, type Options } from './connection.ts'
import { type TcpEnv, touch } from './env.ts'
import { negotiate, sendSyn } from './handshake.ts'
import { become } from './lifecycle.ts'
import { ANY_PORT, type Listener } from './listen.ts'
import type { Segment } from './segment.ts'
import { SYN_RECEIVED, SYN_SENT } from './state.ts'
import { keyOf } from './table.ts'

/** How connections and listeners come to be: `connect`, `listen`, and the SYN of a peer. */
export const connect = (env: TcpEnv, call: Extract<StackCall, { call: 'connect' }>, now: Millis): void => {
  const failed = (code: SocketErrorCode): void => env.out({ _tag: 'Failed', id: call.id, code })
  const remote = ipOf(call.remote.address)
  const { port } = call.remote
  if (remote === undefined || !(port > 0 && port < 65_536)) {
    failed('EINVAL')
    return
  }
  const wanted = call.local?.address === undefined ? undefined : ipOf(call.local.address)
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

  const c = create(env, call.id, undefined, local, remote, localPort, port, call.options, now)
  env.byId.set(call.id, c)
  c.at.close = call.deadline
  become(env, c, SYN_SENT)
  sendSyn(env, c, now)
  touch(env, c)
}

/** A SYN for `listener`: a half-open connection, as long as there are not too many. */
export const accept = (
  env: TcpEnv,
  listener: Listener,
  local: Ip,
  remote: Ip,
  s: Segment,
  now: Millis,
  above?: number,
): void => {
  const c = create(env, NOBODY, listener, local, remote, s.destinationPort, s.sourcePort, listener.options, now, above)
  listener.halfOpen++
  negotiate(c, s, now)
  c.state = SYN_RECEIVED
  sendSyn(env, c, now)
  touch(env, c)
}

export const listen = (env: TcpEnv, call: Extract<StackCall, { call: 'listen' }>): void => {
  const failed = (code: SocketErrorCode): void => env.out({ _tag: 'Failed', id: call.id, code })
  const ip = call.address === undefined ? undefined : ipOf(call.address)
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
  env.listeners.add({ id, ip: at, port, family, backlog, options, nextId, halfOpen: 0 })
  const address = at?.text ?? (family === 4 ? '0.0.0.0' : '::')
  env.out({ _tag: 'Opened', id, local: { address, port } })
}

/** Changes the options that `given` names. */
export const configure = (c: Connection, given: TcpOptions, now: Millis): void => {
  const o = c.options
  if (given.noDelay !== undefined) o.noDelay = given.noDelay
  if (given.userTimeout !== undefined) o.userTimeout = given.userTimeout
  if (given.linger !== undefined) o.linger = given.linger
  if (given.ttl !== undefined) c.flow.ttl = given.ttl
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

const create = (
  env: TcpEnv,
  id: SocketId,
  listener: Listener | undefined,
  local: Ip,
  remote: Ip,
  localPort: number,
  remotePort: number,
  given: TcpOptions,
  now: Millis,
  above?: number,
): Connection => {
  const key = keyOf(env.secret, local, remote, localPort, remotePort)
  const words = [...wordsOf(local), ...wordsOf(remote), (localPort << 16) | remotePort]
  const flow: Flow = { local, remote, protocol: 6, ttl: given.ttl ?? 64, tos: 0, cache: undefined }
  // RFC 6528: a secret of the tuple plus a clock of 4 µs; over an old record, beyond all that it may have sent
  const old = env.timeWaits.find(key, local, remote, localPort, remotePort)
  const floor = above ?? (old === undefined ? undefined : (old.sndNxt + 65_536) | 0)
  const clocked = (env.hash(...words) + Math.floor(now * 250)) | 0
  const iss = floor !== undefined && ((clocked - floor) | 0) < 0 ? floor : clocked
  if (old !== undefined) env.timeWaits.remove(old)
  const fixed = given.receiveBuffer
  const receiveMost = Math.max(fixed ?? LARGEST_RECEIVE, 1)
  const c = connection({
    id,
    flow,
    localPort,
    remotePort,
    key,
    listener,
    options: optionsOf(given),
    iss,
    tsOffset: env.hash(...words, 1) | 0,
    sendLimit: given.sendBuffer ?? 0,
    receiveBuffer: fixed ?? INITIAL_RECEIVE,
    receiveMost,
    cc: congestionControls[given.congestionControl ?? DEFAULT_CONTROL](given),
  })
  while (c.rcv.scale < 14 && 0xffff << c.rcv.scale < receiveMost) c.rcv.scale++
  env.connections.add(c)
  return c
}

const optionsOf = (given: TcpOptions): Options => {
  const keep = given.keepAlive ?? false
  return {
    noDelay: given.noDelay ?? false,
    keepIdle: keep === false ? 0 : keep.idle,
    keepInterval: keep === false ? 75_000 : keep.interval,
    keepCount: keep === false ? 9 : keep.count,
    linger: given.linger,
    userTimeout: given.userTimeout ?? 0,
  }
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

const ipOf = (text: string): Ip | undefined => {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : { family: bytes.length === 4 ? 4 : 6, bytes, text: printIp(bytes) }
}

const INITIAL_RECEIVE = 1_048_576
const LARGEST_RECEIVE = 4_194_304
const MOST_BACKLOG = 4096
const REUSE_AFTER = 1000
