import { describe, expect, it } from 'vitest'
import { newNet, scene, seeds, talk, untilTrafficFlows } from '../support/story.ts'

const undisturbed = `
alice      online |
alice→bob  relay direct |
bob        online |
bob→alice  relay direct |`
const metAgain = `
alice      online |
bob        online |
bob→alice  relay direct | relay direct`
const roamed = `
alice      online | | | offline | online
alice→bob  relay direct | unreachable relay direct | unreachable relay direct | unreachable | relay direct
bob        online | | | |
bob→alice  relay direct | relay direct | relay direct | relay | direct`

describe('routers', () => {
  it.each(seeds)(
    'that forget after 10 s of silence: are passed at once after minutes of it (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      await net.root()
      const at = () => ({ on: net.nat('port-restricted', { latency: 10, jitter: 2, timeout: 10_000 }) })
      const { story, a, b } = await scene(net, at(), at())
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(1500)
      await net.advance(5000)

      story.cut()
      await net.advance(300_000)
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
      expect(`${story}`).toBe(undisturbed)
      await net[Symbol.asyncDispose]()
    },
  )

  it.each(seeds)(
    'one of which restarts with other ports: are passed by the relay, then directly again (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      await net.root()
      const at = () => net.nat('port-restricted', { latency: 10, jitter: 2 })
      const router = at()
      const { story, alice, bob, a, b } = await scene(net, { on: router }, { on: at() })
      await untilTrafficFlows(net, b, a)
      await net.advance(20_000)

      story.cut()
      router.restart()
      expect(await untilTrafficFlows(net, b, a)).toBeLessThan(30_000)
      expect(await talk(net, b, a, 60)).toBe(60)
      // Alice, who says nothing of her own accord, may not have noticed
      expect(story.without('alice→bob')).toBe(metAgain)
      expect(alice.peer(bob.id)?.link).toBe('direct')
      await net[Symbol.asyncDispose]()
    },
  )
})

describe('a host that roams', () => {
  it.each(seeds)('is found wherever it goes, also after two minutes of nowhere (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const at = () => ({ on: net.segment({ latency: 10, jitter: 2 }) })
    const { story, a, b, alice } = await scene(net, at(), at())
    await untilTrafficFlows(net, b, a)
    await net.advance(20_000)

    story.cut()
    net.move(alice, at())
    // whoever talks to her finds the old place silent before the relay is asked
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(25_000)
    expect(await talk(net, b, a, 60)).toBe(60)

    story.cut()
    net.move(alice, { on: net.nat('port-restricted', { latency: 10, jitter: 2 }) })
    expect(await untilTrafficFlows(net, a, b)).toBeLessThan(25_000)
    expect(await talk(net, b, a, 60)).toBe(60)

    story.cut()
    net.move(alice, { addresses: [] })
    await net.advance(120_000)

    story.cut()
    net.move(alice, at())
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(2000)
    expect(await talk(net, b, a, 60)).toBe(60)
    expect(`${story}`).toBe(roamed)
    await net[Symbol.asyncDispose]()
  })
})
