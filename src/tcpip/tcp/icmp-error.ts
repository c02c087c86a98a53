import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Ip } from '../ip-output.ts'
import type { SocketErrorCode } from '../stack-io.ts'
import { type TcpEnv, touch } from './env.ts'
import { fail } from './lifecycle.ts'
import { readI32 } from './segment.ts'
import { resize } from './send.ts'
import { SYN_SENT } from './state.ts'
import { keyOf } from './table.ts'

/**
 * An ICMP error about a segment of ours. Only one that quotes what is in flight is believed (RFC 5927 §4); it ends an
 * attempt to connect if it is a hard one, and is a mere hint otherwise.
 */
export const icmpError = (
  env: TcpEnv,
  local: Ip,
  remote: Ip,
  quoted: Uint8Array,
  error: { readonly code: SocketErrorCode; readonly hard: boolean; readonly mtu?: number },
  now: Millis,
): void => {
  if (quoted.length < 8) return
  const localPort = (quoted[0]! << 8) | quoted[1]!
  const remotePort = (quoted[2]! << 8) | quoted[3]!
  const key = keyOf(env.secret, local, remote, localPort, remotePort)
  const c = env.connections.find(key, local, remote, localPort, remotePort)
  if (c === undefined) return
  const seq = readI32(quoted, 4)
  if (((seq - c.snd.una) | 0) < 0 || ((seq - c.snd.nxt) | 0) >= 0) return
  touch(env, c)
  if (error.mtu !== undefined) {
    env.ip.lowerMtu(c.flow, error.mtu)
    resize(env, c, now)
  } else if (c.state === SYN_SENT && error.hard) fail(env, c, error.code)
  else c.softError = error.code
}
