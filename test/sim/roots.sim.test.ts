import { describe, expect, it } from 'vitest'
import { fixtures, type Segment, type VirtualNet } from '../../src/testing.node.ts'
import { newNet, scene, seeds, talk, untilTrafficFlows } from '../support/story.ts'

/** Nodes behind two of these never meet: all of their traffic is relayed. */
const symmetric = (net: VirtualNet): Segment => net.nat('symmetric', { latency: 10, jitter: 2 })

const died = `
alice      online | offline | online
alice→bob  relay direct | |
bob        online | offline | online
bob→alice  relay direct | |`
const alwaysRelayed = `
alice      online
alice→bob  relay
bob        online
bob→alice  relay`
const failedOver = `
alice      online | |
alice→bob  relay | |
bob        online | |
bob→alice  relay | |`

describe('the only root', () => {
  it.each(seeds)('is missed by nobody who has met, and by newcomers until it is back (seed %i)', async (seed) => {
    const net = newNet(seed)
    const place = { addresses: ['44.2.0.1'], identity: fixtures.identities[0]! }
    const root = await net.root(place)
    const at = () => ({ on: net.segment({ latency: 10, jitter: 2 }) })
    const { story, a, b } = await scene(net, at(), at())
    await untilTrafficFlows(net, b, a)
    await net.advance(20_000)

    story.cut()
    await root.node.close({ graceMs: 0 })
    expect(await talk(net, b, a, 300)).toBe(300)
    const carol = await net.node(at())
    const joining = carol.join(a.id)
    await net.advance(60_000)
    expect(carol.network(a.id)?.state.status).toBe('requesting')

    story.cut()
    await net.node({ ...place, planet: root.planet })
    const back = net.now
    const c = await net.until(joining)
    expect(net.now - back).toBeLessThan(6000)
    expect(await untilTrafficFlows(net, c, a)).toBeLessThan(1000)
    expect(await untilTrafficFlows(net, b, c)).toBeLessThan(1000)
    await net.advance(20_000)
    expect(`${story}`).toBe(died)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('whose line is kept busy with what it relays counts as there all the time (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const { story, a, b } = await scene(net, { on: symmetric(net) }, { on: symmetric(net) })
    await untilTrafficFlows(net, b, a)
    // more often than a heartbeat would be due, less often than the root introduces the two to each other
    expect(await talk(net, b, a, 20, 12_000)).toBe(20)
    expect(await talk(net, b, a, 60)).toBe(60)
    expect(`${story}`).toBe(alwaysRelayed)
    await net[Symbol.asyncDispose]()
  })
})

describe('of two roots', () => {
  it.each(seeds)(
    'the other relays when the nearer dies, and the nearer again when it is back (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      const near = { on: net.segment({ latency: 1 }), addresses: ['44.2.0.1'], identity: fixtures.identities[0]! }
      const first = await net.root(near)
      const { planet } = await net.root({ on: net.segment({ latency: 30 }), addresses: ['44.3.0.1'] })
      const { story, a, b } = await scene(net, { on: symmetric(net) }, { on: symmetric(net) })
      await untilTrafficFlows(net, b, a)
      await net.advance(20_000)
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(60)

      story.cut()
      await first.node.close({ graceMs: 0 })
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(30_000)
      expect(await talk(net, b, a, 60)).toBe(60)

      story.cut()
      await net.node({ ...near, planet })
      expect(await talk(net, b, a, 30)).toBe(30)
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(60)
      expect(`${story}`).toBe(failedOver)
      await net[Symbol.asyncDispose]()
    },
  )
})
