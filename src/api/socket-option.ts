import { ArgumentError } from '../streams/error.ts'
import type { TcpOptions } from '../tcpip/stack-io.ts'

/** Options of a TCP connection that can be changed while it lives. */
export interface TcpSettings {
  /** Send small segments at once (default true, as `http.Agent` has it). */
  readonly noDelay?: boolean
  /** Probe an idle connection: ms until the first probe, ms between probes, probes until ETIMEDOUT. */
  readonly keepAlive?: boolean | { readonly idle?: number; readonly interval?: number; readonly count?: number }
  /** ms that a close waits for unsent data; 0: close is RST. Default: close is graceful and waits for nothing. */
  readonly linger?: number
  /** Hops, 1 to 255. */
  readonly ttl?: number
}
export interface TcpBuffers {
  /** Bytes, default 256 KiB. */
  readonly sendBuffer?: number
  /** Bytes, default 1 MiB: the receive window at its widest. */
  readonly receiveBuffer?: number
}

export const tcpOptions = (o: TcpSettings & TcpBuffers): TcpOptions => ({
  ...(o.noDelay === undefined ? {} : { noDelay: o.noDelay }),
  ...(o.keepAlive === undefined ? {} : { keepAlive: keepAlive(o.keepAlive) }),
  ...(o.linger === undefined ? {} : { linger: within('linger', o.linger, 0, 3_600_000) }),
  ...(o.ttl === undefined ? {} : { ttl: within('ttl', o.ttl, 1, 255) }),
  ...(o.sendBuffer === undefined ? {} : { sendBuffer: within('sendBuffer', o.sendBuffer, 4096, MOST_BUFFER) }),
  ...(o.receiveBuffer === undefined
    ? {}
    : { receiveBuffer: within('receiveBuffer', o.receiveBuffer, 4096, MOST_BUFFER) }),
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
  if (!Number.isInteger(value) || value < least || value > most)
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `${name} ${String(value)} is out of range — use ${least} to ${most}`,
    )
  return value
}

const MOST_BUFFER = 64 * 1024 * 1024
