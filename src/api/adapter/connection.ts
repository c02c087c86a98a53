import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { SocketError } from '../../streams/error.ts'
import { isRecord, refuse } from '../../streams/option.ts'
import { parseIp } from '../address.ts'
import { type Network, VirtualNetwork } from '../network.ts'
import { type ConnectOptions, connectRules } from '../network-options.ts'
import type { VirtualTcpSocket } from '../tcp-socket.ts'
import { ConnectionDuplex, type DuplexOptions, type VirtualDuplex } from './duplex.ts'
import { asVirtual } from './to-duplex.ts'

/**
 * Connects in the background and returns the stream at once, as `net.createConnection` does: it emits `connect` when
 * the connection stands, or `error`; `lookup` before that where `host` is a name. What is written meanwhile waits.
 * @example createConnection(network, { host: '10.147.17.5', port: 5432 }).on('connect', () => …)
 */
export const createConnection = (
  network: Network,
  options: ConnectOptions & DuplexOptions,
  onConnect?: () => void,
): VirtualDuplex => {
  checkNetwork(network)
  if (!isRecord(options)) refuse('options of createConnection()', options, 'pass { host, port }')
  const { allowHalfOpen = false, signal, ...target } = options
  const duplex = new ConnectionDuplex(clockOf(network), { allowHalfOpen })
  if (onConnect !== undefined) duplex.once('connect', onConnect)
  const isName = parseIp(options.host) === undefined
  const abandoned = new AbortController()
  const abort = (): void => abandoned.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  duplex.whenAbandoned(() => abandoned.abort())
  const connected = (socket: VirtualTcpSocket): void => {
    const { address, family } = socket.remote
    if (isName) duplex.emit('lookup', null, address, family, options.host)
    duplex.attach(socket)
    if (duplex.destroyed) return
    duplex.emit('connect')
    duplex.emit('ready')
  }
  const failed = (error: unknown): void => {
    if (duplex.destroyed) return
    const reason = notConnected(options.host, options.port, error)
    if (isName && 'syscall' in reason && reason.syscall === 'getaddrinfo')
      duplex.emit('lookup', reason, undefined, undefined, options.host)
    duplex.destroy(reason)
  }
  network
    .connect({ ...known(target), signal: abandoned.signal })
    .then(asVirtual)
    .then(connected, failed)
    .finally(() => signal?.removeEventListener('abort', abort))
  return duplex
}

/** What measures time before there is a connection. */
export const clockOf = (network: Network): SchedulerLike =>
  network instanceof VirtualNetwork ? network.clock : asyncScheduler

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const checkNetwork = (network: Network): void => {
  if (!isRecord(network) || typeof network['connect'] !== 'function')
    refuse('network', network, 'pass what join() gave')
}

/** Node's libraries pass along whatever they were given themselves. */
const known = (options: ConnectOptions): ConnectOptions => ({
  host: options.host,
  port: options.port,
  ...Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(connectRules, name))),
})

/** An abort may have any reason. */
const notConnected = (host: string, port: number, cause: unknown): Error =>
  cause instanceof Error
    ? cause
    : new SocketError('ECONNABORTED', 'connect', { address: host, port }, undefined, { cause })
