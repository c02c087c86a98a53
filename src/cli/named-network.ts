import { isIP } from 'node:net'
import { clockOf } from '../api/adapter/connection.ts'
import { firstToStand } from '../api/happy-eyeballs.ts'
import type { Network } from '../api/network.ts'
import type { ConnectOptions, ResolveOptions } from '../api/network-options.ts'
import type { TcpSocket } from '../api/tcp-socket.ts'

/**
 * A network as it is, but that every name is asked of these servers, whatever the network and its node know of names. The
 * network of a service is shared: what one command says of names is not for others.
 */
export const withNameServers = (network: Network, servers: readonly string[]): Network => {
  const resolve = (name: string, options: ResolveOptions = {}): Promise<readonly string[]> =>
    network.resolve(name, { servers, ...options })
  const connect = async ({ host, ...options }: ConnectOptions): Promise<TcpSocket> => {
    if (isIP(host) !== 0) return network.connect({ host, ...options })
    const { signal, timeout } = options
    const wait = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) }
    return firstToStand(
      clockOf(network),
      await resolve(host, wait),
      signal,
      (address, signal) => network.connect({ ...options, host: address, signal }),
      (late) => late.reset(),
    )
  }
  const own = new Map<PropertyKey, unknown>([
    ['resolve', resolve],
    ['connect', connect],
  ])
  return new Proxy(network, {
    get: (target, name) => {
      const found = own.get(name) ?? Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
