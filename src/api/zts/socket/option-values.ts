import type { IpAddress } from '../../../protocol/kernel/ip.ts'
import type { NetworkCore } from '../../../streams/network-core.ts'
import type { TcpOptions, UdpOptions } from '../../../tcpip/stack-io.ts'

/** What `setsockopt` has said of a socket. Times in ms. */
export interface OptionValues {
  reuseAddress: boolean
  reusePort: boolean
  keepAlive: boolean
  keepIdle: number
  keepInterval: number
  keepCount: number
  broadcast: boolean
  /** `undefined`: off. */
  linger: number | undefined
  /** Bytes; `undefined`: what the stack finds good. */
  sendBuffer: number | undefined
  receiveBuffer: number | undefined
  /** 0: for ever. */
  sendTimeout: number
  receiveTimeout: number
  connectTimeout: number
  noCheck: boolean
  device: NetworkCore | undefined
  tos: number
  ttl: number
  packetInfo: boolean
  multicastTtl: number
  multicastInterface: IpAddress | undefined
  multicastLoop: boolean
  noDelay: boolean
  v6Only: boolean
}

export const freshOptions = (): OptionValues => ({
  reuseAddress: false,
  reusePort: false,
  keepAlive: false,
  keepIdle: 7_200_000,
  keepInterval: 75_000,
  keepCount: 9,
  broadcast: false,
  linger: undefined,
  sendBuffer: undefined,
  receiveBuffer: undefined,
  sendTimeout: 0,
  receiveTimeout: 0,
  connectTimeout: 0,
  noCheck: false,
  device: undefined,
  tos: 0,
  ttl: 64,
  packetInfo: false,
  multicastTtl: 1,
  multicastInterface: undefined,
  multicastLoop: true,
  noDelay: false,
  v6Only: false,
})

/** All but `linger`, which is for the end. */
export const tcpOptionsOf = (o: OptionValues): TcpOptions => ({
  noDelay: o.noDelay,
  keepAlive: o.keepAlive && { idle: o.keepIdle, interval: o.keepInterval, count: o.keepCount },
  ttl: o.ttl,
  tos: o.tos,
  ...(o.sendBuffer === undefined ? {} : { sendBuffer: o.sendBuffer }),
  ...(o.receiveBuffer === undefined ? {} : { receiveBuffer: o.receiveBuffer }),
})

export const udpOptionsOf = (o: OptionValues): UdpOptions => ({
  broadcast: o.broadcast,
  ttl: o.ttl,
  tos: o.tos,
  multicastTtl: o.multicastTtl,
  multicastLoop: o.multicastLoop,
})

/** Bytes that a send buffer has for the asking: what the stack gives at least. */
export const SEND_BUFFER = 262_144
/** Bytes that wait to be read: of a connection the window, of datagrams the queue. */
export const RECEIVE_BUFFER = 1_048_576
