import type { Network } from '../api/network.ts'
import type { ConnectOptions, ResolveOptions } from '../api/network-options.ts'

/**
 * A network as it is, but that every name is asked of these servers, whatever the network and its node know of names. The
 * network of a service is shared: what one command says of names is not for others.
 */
export const withNameServers = (network: Network, servers: readonly string[]): Network => {
  const own: Pick<Network, 'resolve' | 'connect'> = {
    resolve: (name: string, options?: ResolveOptions) => network.resolve(name, { servers, ...options }),
    connect: (options: ConnectOptions) => network.connect({ servers, ...options }),
  }
  const named = new Map<PropertyKey, unknown>(Object.entries(own))
  return new Proxy(network, {
    get: (target, name) => {
      const found = named.get(name) ?? Reflect.get(target, name, target)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
