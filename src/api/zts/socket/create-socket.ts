import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { Descriptor } from './descriptor.ts'
import type { Ground } from './ground.ts'
import type { SysResult } from './perform.ts'
import { RawSocket } from './raw-socket.ts'
import { StreamSocket } from './stream-socket.ts'

/** `socket()`: protocol 0 is the one of its type. */
export const createSocket = (
  ground: Ground,
  family: number,
  type: number,
  protocol: number,
): Descriptor | SysResult => {
  if (family !== S.ZTS_AF_INET && family !== S.ZTS_AF_INET6) return -E.ZTS_EAFNOSUPPORT
  const version = family === S.ZTS_AF_INET6 ? 6 : 4
  switch (type) {
    case S.ZTS_SOCK_STREAM:
      return protocol === 0 || protocol === S.ZTS_IPPROTO_TCP ? new StreamSocket(ground, version) : unsupported
    case S.ZTS_SOCK_DGRAM:
      return protocol === 0 || protocol === S.ZTS_IPPROTO_UDP ? new DatagramSocket(ground, version) : unsupported
    case S.ZTS_SOCK_RAW:
      return Number.isInteger(protocol) && protocol > 0 && protocol <= S.ZTS_IPPROTO_RAW
        ? new RawSocket(ground, version, protocol)
        : unsupported
    default:
      return -E.ZTS_ESOCKTNOSUPPORT
  }
}

const unsupported = -E.ZTS_EPROTONOSUPPORT
