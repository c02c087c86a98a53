import { expect, it } from 'vitest'
import { virtualPair } from '../support/virtual-pair.ts'

it('a raw socket speaks a protocol of its own, and knows which node it hears', async () => {
  const { net, a, b, alice, bob } = await virtualPair(61)
  const inbox = await net.until(a.raw({ protocol: 200, maxQueue: 2 }))
  const outbox = await net.until(b.raw({ protocol: 200 }))
  for (const word of ['one', 'two', 'three']) await outbox.send(new TextEncoder().encode(word), a.address(4)!)
  await net.advance(200)
  expect(inbox.dropped).toBe(1)
  const words: string[] = []
  for await (const { data, packet, from, to, peer, ttl, protocol } of inbox) {
    words.push(new TextDecoder().decode(data))
    expect([packet.length, from, to, peer]).toEqual([20 + data.length, b.address(4), a.address(4), bob.id])
    expect([ttl, protocol]).toEqual([64, 200])
    if (words.length === 2) break
  }
  expect(words).toEqual(['two', 'three'])
  expect(alice.stats.drops['stack/udp-queue']).toBe(1)
  await expect(outbox.send(new Uint8Array(1), '192.0.2.1')).rejects.toMatchObject({ code: 'ENETUNREACH' })
  await expect(net.until(b.raw({ protocol: 256 }))).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
  await outbox.close()
  await expect(outbox.send(new Uint8Array(1), a.address(4)!)).rejects.toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
  const heard = b.raw({ protocol: 58, family: 6 })
  const icmp = await net.until(heard)
  const next = icmp[Symbol.asyncIterator]().next()
  await net.until(a.ping(b.address(6)!, { count: 1 })[Symbol.asyncIterator]().next())
  expect((await net.until(next)).value).toMatchObject({ protocol: 58, to: expect.stringContaining(':') })
  await net[Symbol.asyncDispose]()
})
