import { expect, it } from 'vitest'
import { memoryStore } from '../../src/index.node.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from '../support/virtual-pair.ts'

it('a root names the members of a group: members that start while the controller is away find each other', async () => {
  const net = virtualNet({ seed: 1 })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create(openNetwork)
  const homes = [5, 6].map((i) => ({ store: memoryStore(), identity: fixtures.identities[i]! }))
  for (const home of homes) {
    const node = await net.node(home)
    await net.until(node.join(id))
    await net.until(node.close())
  }
  await net.until(controller.node.close())
  // they know the network from their stores, and nobody but the root to ask who else is in it
  const members = []
  for (const home of homes) members.push(await net.until((await net.node(home)).join(id)))
  const [a, b] = members
  await net.advance(1000)
  const echo = a!.ping(b!.address(4)!, { count: 1 })[Symbol.asyncIterator]()
  expect(await net.until(echo.next())).toMatchObject({ value: { rtt: expect.any(Number) } })
  await net[Symbol.asyncDispose]()
})
