import type { LookupFunction } from '../../streams/io/node-modules.ts'
import type { Network } from '../network.ts'
import { checkNetwork } from './connection.ts'

/**
 * A `lookup` as `net`, `http` and `dns.lookup` have it, that asks the name servers of a network.
 * @example toLookup(net)('printer.office.example', {}, (error, address) => console.log(address))
 */
export const toLookup = (network: Network): LookupFunction => {
  checkNetwork(network)
  return (hostname, options, done) => {
    const { family, all = false } = options
    const only = family === 4 || family === 'IPv4' ? 4 : family === 6 || family === 'IPv6' ? 6 : undefined
    network.resolve(hostname, only === undefined ? {} : { family: only }).then(
      (found) => {
        const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
        if (all) done(null, addresses)
        else done(null, addresses[0]!.address, addresses[0]!.family)
      },
      (error: NodeJS.ErrnoException) => done(error, '', 0),
    )
  }
}
