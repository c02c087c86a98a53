import { afterAll, beforeAll, expect, it } from 'vitest'
import { toPlatformSocket } from '../../../src/node.ts'
import { type Pair, serveEcho, virtualPair } from '../../support/virtual-pair.ts'

let world: Pair
beforeAll(async () => {
  world = await virtualPair(73)
  await world.net.until(serveEcho(world.a, 7))
})
afterAll(async () => {
  await world.net[Symbol.asyncDispose]()
})

it('gives a connection the shape that platforms without node:net give it', async () => {
  const { net, a, b } = world
  const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
  const platform = toPlatformSocket(socket)
  const { readable, writable, ...ends } = await platform.opened
  expect([readable, writable]).toEqual([platform.readable, platform.writable])
  expect(ends).toEqual({
    ...{ remoteAddress: a.address(4), remotePort: 7 },
    ...{ localAddress: b.address(4), localPort: socket.local.port },
  })
  const writer = writable.getWriter()
  await net.until(writer.write('there and back'))
  await net.until(writer.close())
  const answer = net.until(new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text())
  expect(await answer).toBe('there and back')
  await net.until(platform.close())
  await net.until(platform.closed)
})

it('reads in one way only', async () => {
  const { net, a, b } = world
  const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
  socket[Symbol.asyncIterator]()
  expect(() => toPlatformSocket(socket)).toThrow(expect.objectContaining({ code: 'ERR_ZT_LOCKED' }))
  expect(() => toPlatformSocket({} as never)).toThrow(/pass what connect\(\) gave/)
  socket.reset()
})
