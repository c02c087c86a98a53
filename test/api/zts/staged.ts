import { createZts, type Zts, type ZtsEventMessage, type ZtsOptions } from 'rxzt/zts'
import type { NetworkConfigInput } from '../../../src/controller.node.ts'
import { type VirtualController, type VirtualNet, virtualNet } from '../../../src/testing.node.ts'
import { openNetwork } from '../../support/virtual-pair.ts'

/** A virtual network with a root, a controller, and a network on it. */
export interface Staged extends AsyncDisposable {
  readonly net: VirtualNet
  readonly controller: VirtualController
  readonly id: bigint
  /** An instance in it, which has not started. */
  readonly make: (options?: Omit<ZtsOptions, 'net'>) => Zts
  /** One that has started and joined, and has its addresses. */
  readonly joined: (options?: Omit<ZtsOptions, 'net'>) => Promise<Zts>
}

export const staged = async (seed: number, input: NetworkConfigInput = openNetwork): Promise<Staged> => {
  const net = virtualNet({ seed })
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(input)
  const id = BigInt(`0x${hosted.id}`)
  const made: Zts[] = []
  const make: Staged['make'] = (options) => {
    const zts = createZts({ ...options, net })
    made.push(zts)
    return zts
  }
  return {
    net,
    controller,
    id,
    make,
    joined: async (options) => {
      const zts = make(options)
      await net.until(zts.zts_node_start())
      zts.zts_net_join(id)
      await net.advance(2_000)
      return zts
    },
    [Symbol.asyncDispose]: async () => {
      await net.until(Promise.all(made.map((zts) => zts.zts_node_stop())))
      await net[Symbol.asyncDispose]()
    },
  }
}

/** Everything that an instance says from its next start on. */
export const listen = (zts: Zts): ZtsEventMessage[] => {
  const heard: ZtsEventMessage[] = []
  zts.zts_init_set_event_handler((message) => heard.push(message))
  return heard
}
export const codes = (heard: readonly ZtsEventMessage[]): readonly number[] => heard.map(({ event_code }) => event_code)
