import { describe, expect, it } from 'vitest'
import { newNet, type Scene, scene, seeds, untilTrafficFlows } from '../support/story.ts'

/** Two subscribers of one carrier: routers at home, behind the router of the carrier. */
const subscribers = async (seed: number, hairpin: boolean): Promise<Scene> => {
  const net = newNet(seed)
  await net.root()
  const carrier = net.nat('port-restricted', { latency: 10, jitter: 2, hairpin })
  const home = (): ReturnType<typeof net.nat> => net.nat('port-restricted', { latency: 5, behind: carrier })
  return scene(net, { on: home() }, { on: home() })
}

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

describe('nodes behind the router of a carrier', () => {
  it.each(seeds)('that sends back in what is for its own address: meet by it (seed %i)', async (seed) => {
    const { net, story, a, b } = await subscribers(seed, true)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1500)
    await net.advance(20_000)
    expect(`${story}`).toBe(met)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('that does not: are relayed for good (seed %i)', async (seed) => {
    const { net, story, a, b } = await subscribers(seed, false)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1500)
    await net.advance(60_000)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
    expect(`${story}`).toBe(relayed)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('and one elsewhere: meet through all the routers between (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const carrier = net.nat('port-restricted', { latency: 10, jitter: 2 })
    const home = net.nat('port-restricted', { latency: 5, behind: carrier })
    const { story, a, b } = await scene(net, { on: home }, { on: net.nat('port-restricted', { latency: 5 }) })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(2000)
    await net.advance(20_000)
    expect(`${story}`).toBe(met)
    await net[Symbol.asyncDispose]()
  })
})
