import type { Millis } from '../../protocol/kernel/machine.ts'
import { isIntact, pseudoHeaderSum, sum } from '../checksum.ts'
import type { Ip } from '../ip-output.ts'
import { ephemeralPorts } from '../port.ts'
import { siphash } from '../siphash.ts'
import type { StackCall } from '../stack-io.ts'
import { arrive } from './arrive.ts'
import { abort, close, closeListener, shutdown } from './close.ts'
import { rateSample } from './congestion/controller.ts'
import { tcpCounts } from './counts.ts'
import { deadlineOf, due, file } from './deadlines.ts'
import { emitAck } from './emit.ts'
import { type TcpEnv, touch } from './env.ts'
import { icmpError } from './icmp-error.ts'
import { inspect } from './inspect.ts'
import { fail } from './lifecycle.ts'
import { listeners } from './listen.ts'
import { configure, connect, listen } from './open.ts'
import { receivePool, relieved } from './receive-pool.ts'
import { isEmpty } from './reordering.ts'
import { changePath } from './rtt.ts'
import { readI32, readSegment, segment } from './segment.ts'
import { enqueue, transmit } from './send.ts'
import { CLOSED, ESTABLISHED, SYN_RECEIVED } from './state.ts'
import { keyOf, sameIp, table } from './table.ts'
import type { Tcp, TcpDeps } from './tcp.ts'
import { timeWaits } from './time-wait.ts'
import { runTimers } from './timers.ts'
import { toNobody } from './unmatched.ts'
import { consume } from './window.ts'

/** An empty TCP: no sockets, no connections, keys drawn. */
export const tcpEnv = (deps: TcpDeps): TcpEnv => {
  const hash = siphash(deps.random(16))
  return {
    ip: deps.ip,
    uniform: () => (readI32(deps.random(4), 0) >>> 0) / 0x1_0000_0000,
    out: deps.out,
    trustLink: deps.trustLink,
    hash,
    secret: readI32(deps.random(4), 0),
    ports: ephemeralPorts(hash),
    connections: table(),
    byId: new Map(),
    listeners: listeners(),
    timeWaits: timeWaits(),
    cookieAt: -Infinity,
    mostConnections: MOST_CONNECTIONS,
    receivePool: receivePool(),
    counts: tcpCounts(),
    heap: [],
    touched: [],
    sample: rateSample(),
    resets: { tokens: 0, at: -Infinity },
  }
}

/** All of TCP of one stack, see `Tcp`. Calls and segments change connections; `flush` lets each say what it has to. */
export const createTcp = (deps: TcpDeps, env: TcpEnv = tcpEnv(deps)): Tcp => {
  const s = segment()

  const flush = (now: Millis): void => {
    for (const c of relieved(env.receivePool)) {
      c.rcv.ackNow = c.state >= ESTABLISHED
      touch(env, c)
    }
    // what is touched while flushing is appended, and flushed too
    for (let i = 0; i < env.touched.length; i++) {
      const c = env.touched[i]!
      c.touched = false
      if (c.state === CLOSED) continue
      if (c.rcv.ackNow && (c.rcv.dsackPending || !isEmpty(c.rcv.reordering))) emitAck(env, c, now)
      transmit(env, c, now)
      if (c.rcv.ackNow && c.state >= ESTABLISHED) emitAck(env, c, now)
      file(env.heap, c, deadlineOf(c))
    }
    env.touched.length = 0
  }

  const call = (command: StackCall, now: Millis): void => {
    if (command.call === 'connect') {
      connect(env, command, now)
      return
    }
    if (command.call === 'listen') {
      listen(env, command)
      return
    }
    const c = env.byId.get(command.id)
    if (c === undefined) {
      const listener = env.listeners.byId(command.id)
      if (listener === undefined) return
      if (command.call === 'accept') listener.waiting = Math.max(0, listener.waiting - 1)
      else if (command.call === 'close' || command.call === 'abort') closeListener(env, listener)
      return
    }
    switch (command.call) {
      case 'write':
        if (c.snd.finQueued) env.out({ _tag: 'SoftError', id: c.id, code: 'EPIPE' })
        else {
          const bytes = enqueue(env, c, command.data)
          env.out({ _tag: 'Wrote', id: c.id, bytes, full: c.snd.wantsRoom })
          if (bytes > 0) touch(env, c)
        }
        return
      case 'consume':
        if (c.state >= SYN_RECEIVED && consume(c, command.bytes, now)) {
          c.rcv.ackNow = true
          touch(env, c)
        }
        return
      case 'shutdown':
        shutdown(env, c)
        return
      case 'close':
        close(env, c, now)
        return
      case 'abort':
        abort(env, c)
        return
      case 'configure':
        configure(c, command.options, now)
        touch(env, c)
        return
      default:
        return
    }
  }

  return {
    input: (local, remote, bytes, now) => {
      if (!readSegment(s, bytes)) return env.out({ _tag: 'Drop', reason: 'tcp-malformed' })
      if (!env.trustLink && !isIntact(pseudoHeaderSum(remote.bytes, local.bytes, PROTOCOL, bytes.length) + sum(bytes)))
        return env.out({ _tag: 'Drop', reason: 'tcp-checksum' })
      const key = keyOf(env.secret, local, remote, s.destinationPort, s.sourcePort)
      const c = env.connections.find(key, local, remote, s.destinationPort, s.sourcePort)
      if (c !== undefined) arrive(env, c, s, now)
      else toNobody(env, key, local, remote, s, now)
    },
    flush,
    call,
    icmpError: (local, remote, quoted, error, now) => icmpError(env, local, remote, quoted, error, now),
    pathChanged: (isOver, now) => {
      for (const c of env.connections.values())
        if (c.state >= ESTABLISHED && isOver(c.flow)) {
          changePath(c.rtt, now)
          c.cc.onPathHint(now)
        }
    },
    addressRemoved: (ip: Ip) => {
      for (const c of env.connections.values()) if (sameIp(c.flow.local, ip)) fail(env, c, 'ENETDOWN')
    },
    owns: (id) => env.byId.has(id) || env.listeners.byId(id) !== undefined,
    inspect: (id) => {
      const c = env.byId.get(id)
      return c === undefined ? undefined : inspect(c)
    },
    counts: () => ({ ...env.counts, connections: env.connections.size(), timeWaits: env.timeWaits.size() }),
    deadline: () => Math.min(env.heap[0]?.filedAt ?? Infinity, env.timeWaits.deadline()),
    tick: (now) => {
      for (let c = due(env.heap, now); c !== undefined; c = due(env.heap, now)) runTimers(env, c, now)
      env.timeWaits.expire(now)
      flush(now)
    },
  }
}

const PROTOCOL = 6
/** Connections of one stack, half-open ones included. */
const MOST_CONNECTIONS = 65_536
