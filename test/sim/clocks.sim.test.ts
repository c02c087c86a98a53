import type { SchedulerLike } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { VirtualNet } from '../../src/testing.node.ts'
import { newNet, scene, seeds, talk, untilTrafficFlows } from '../support/story.ts'
import { openNetwork } from '../support/virtual-pair.ts'

/** A clock of one host: it can be put forward, while timers count on as before. */
const ownClock = (net: VirtualNet): SchedulerLike & { forward: (ms: number) => void } => {
  let ahead = 0
  return {
    now: () => net.now + ahead,
    schedule: net.scheduler.schedule.bind(net.scheduler),
    forward: (ms) => {
      ahead += ms
    },
  }
}

const one = `
alice      online | offline online
alice→bob  relay direct |
bob        online |
bob→alice  relay direct |`
const all = `
alice      online | offline online
alice→bob  relay direct |
bob        online | offline online
bob→alice  relay direct |`

describe('a clock that jumps forward by an hour', () => {
  it.each(seeds)('at one node: costs it no traffic, and a moment of being online (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const clock = ownClock(net)
    const at = () => net.segment({ latency: 10, jitter: 2 })
    const { story, a, b } = await scene(net, { on: at(), scheduler: clock }, { on: at() })
    await untilTrafficFlows(net, b, a)
    await net.advance(20_000)

    story.cut()
    clock.forward(HOUR)
    expect(await untilTrafficFlows(net, a, b)).toBeLessThan(100)
    expect(await talk(net, b, a, 60)).toBe(60)
    expect(await talk(net, a, b, 60)).toBe(60)
    await net.advance(600_000)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
    expect(`${story}`).toBe(one)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('at all members and the controller: costs them no more (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const scheduler = ownClock(net)
    const at = () => ({ on: net.segment({ latency: 10, jitter: 2 }), scheduler })
    const { story, a, b } = await scene(net, at(), at(), { scheduler })
    await untilTrafficFlows(net, b, a)
    await net.advance(20_000)

    story.cut()
    scheduler.forward(HOUR)
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(100)
    expect(await talk(net, b, a, 60)).toBe(60)
    expect(await talk(net, a, b, 60)).toBe(60)
    expect(`${story}`).toBe(all)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)(
    'at the controller of a private network: its members still let each other in (seed %i)',
    async (seed) => {
      const net = newNet(seed)
      await net.root()
      const scheduler = ownClock(net)
      const at = () => net.segment({ latency: 10, jitter: 2 })
      const controller = await net.controller({ scheduler })
      const hosted = await controller.create({ ...openNetwork, private: true })
      const alice = await net.node({ on: at() })
      const bob = await net.node({ on: at() })
      for (const { id } of [alice, bob]) await controller.authorize(hosted.id, id)
      const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 300_000)
      await untilTrafficFlows(net, b, a)
      await net.advance(20_000)
      scheduler.forward(HOUR)
      // long enough for each of them to renew its configuration, and not at the same time
      for (let i = 0; i < 5; i++) {
        expect(await talk(net, b, a, 30)).toBe(30)
        expect(await talk(net, a, b, 30)).toBe(30)
      }
      expect([a.state.status, b.state.status]).toEqual(['ready', 'ready'])
      await net[Symbol.asyncDispose]()
    },
  )
})

const HOUR = 3_600_000
