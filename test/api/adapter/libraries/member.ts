/**
 * A member of a network in a process of its own: does what the test says, answers with JSON over the process channel.
 */
import { createNode, type Network } from 'rxzt'
import { udpLink } from 'rxzt/node'
import { fixtures } from 'rxzt/testing'
import { privateNetwork } from '../../../../examples/private-network.ts'
import { calls } from './calls.ts'
import { serveAll } from './services.ts'

export type Order =
  | { readonly do: 'found' }
  | { readonly do: 'join'; readonly planet: string; readonly id: string; readonly identity: number }
  | { readonly do: 'call'; readonly library: keyof typeof calls; readonly host: string }

let network: Network | undefined

const obey = async (order: Order): Promise<unknown> => {
  switch (order.do) {
    case 'found': {
      const zt = await privateNetwork()
      return { planet: Buffer.from(zt.planet).toString('hex'), id: zt.network.id }
    }
    case 'join': {
      const node = await createNode({
        identity: fixtures.identities[order.identity]!,
        planet: Buffer.from(order.planet, 'hex'),
        link: udpLink({ address: '127.0.0.1', port: 0, secondary: false }),
      })
      network = await node.join(order.id)
      await serveAll(network)
      return { host: network.address(4) }
    }
    case 'call':
      return calls[order.library](network!, order.host)
  }
}

process.on('message', ({ id, order }: { readonly id: number; readonly order: Order }) => {
  obey(order).then(
    (result) => process.send!({ id, result }),
    (error: unknown) => process.send!({ id, error: error instanceof Error ? error.stack : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
