import { expect, it } from 'vitest'
import type { Network } from '../../src/index.node.ts'
import { virtualNet } from '../../src/testing.node.ts'
import { openNetwork, virtualPair } from '../support/virtual-pair.ts'

/** Every call that needs the network to be ready. */
const calls = (network: Network, host: string): readonly (() => Promise<unknown>)[] => [
  () => network.connect({ host, port: 80 }),
  () => network.listen(),
  () => network.bind(),
  () => network.raw({ protocol: 47 }),
  () => network.bridge(),
  () => network.ping(host)[Symbol.asyncIterator]().next(),
  () => network.resolve('printer.office.example'),
]

// nothing here lets time pass while a call is to fail: one that waited would never settle
it('calls on a network that put this node out fail at once, and work again once it is let in', async () => {
  const { net, controller, hosted, bob, a, b } = await virtualPair(31)
  await controller.update(hosted.id, { private: true })
  const host = a.address(4)!
  const pinging = b.ping(host, { timeout: 500 })[Symbol.asyncIterator]()
  await net.until(pinging.next())
  await controller.deauthorize(hosted.id, bob.id)
  await net.advance(5_000)
  for (const call of calls(b, host))
    await expect(call()).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'ERR_ZT_ACCESS_DENIED',
      message: `network ${hosted.id} has put this node out — authorise it on the controller`,
    })
  // what is going on goes on: the answers are lost
  expect(await net.until(pinging.next())).toMatchObject({ value: { lost: true } })
  await controller.authorize(hosted.id, bob.id)
  await net.advance(5_000)
  const { value } = await net.until(b.ping(host, { count: 1 })[Symbol.asyncIterator]().next())
  expect(value).toMatchObject({ from: host })
  await net[Symbol.asyncDispose]()
})

it('calls on a network that does not let this node in yet wait for that, and say after their time-out that it did not', async () => {
  await using net = virtualNet({ seed: 32 })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create({ ...openNetwork, private: true })
  const node = await net.node()
  const network = await node.join(id, { wait: 'none' })
  const late = network.bind({ timeout: 8_000 })
  const patient = network.bind({ timeout: 20_000 })
  await expect(net.until(late)).rejects.toMatchObject({ code: 'ETIMEDOUT', syscall: 'bind' })
  expect(network.state.status).toBe('denied')
  await controller.authorize(id, node.id)
  expect((await net.until(patient)).local.port).toBeGreaterThan(0)
})

it('calls on a network that does not exist fail as soon as its controller says so', async () => {
  await using net = virtualNet({ seed: 33 })
  await net.root()
  const controller = await net.controller()
  const { id } = await controller.create(openNetwork)
  const nowhere = `${controller.node.id}${id.endsWith('000001') ? '000002' : '000001'}`
  const network = await (await net.node()).join(nowhere, { wait: 'none' })
  const asked = net.now
  await expect(net.until(network.connect({ host: '10.144.0.9', port: 80 }))).rejects.toMatchObject({
    code: 'ERR_ZT_NOT_FOUND',
    networkId: nowhere,
  })
  expect(net.now - asked).toBeLessThan(1_000)
  for (const call of calls(network, '10.144.0.9')) await expect(call()).rejects.toThrow('does not exist')
})

it('calls while the controller is not reached wait, and say so after their time-out', async () => {
  await using net = virtualNet({ seed: 34 })
  await net.root()
  const network = await (await net.node()).join('8056c2e21c000001', { wait: 'none' })
  await expect(net.until(network.ping('10.1.2.3')[Symbol.asyncIterator]().next())).rejects.toThrow(
    'is still "requesting"; the controller was not reached',
  )
})
