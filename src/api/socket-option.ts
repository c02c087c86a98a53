import { isRecord, type OptionRules, oneOf, refuse, whole, yesOrNo } from '../streams/option.ts'
import type { CongestionControl, TcpOptions } from '../tcpip/stack-io.ts'

/** Options of a TCP connection that can be changed while it lives. */
export interface TcpSettings {
  /** Send small segments at once (default true, as `http.Agent` has it). */
  readonly noDelay?: boolean
  /** Probe an idle connection: ms until the first probe, ms between probes, probes until ETIMEDOUT. */
  readonly keepAlive?: boolean | { readonly idle?: number; readonly interval?: number; readonly count?: number }
  /** ms that a close waits for unsent data; 0: close is RST. Default: close is graceful and waits for nothing. */
  readonly linger?: number
  /** Hold segments that are not full back, up to 200 ms, for more to come (default false). */
  readonly cork?: boolean
  /** ms without progress after which the connection ends with ETIMEDOUT; 0: the retransmission limit decides (default). */
  readonly userTimeout?: number
  /** Hops, 1 to 255. */
  readonly ttl?: number
}
export interface TcpBuffers {
  /** How the speed of sending is found (default `bbr`; `cubic` where the peer has no SACK). */
  readonly congestionControl?: CongestionControl
  /** For `bbr`: the share of lost bytes that passes for noise while no queue shows (default 0.15); 0: none does. */
  readonly lossTolerance?: number
  /** Bytes, default 256 KiB. */
  readonly sendBuffer?: number
  /** Bytes, default 1 MiB: the receive window at its widest. */
  readonly receiveBuffer?: number
}

export const tcpSettingRules: OptionRules<TcpSettings> = {
  noDelay: yesOrNo,
  keepAlive: {
    is: (x) => typeof x === 'boolean' || isRecord(x),
    cure: 'use true, false or { idle, interval, count }',
  },
  linger: whole(0, 3_600_000),
  cork: yesOrNo,
  userTimeout: whole(0, 86_400_000),
  ttl: whole(1, 255),
}
/** Bytes of either buffer. */
const MOST_BUFFER = 64 * 1024 * 1024
const buffer = whole(4096, MOST_BUFFER)
export const tcpRules: OptionRules<TcpSettings & TcpBuffers> = {
  ...tcpSettingRules,
  sendBuffer: buffer,
  receiveBuffer: buffer,
  congestionControl: oneOf('bbr', 'cubic', 'reno'),
  lossTolerance: {
    is: (x) => typeof x === 'number' && x >= 0 && x <= 0.5,
    cure: 'use 0 to 0.5',
  },
}

/** Of options that were checked. */
export const tcpOptions = (o: TcpSettings & TcpBuffers): TcpOptions => ({
  ...(o.noDelay === undefined ? {} : { noDelay: o.noDelay }),
  ...(o.keepAlive === undefined ? {} : { keepAlive: keepAlive(o.keepAlive) }),
  ...(o.linger === undefined ? {} : { linger: o.linger }),
  ...(o.ttl === undefined ? {} : { ttl: o.ttl }),
  ...(o.cork === undefined ? {} : { cork: o.cork }),
  ...(o.userTimeout === undefined ? {} : { userTimeout: o.userTimeout }),
  ...(o.congestionControl === undefined ? {} : { congestionControl: o.congestionControl }),
  ...(o.lossTolerance === undefined ? {} : { lossTolerance: o.lossTolerance }),
  ...(o.sendBuffer === undefined ? {} : { sendBuffer: o.sendBuffer }),
  ...(o.receiveBuffer === undefined ? {} : { receiveBuffer: o.receiveBuffer }),
})

/** What every connection starts with. */
export const defaultTcpOptions = (o: TcpSettings & TcpBuffers): TcpOptions => ({ noDelay: true, ...tcpOptions(o) })

const keepAlive = (value: NonNullable<TcpSettings['keepAlive']>): NonNullable<TcpOptions['keepAlive']> => {
  if (value === false) return false
  const { idle = 7_200_000, interval = 75_000, count = 9 } = value === true ? {} : value
  return {
    idle: within('keepAlive.idle', idle, 1, 0x7fff_ffff),
    interval: within('keepAlive.interval', interval, 1, 0x7fff_ffff),
    count: within('keepAlive.count', count, 1, 255),
  }
}

export const within = (name: string, value: number, least: number, most: number): number => {
  if (!Number.isInteger(value) || value < least || value > most) refuse(name, value, `use ${least} to ${most}`)
  return value
}
