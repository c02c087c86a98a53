import { SocketError } from '../../streams/error.ts'
import { connectTls, type Duplex, type NetSocket, type TlsOptions } from '../../streams/io/node-modules.ts'
import { aTimeout, isRecord, refuse } from '../../streams/option.ts'
import { parseIp } from '../address.ts'
import type { Network } from '../network.ts'
import { unbracketed } from './agent.ts'
import { checkNetwork, clockOf, createConnection } from './connection.ts'
import type { VirtualDuplex } from './duplex.ts'
import { lendAddresses } from './tls-addresses.ts'

/** Those of `tls.connect` (`ca`, `cert`, `key`, `rejectUnauthorized` …), for `https:`. */
export interface UndiciConnectorOptions extends TlsOptions {
  /** ms until the connection stands, with TLS where asked for: default 10 000 as in undici, 0 for no limit. */
  readonly timeout?: number
  /** Offer HTTP/2; the `Agent` has to be told the same (default false). */
  readonly allowH2?: boolean
}
interface UndiciTarget {
  readonly hostname: string
  readonly port?: string | number
  readonly protocol?: string
  readonly servername?: string | null
  readonly localAddress?: string | null
}
type UndiciCallback = (...result: [error: Error, socket: null] | [error: null, socket: NetSocket]) => void

/**
 * A `connect` for undici, so that `fetch` speaks over the network; HTTPS is TLS over a virtual connection.
 * @example fetch('http://10.147.17.5/', { dispatcher: new Agent({ connect: undiciConnector(net) }) })
 */
export const undiciConnector = (network: Network, options: UndiciConnectorOptions = {}) => {
  checkNetwork(network)
  if (!isRecord(options)) refuse('options of undiciConnector()', options, 'pass those of tls.connect()')
  const { timeout = TIMEOUT, allowH2 = false, ...tls } = options
  if (!aTimeout.is(timeout)) refuse('timeout', timeout, aTimeout.cure)
  const ALPNProtocols = allowH2 ? ['h2', 'http/1.1'] : ['http/1.1']

  return (target: UndiciTarget, done: UndiciCallback): void => {
    const isSecure = target.protocol === 'https:'
    const { localAddress } = target
    const at = { host: unbracketed(target.hostname), port: Number(target.port) || (isSecure ? 443 : 80) }
    // the one timer below rules, as it has to cover TLS
    const raw = createConnection(network, { ...at, timeout: 0, ...(localAddress == null ? {} : { localAddress }) })
    const socket = isSecure
      ? overTls(raw, { ALPNProtocols, ...tls, host: at.host, servername: nameOf(target, tls) })
      : raw
    const late = (): void => {
      socket.destroy(new SocketError('ETIMEDOUT', 'connect', { address: at.host, port: at.port }))
    }
    const alarm = timeout === 0 ? undefined : clockOf(network).schedule(late, timeout)
    const failed = (error: Error): void => {
      alarm?.unsubscribe()
      done(error, null)
    }
    socket.once('error', failed)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      alarm?.unsubscribe()
      socket.removeListener('error', failed)
      // its types ask for a `net.Socket`; what it uses of one is there
      done(null, socket as NetSocket)
    })
  }
}

/** For SNI and the check of the certificate; an address is no name (RFC 6066 §3), it is checked as `host`. */
const nameOf = ({ servername, hostname }: UndiciTarget, tls: TlsOptions): string =>
  servername || tls.servername || (parseIp(unbracketed(hostname)) === undefined ? hostname : '')

const overTls = (raw: VirtualDuplex, options: TlsOptions): Duplex => {
  const secure = connectTls({ ...options, socket: raw })
  raw.once('error', (error) => secure.destroy(error))
  return lendAddresses(secure, raw)
}

const TIMEOUT = 10_000
