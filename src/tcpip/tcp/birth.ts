import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Flow, Ip } from '../ip-output.ts'
import type { SocketId, TcpOptions } from '../stack-io.ts'
import { congestionControls, DEFAULT_CONTROL } from './congestion/choose.ts'
import { type Connection, connection, type Options } from './connection.ts'
import type { TcpEnv } from './env.ts'
import type { Listener } from './listen.ts'
import { wordsOfEnds } from './syn-cookie.ts'
import { keyOf } from './table.ts'

/** Both ends of a connection, as seen from here. */
export interface Ends {
  readonly local: Ip
  readonly remote: Ip
  readonly localPort: number
  readonly remotePort: number
}

/** A connection in the table, with nothing sent yet. It takes the place of a TIME-WAIT record of the same ends. */
export const create = (
  env: TcpEnv,
  id: SocketId,
  listener: Listener | undefined,
  ends: Ends,
  iss: number,
  given: TcpOptions,
): Connection => {
  const { local, remote, localPort, remotePort } = ends
  const key = keyOf(env.secret, local, remote, localPort, remotePort)
  const old = env.timeWaits.find(key, local, remote, localPort, remotePort)
  if (old !== undefined) env.timeWaits.remove(old)
  const c = connection({
    id,
    flow: flowOf(ends, given),
    localPort,
    remotePort,
    key,
    listener,
    options: optionsOf(given),
    iss,
    tsOffset: tsOffsetOf(env, ends),
    sendLimit: given.sendBuffer ?? 0,
    receiveBuffer: given.receiveBuffer ?? INITIAL_RECEIVE,
    receiveMost: mostReceived(given),
    receivePool: env.receivePool,
    cc: congestionControls[given.congestionControl ?? DEFAULT_CONTROL](given),
  })
  c.rcv.scale = scaleFor(given)
  env.connections.add(c)
  return c
}

/**
 * Where the sequence numbers of a new connection begin (RFC 6528): a secret of the ends plus a clock of 4 µs; over what
 * an earlier connection of the same ends left behind, beyond all that it may have sent.
 */
export const firstSequence = (env: TcpEnv, ends: Ends, now: Millis): number => {
  const { local, remote, localPort, remotePort } = ends
  const clocked = (env.hash(...wordsOfEnds(local, remote, localPort, remotePort)) + Math.floor(now * 250)) | 0
  const key = keyOf(env.secret, local, remote, localPort, remotePort)
  const old = env.timeWaits.find(key, local, remote, localPort, remotePort)
  const floor = old === undefined ? clocked : (old.sndNxt + 65_536) | 0
  return ((clocked - floor) | 0) < 0 ? floor : clocked
}

/** Another secret of the ends: what our timestamps are ahead of the clock. */
export const tsOffsetOf = (env: TcpEnv, { local, remote, localPort, remotePort }: Ends): number =>
  env.hash(...wordsOfEnds(local, remote, localPort, remotePort), TIMESTAMPS) | 0

export const flowOf = ({ local, remote }: Ends, given: TcpOptions): Flow => ({
  ...{ local, remote, protocol: PROTOCOL, ttl: given.ttl ?? 64, tos: given.tos ?? 0, cache: undefined },
})

/** The window scale we announce: the smallest that can tell of the largest window we may ever offer. */
export const scaleFor = (given: TcpOptions): number => {
  const most = mostReceived(given)
  let scale = 0
  while (scale < 14 && 0xffff << scale < most) scale++
  return scale
}

/** The window in a SYN, which is never scaled. */
export const windowOfSyn = (given: TcpOptions): number => Math.min(0xffff, given.receiveBuffer ?? INITIAL_RECEIVE)

const mostReceived = (given: TcpOptions): number => Math.max(given.receiveBuffer ?? LARGEST_RECEIVE, 1)

export const optionsOf = (given: TcpOptions): Options => {
  const keep = given.keepAlive ?? false
  return {
    noDelay: given.noDelay ?? false,
    cork: given.cork ?? false,
    keepIdle: keep === false ? 0 : keep.idle,
    keepInterval: keep === false ? 75_000 : keep.interval,
    keepCount: keep === false ? 9 : keep.count,
    linger: given.linger,
    userTimeout: given.userTimeout ?? 0,
  }
}

const PROTOCOL = 6
const INITIAL_RECEIVE = 1_048_576
const LARGEST_RECEIVE = 4_194_304
const TIMESTAMPS = 1
