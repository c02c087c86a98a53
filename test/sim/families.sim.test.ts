import { describe, expect, it } from 'vitest'
import { newNet, scene, seeds, untilTrafficFlows } from '../support/story.ts'

const weather = { latency: 5, jitter: 2 }
const [root, host, aliceAt, bobAt] = ['2001:db8::1', '2001:db8::2', '2001:db8::a', '2001:db8::b'] as const

const met = `
alice      online
alice→bob  relay direct
bob        online
bob→alice  relay direct`
const relayed = `
alice      online
alice→bob  relay
bob        online
bob→alice  relay`
const metTwice = `
alice      online |
alice→bob  relay direct | unreachable relay direct
bob        online |
bob→alice  relay direct | relay direct`

describe('hosts with IPv6', () => {
  it.each(seeds)('and nothing else: need no IPv4 anywhere (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root({ addresses: [root] })
    const at = (address: string) => ({ on: net.segment(weather), addresses: [address] })
    const { story, alice, bob, a, b } = await scene(net, at(aliceAt), at(bobAt), { addresses: [host] })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1000)
    await net.advance(20_000)
    expect(`${story}`).toBe(met)
    expect(bob.peer(alice.id)?.paths).toMatchObject([{ endpoint: { address: aliceAt }, preferred: true }])
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('and one with IPv4: talk by a root that has both (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root({ addresses: [root, '44.2.0.1'] })
    const { story, a, b } = await scene(
      net,
      { on: net.segment(weather), addresses: [aliceAt] },
      { on: net.segment(weather), addresses: ['44.2.0.11'] },
      { addresses: [host, '44.2.0.2'] },
    )
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1000)
    await net.advance(60_000)
    expect(`${story}`).toBe(relayed)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)(
    'beside IPv4 behind symmetric routers: meet by IPv6, and again when it is gone (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      await net.root({ addresses: [root, '44.2.0.1'] })
      const { story, alice, bob, a, b } = await scene(
        net,
        { on: net.nat('symmetric', weather), addresses: ['10.1.0.2', aliceAt] },
        { on: net.nat('symmetric', weather), addresses: ['10.2.0.2', bobAt] },
        { addresses: [host, '44.2.0.2'] },
      )
      const preferred = () => bob.peer(alice.id)?.paths.find((path) => path.preferred)?.endpoint.address
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1500)
      await net.advance(20_000)
      expect(preferred()).toBe(aliceAt)

      story.cut()
      net.move(alice, { on: net.nat('full-cone', weather), addresses: ['10.3.0.2'] })
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(25_000)
      await net.advance(20_000)
      expect(preferred()).toMatch(/^44\./)
      expect(`${story}`).toBe(metTwice)
      await net[Symbol.asyncDispose]()
    },
  )
})
