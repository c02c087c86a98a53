import { describe, expect, it } from 'vitest'
import { newNet, scene, seeds, untilTrafficFlows } from '../support/story.ts'
import { pattern, readAll, serveEcho } from '../support/virtual-pair.ts'

const bothWays = `
alice      online | |
alice→bob  relay direct | |
bob        online | |
bob→alice  relay direct | |`
const deafForAMinute = `
alice      online | offline | online
alice→bob  relay direct | unreachable | direct
bob        online | |
bob→alice  relay direct | |`
const tunneled = `
alice      online | | offline online
alice→bob  relay direct | unreachable direct | unreachable relay
bob        online | |
bob→alice  relay direct | | relay direct`

describe('a line', () => {
  it.each(seeds)(
    'that loses a quarter in one direction: stays in use, and carries every byte (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      await net.root()
      const home = net.segment({ latency: 10 })
      const { story, a, b } = await scene(net, { on: home }, { on: net.segment({ latency: 10 }) })
      await serveEcho(a, 7)
      await untilTrafficFlows(net, b, a)
      await net.advance(5000)

      story.cut()
      home.set({ latency: 10, loss: 0.25 }, { latency: 10 })
      const began = net.now
      const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
      const sent = pattern(50_000)
      const echoed = readAll(socket)
      await net.until(socket.write(sent).then(() => socket.end()))
      expect(Buffer.compare(await net.until(echoed), sent)).toBe(0)
      expect(net.now - began).toBeLessThan(20_000)
      await net.advance(60_000)

      story.cut()
      home.set({ latency: 10 })
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
      await net.advance(5000)
      expect(`${story}`).toBe(bothWays)
      await net[Symbol.asyncDispose]()
    },
  )

  it.each(seeds)('that brings nothing in for a minute: is used again as soon as it does (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const home = net.segment({ latency: 10, jitter: 2 })
    const { story, a, b } = await scene(net, { on: home }, { on: net.segment({ latency: 10 }) })
    await untilTrafficFlows(net, b, a)
    await net.advance(5000)

    story.cut()
    home.set({ latency: 10 }, { latency: 10, loss: 1 })
    await net.advance(60_000)

    story.cut()
    home.set({ latency: 10 })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
    await net.advance(20_000)
    expect(`${story}`).toBe(deafForAMinute)
    await net[Symbol.asyncDispose]()
  })
})

describe('a firewall that lets no UDP pass', () => {
  it.each(seeds)('is passed by a TCP relay, while it is there (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root({ addresses: ['44.2.0.1'] })
    const open = { latency: 10, jitter: 2 }
    const home = net.segment({ ...open, loss: 1 })
    const began = net.now
    const { story, alice, bob, a, b } = await scene(
      net,
      { on: home, addresses: ['44.3.0.1'], tcpRelay: net.tcpRelay() },
      { on: net.segment({ latency: 10 }), addresses: ['44.4.0.1'] },
      { addresses: ['44.2.0.2'] },
    )
    // the relay is for whoever has been without UDP for a minute
    expect(net.now - began).toBeLessThan(70_000)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(2000)
    expect(alice.peer(bob.id)).toMatchObject({ link: 'direct', tunneled: true })

    story.cut()
    home.set(open)
    await net.advance(30_000)
    expect(alice.peer(bob.id)).toMatchObject({ link: 'direct', tunneled: false })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)

    story.cut()
    home.set({ ...open, loss: 1 })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(70_000)
    expect(`${story}`).toBe(tunneled)
    await net[Symbol.asyncDispose]()
  })
})
