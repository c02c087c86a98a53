import { option as O } from '../constant/option.ts'
import { socket as S } from '../constant/socket.ts'
import { errno as E } from '../errno.ts'
import type { Descriptor } from './descriptor.ts'
import { printTime, readInt, readIp, readLinger, readMembership, readTime } from './option-value.ts'
import { type OptionValues, RECEIVE_BUFFER, SEND_BUFFER } from './option-values.ts'
import type { SysResult } from './perform.ts'
import { isAnywhere } from './place.ts'

/** One option: what it is for, and what it does. */
interface Row {
  /** Where it exists; everywhere if not said. */
  readonly only?: readonly Descriptor['protocol'][]
  readonly get?: (socket: Descriptor) => unknown
  /** 0, or an errno negated. */
  readonly set?: (socket: Descriptor, value: unknown) => SysResult
}

type KeysOf<T> = { [K in keyof OptionValues]: OptionValues[K] extends T ? K : never }[keyof OptionValues]

/** Sets one value, unless the caller's is none. */
const store = <K extends keyof OptionValues>(
  socket: Descriptor,
  key: K,
  value: OptionValues[K] | undefined,
): SysResult => {
  if (value === undefined) return -E.ZTS_EINVAL
  socket.options[key] = value
  socket.optionsChanged()
  return 0
}

const flag = (key: KeysOf<boolean>, only?: Row['only']): Row => ({
  ...(only === undefined ? {} : { only }),
  get: ({ options }) => (options[key] ? 1 : 0),
  set: (socket, value) => {
    const n = readInt(value)
    return store(socket, key, n === undefined ? undefined : n !== 0)
  },
})

/** An integer from `least` to `most`, kept as `unit` times as much. */
const number = (key: KeysOf<number>, least: number, most: number, unit = 1, only?: Row['only']): Row => ({
  ...(only === undefined ? {} : { only }),
  get: ({ options }) => Math.floor(options[key] / unit),
  set: (socket, value) => {
    const n = readInt(value)
    return store(socket, key, n === undefined || n < least || n > most ? undefined : n * unit)
  },
})

const time = (key: KeysOf<number>): Row => ({
  get: ({ options }) => printTime(options[key]),
  set: (socket, value) => store(socket, key, readTime(value)),
})

/** Sizes beyond what is possible are what is possible, as BSD has it. */
const buffer = (key: 'sendBuffer' | 'receiveBuffer', usual: number): Row => ({
  get: ({ options }) => options[key] ?? usual,
  set: (socket, value) => {
    const n = readInt(value)
    if (n === undefined || n < 1) return -E.ZTS_EINVAL
    return store(socket, key, Math.min(Math.max(n, LEAST_BUFFER), MOST_BUFFER))
  },
})

const membership = (join: boolean): Row => ({
  only: ['udp'],
  set: (socket, value) => {
    const wanted = readMembership(value)
    return wanted === undefined ? -E.ZTS_EINVAL : socket.membership(join, wanted.group, wanted.at)
  },
})

const device: Row = {
  get: ({ options }) => options.device?.state.id ?? '',
  set: (socket, value) => {
    if (typeof value !== 'string') return -E.ZTS_EINVAL
    const network = socket.networkCalled(value)
    if (network === undefined && value !== '') return -E.ZTS_ENODEV
    socket.options.device = network
    return 0
  },
}

const linger: Row = {
  get: ({ options: { linger: ms } }) => ({ l_onoff: ms === undefined ? 0 : 1, l_linger: Math.floor((ms ?? 0) / 1000) }),
  set: (socket, value) => {
    const ms = readLinger(value)
    if (ms === undefined) return -E.ZTS_EINVAL
    socket.options.linger = ms === false ? undefined : ms
    return 0
  },
}

const multicastInterface: Row = {
  only: ['udp', 'raw'],
  get: ({ options }) => options.multicastInterface ?? '0.0.0.0',
  set: (socket, value) => {
    const address = readIp(value)
    if (address === undefined) return -E.ZTS_EINVAL
    if (!isAnywhere(address) && !socket.isOwn(address)) return -E.ZTS_EADDRNOTAVAIL
    socket.options.multicastInterface = isAnywhere(address) ? undefined : address
    return 0
  },
}

const v6Only: Row = {
  get: ({ options }) => (options.v6Only ? 1 : 0),
  set: (socket, value) => {
    const n = readInt(value)
    // whom a socket that is bound hears is settled
    return n === undefined || socket.local !== undefined ? -E.ZTS_EINVAL : store(socket, 'v6Only', n !== 0)
  },
}

const TCP: Row['only'] = ['tcp']
const MESSAGES: Row['only'] = ['udp', 'raw']

/** Every option of the headers that means something here, by level and name. */
const rows: Readonly<Record<number, Readonly<Record<number, Row>>>> = {
  [O.ZTS_SOL_SOCKET]: {
    [O.ZTS_SO_ACCEPTCONN]: { get: ({ listening }) => (listening ? 1 : 0) },
    [O.ZTS_SO_REUSEADDR]: flag('reuseAddress'),
    [O.ZTS_SO_KEEPALIVE]: flag('keepAlive'),
    [O.ZTS_SO_BROADCAST]: flag('broadcast'),
    [O.ZTS_SO_LINGER]: linger,
    [O.ZTS_SO_REUSEPORT]: flag('reusePort', ['udp']),
    [O.ZTS_SO_SNDBUF]: buffer('sendBuffer', SEND_BUFFER),
    [O.ZTS_SO_RCVBUF]: buffer('receiveBuffer', RECEIVE_BUFFER),
    [O.ZTS_SO_SNDTIMEO]: time('sendTimeout'),
    [O.ZTS_SO_RCVTIMEO]: time('receiveTimeout'),
    [O.ZTS_SO_CONTIMEO]: time('connectTimeout'),
    [O.ZTS_SO_ERROR]: { get: (socket) => socket.takeError() },
    [O.ZTS_SO_TYPE]: { get: ({ type }) => type },
    [O.ZTS_SO_NO_CHECK]: flag('noCheck', ['udp']),
    [O.ZTS_SO_BINDTODEVICE]: device,
  },
  [S.ZTS_IPPROTO_IP]: {
    [O.ZTS_IP_TOS]: number('tos', 0, 255),
    [O.ZTS_IP_TTL]: number('ttl', 1, 255),
    [O.ZTS_IP_PKTINFO]: flag('packetInfo', MESSAGES),
    [O.ZTS_IP_ADD_MEMBERSHIP]: membership(true),
    [O.ZTS_IP_DROP_MEMBERSHIP]: membership(false),
    [O.ZTS_IP_MULTICAST_TTL]: number('multicastTtl', 0, 255, 1, MESSAGES),
    [O.ZTS_IP_MULTICAST_IF]: multicastInterface,
    [O.ZTS_IP_MULTICAST_LOOP]: flag('multicastLoop', MESSAGES),
  },
  [S.ZTS_IPPROTO_TCP]: {
    [O.ZTS_TCP_NODELAY]: flag('noDelay', TCP),
    [O.ZTS_TCP_KEEPALIVE]: number('keepIdle', 1, 0x7fff_ffff, 1, TCP),
    [O.ZTS_TCP_KEEPIDLE]: number('keepIdle', 1, 2_000_000, 1000, TCP),
    [O.ZTS_TCP_KEEPINTVL]: number('keepInterval', 1, 2_000_000, 1000, TCP),
    [O.ZTS_TCP_KEEPCNT]: number('keepCount', 1, 255, 1, TCP),
  },
  [S.ZTS_IPPROTO_IPV6]: {
    [O.ZTS_IPV6_V6ONLY]: v6Only,
    [O.ZTS_IPV6_JOIN_GROUP]: membership(true),
    [O.ZTS_IPV6_LEAVE_GROUP]: membership(false),
  },
}

const rowOf = (socket: Descriptor, level: number, name: number): Row | undefined => {
  if (level === S.ZTS_IPPROTO_IPV6 && socket.family === 4) return undefined
  const row = rows[level]?.[name]
  return row?.only === undefined || row.only.includes(socket.protocol) ? row : undefined
}

export const setOption = (socket: Descriptor, level: number, name: number, value: unknown): SysResult =>
  rowOf(socket, level, name)?.set?.(socket, value) ?? -E.ZTS_ENOPROTOOPT

/** Its value, in an object so that it cannot be taken for an errno. */
export const getOption = (socket: Descriptor, level: number, name: number): { readonly value: unknown } | SysResult => {
  const row = rowOf(socket, level, name)
  return row?.get === undefined ? -E.ZTS_ENOPROTOOPT : { value: row.get(socket) }
}

const LEAST_BUFFER = 4096
const MOST_BUFFER = 64 * 1024 * 1024
