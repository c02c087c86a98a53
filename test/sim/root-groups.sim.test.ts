import { expect, it } from 'vitest'
import { virtualPair } from '../support/virtual-pair.ts'

it('a root names the members of a group: they find each other while the controller is away', async () => {
  const { net, controller, a, b } = await virtualPair(1)
  await net.advance(1000)
  await controller.node.close()
  const [echo] = await net.until(
    (async () => {
      const replies = []
      for await (const reply of a.ping(b.address(4)!, { count: 1 })) replies.push(reply)
      return replies
    })(),
  )
  expect(echo).toMatchObject({ rtt: expect.any(Number) })
  await net[Symbol.asyncDispose]()
})
