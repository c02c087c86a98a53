import { isRecord, refuse } from '../../streams/option.ts'
import type { Network } from '../network.ts'
import { type ConnectOptions, connectRules } from '../network-options.ts'
import { VirtualTcpSocket } from '../tcp-socket.ts'
import { type DuplexOptions, notConnected, VirtualDuplex } from './duplex.ts'

/**
 * Connects in the background and returns the stream at once, as `net.createConnection` does: it emits `connect` when
 * the connection stands, or `error`. What is written meanwhile waits.
 */
export const createConnection = (
  network: Network,
  options: ConnectOptions & DuplexOptions,
  onConnect?: () => void,
): VirtualDuplex => {
  checkNetwork(network)
  if (!isRecord(options)) refuse('options of createConnection()', options, 'pass { host, port }')
  const { allowHalfOpen = false, signal, ...target } = options
  const duplex = new VirtualDuplex({ allowHalfOpen })
  if (onConnect !== undefined) duplex.once('connect', onConnect)
  const abandoned = new AbortController()
  const abort = (): void => abandoned.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  duplex.whenAbandoned(() => abandoned.abort())
  network
    .connect({ ...known(target), signal: abandoned.signal })
    .then(
      (socket) => {
        if (!(socket instanceof VirtualTcpSocket)) return
        duplex.attach(socket)
        if (duplex.destroyed) return
        duplex.emit('connect')
        duplex.emit('ready')
      },
      (error: unknown) => {
        if (!duplex.destroyed) duplex.destroy(notConnected(options.host, options.port, error))
      },
    )
    .finally(() => signal?.removeEventListener('abort', abort))
  return duplex
}

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
