import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { createConnection, toDuplex } from 'rxzt/node'
import { describe, expect, it } from 'vitest'
import { openNetwork, serveEcho, virtualPair } from '../../support/virtual-pair.ts'

/** Complaints of those who write programs with another library. */
describe('programs', () => {
  it('"events are bare numbers": they have names, and what happened is in them', async () => {
    const { net, alice, a } = await virtualPair(61)
    const events: unknown[] = []
    alice.events$.subscribe((event) => events.push(event))
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'network/ready', family: 4, network: expect.objectContaining({ id: a.id }) }),
    )
    await net[Symbol.asyncDispose]()
  })

  it('"joining looks every 50 ms whether it is done": it ends in the moment of the event', async () => {
    const { net, controller, alice } = await virtualPair(62)
    const closed = await controller.create({ ...openNetwork, private: true })
    let readyAt = 0
    alice.events$.subscribe(({ type, at }) => {
      if (type === 'network/ready') readyAt = at
    })
    const joining = alice.join(closed.id)
    await net.advance(1234)
    await controller.authorize(closed.id, alice.id)
    await net.until(joining)
    expect(alice.network(closed.id)!.state.status).toBe('ready')
    expect(net.now).toBe(readyAt)
    await net[Symbol.asyncDispose]()
  })

  it('"I mixed its constants with those of my system": there are none to mix, options have names and are checked', async () => {
    const { net, a } = await virtualPair(63)
    // @ts-expect-error: SO_KEEPALIVE by its number
    await expect(a.connect({ host: '10.144.0.2', port: 80, 9: 1 })).rejects.toMatchObject({
      code: 'ERR_ZT_INVALID_OPTION',
      message: expect.stringContaining('there is no such option; known are'),
    })
    await net[Symbol.asyncDispose]()
  })

  it('"its stream is no socket: setNoDelay is missing": what libraries call on a socket is there', async () => {
    const { net, a, b } = await virtualPair(64)
    await serveEcho(a, 7)
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    for (const duplex of [toDuplex(socket), createConnection(b, { host: a.address(4)!, port: 7 })]) {
      expect(duplex).toBeInstanceOf(Duplex)
      expect(duplex.setNoDelay(true).setKeepAlive(true, 1000).setTimeout(0).ref().unref()).toBe(duplex)
      if (duplex.connecting) await net.until(once(duplex, 'connect'))
      expect(duplex).toMatchObject({
        remoteAddress: a.address(4),
        remotePort: 7,
        remoteFamily: 'IPv4',
        connecting: false,
      })
      duplex.destroy()
    }
    await net[Symbol.asyncDispose]()
  })

  it('"events leak when nobody consumes them": a node that nobody looks at keeps a thousand, and no more', async () => {
    const { net, controller, hosted, alice } = await virtualPair(65)
    const local = openNetwork.routes!
    for (let i = 0; i < 40; i++) {
      const more = Array.from({ length: 30 }, (_, n) => ({ target: `10.${i}.${n}.0/24` }))
      await controller.update(hosted.id, { routes: [...local, ...more] })
      await net.advance(50)
    }
    expect(alice.network(hosted.id)!.state.routes).toContainEqual(
      expect.objectContaining({ target: { address: '10.39.29.0', bits: 24, family: 4 } }),
    )
    const events: unknown[] = []
    alice.events$.subscribe((event) => events.push(event))
    expect(events).toHaveLength(1024)
    await net[Symbol.asyncDispose]()
  })

  it('"datagrams pile up when nobody reads": the newest stay, the rest is counted', async () => {
    const { net, a, b } = await virtualPair(66)
    const inbox = await net.until(a.bind({ port: 9, maxQueue: 8 }))
    const outbox = await net.until(b.bind())
    for (let i = 0; i < 50; i++) {
      await outbox.send(`${i}`, { host: a.address(4)!, port: 9 })
      await net.advance(20)
    }
    expect(inbox.dropped).toBe(42)
    const { value } = await inbox[Symbol.asyncIterator]().next()
    expect(new TextDecoder().decode(value!.data)).toBe('42')
    await net[Symbol.asyncDispose]()
  })
})
