import { expect, it } from 'vitest'
import { type Network, ZtError } from '../../src/index.node.ts'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'
import { openNetwork, serveEcho } from '../support/virtual-pair.ts'

it.each([1, 2, 3, 4, 5])(
  'nodes that are closed at any moment end every call with a typed error (seed %i)',
  async (seed) => {
    const net = virtualNet({ seed })
    await net.root()
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const alice = await net.node()
    const a = await net.until(alice.join(hosted.id))
    await serveEcho(a, 7)
    let random = rng(seed)
    const draw = (most: number): number => {
      const [value, after] = next(random)
      random = after
      return value % most
    }
    for (let round = 0; round < 20; round++) {
      const abort = new AbortController()
      const node = await net.node({
        identity: fixtures.identities[10]!,
        on: net.segment({ latency: 5, loss: 0.05 }),
        signal: abort.signal,
      })
      const outcomes: unknown[] = []
      const settle = (work: Promise<unknown>): Promise<void> =>
        work.then(
          () => undefined,
          (error) => void outcomes.push(error),
        )
      const talk = async (network: Network): Promise<void> => {
        const socket = await network.connect({ host: a.address(4)!, port: 7 })
        for (let i = 0; i < 50; i++) await socket.write(new Uint8Array(10_000))
        for await (const _ of socket) if (socket.bytesRead === 500_000) break
      }
      const work = settle(
        node.join(hosted.id).then((network) => Promise.all([talk(network), network.listen(), ping(network)])),
      )
      const online = settle(node.online())
      await net.advance(draw(200))
      if (draw(2) === 0) abort.abort()
      else void node.close({ graceMs: draw(2) * 100 })
      await net.advance(200)
      await net.until(Promise.all([work, online, node.closed]))
      for (const error of outcomes) expect(error).toBeInstanceOf(ZtError)
    }
    await net[Symbol.asyncDispose]()
    expect(net.scheduler.actions).toHaveLength(0)
  },
)

const ping = async (network: Network): Promise<void> => {
  for await (const _ of network.ping('10.144.0.1', { count: 3, interval: 50, timeout: 100 }));
}
