import { describe, expect, it } from 'vitest'
import type { Network } from '../../src/index.node.ts'
import { type VirtualNet, virtualNet } from '../../src/testing.node.ts'
import { openNetwork, pattern, readAll, serveEcho, virtualPair } from '../support/virtual-pair.ts'

const HOUR = 3_600_000

describe('networks in virtual time', () => {
  it('keep working while their controller is away for an hour, and after', async () => {
    await using net = virtualNet({ seed: 1 })
    await net.root()
    const lonely = net.segment({ latency: 5 })
    const controller = await net.controller({ on: lonely })
    const hosted = await controller.create({ ...openNetwork, private: true })
    controller.requests$.subscribe((request) => void request.authorize())
    const [alice, bob] = [await net.node(), await net.node()]
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
    const heal = net.partition(lonely, net.internet)
    await net.advance(HOUR)
    expect([a.state.status, b.state.status]).toEqual(['ready', 'ready'])
    expect(await talk(net, a, b, 3)).toBe(3)
    heal()
    await net.advance(120_000)
    await controller.update(hosted.id, { name: 'later' })
    await net.advance(5_000)
    expect([a.state.name, b.state.name]).toEqual(['later', 'later'])
    expect(await talk(net, a, b, 3)).toBe(3)
  })

  it.each([1, 2, 3])('let nothing more through to a member that is put out (seed %i)', async (seed) => {
    const { net, controller, hosted, bob, a, b } = await virtualPair(seed)
    await controller.update(hosted.id, { private: true })
    await serveEcho(a, 7)
    const address = b.address(4)!
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    let received = 0
    const reading = (async () => {
      for await (const chunk of socket) received += chunk.length
    })().catch(() => undefined)
    const writing = socket.write(pattern(4_000_000)).catch(() => undefined)
    await net.advance(300)
    expect(received).toBeGreaterThan(0)
    await controller.deauthorize(hosted.id, bob.id)
    // the revocation is a few milliseconds away: not the half hour for which the certificate would be good
    await net.advance(100)
    const before = received
    await net.advance(30_000)
    expect(received).toBe(before)
    expect(b.state.status).toBe('denied')
    expect(b.addresses).toEqual([])
    expect(a.state.status).toBe('ready')

    await controller.authorize(hosted.id, bob.id)
    expect(await untilTrafficFlows(net, a, address)).toBeLessThan(6_000)
    socket.reset()
    await Promise.all([reading, writing])
    await net[Symbol.asyncDispose]()
  })

  it.each([1, 2, 3])('with one subnet keep apart what belongs to each (seed %i)', async (seed) => {
    await using net = virtualNet({ seed })
    await net.root()
    const controller = await net.controller()
    const [red, blue] = [await controller.create(openNetwork), await controller.create(openNetwork)]
    const [both, one, other] = [await net.node(), await net.node(), await net.node()]
    const [inRed, inBlue, r, b] = await net.until(
      Promise.all([both.join(red.id), both.join(blue.id), one.join(red.id), other.join(blue.id)]),
    )
    const ip = '10.144.0.200'
    await controller.authorize(red.id, one.id, { ips: [ip] })
    await controller.authorize(blue.id, other.id, { ips: [ip] })
    await net.advance(1_000)
    expect([r.address(4), b.address(4)]).toEqual([ip, ip])
    expect(await Promise.all([greeting(net, r, inRed, ip, 'red'), greeting(net, b, inBlue, ip, 'blue')])).toEqual([
      'red',
      'blue',
    ])
    await inRed.leave()
    expect(await greeting(net, b, inBlue, ip, 'still blue', 8)).toBe('still blue')
  })

  it('change their MTU while data flows', async () => {
    const { net, controller, hosted, a, b } = await virtualPair(7)
    await serveEcho(a, 7)
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    let received = 0
    const reading = (async () => {
      for await (const chunk of socket) received += chunk.length
    })()
    const sizes = new Set<number>()
    a.frames$.subscribe(({ payload }) => sizes.add(payload.length))
    for (const mtu of [1400, 9000, 1280]) {
      await controller.update(hosted.id, { mtu })
      await net.advance(500)
      expect([a.state.mtu, b.state.mtu]).toEqual([mtu, mtu])
      sizes.clear()
      const wanted = received + 100_000
      await net.until(socket.write(pattern(100_000)), 60_000)
      while (received < wanted) await net.advance(100)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(mtu)
    }
    await net.until(socket.end())
    await net.until(reading)
    await net[Symbol.asyncDispose]()
  })
})

/** How many of some echoes come back. */
const talk = async (net: VirtualNet, from: Network, to: Network, count: number): Promise<number> => {
  let answered = 0
  const echo = async (): Promise<void> => {
    for await (const reply of from.ping(to.address(4)!, { count, timeout: 900 })) if ('rtt' in reply) answered++
  }
  await net.until(echo(), 2_000 * count)
  return answered
}
/** ms until one comes back. */
const untilTrafficFlows = async (net: VirtualNet, from: Network, to: string): Promise<number> => {
  const began = net.now
  const echo = async (): Promise<void> => {
    for await (const reply of from.ping(to, { interval: 100, timeout: 250 })) if ('rtt' in reply) return
  }
  await net.until(echo(), 120_000)
  return net.now - began
}

/** What a member hears from another's server at this address. */
const greeting = async (
  net: VirtualNet,
  server: Network,
  client: Network,
  host: string,
  text: string,
  port = 7,
): Promise<string> => {
  const listening = await net.until(server.listen({ port }))
  listening.connections$.subscribe((socket) => void socket.write(text).then(() => socket.end()))
  const socket = await net.until(client.connect({ host, port }))
  return Buffer.from(await net.until(readAll(socket))).toString()
}
