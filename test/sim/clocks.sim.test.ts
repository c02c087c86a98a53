import { expect } from 'vitest'
import { scenario } from '../support/scenario.ts'
import { openNetwork } from '../support/virtual-pair.ts'

const HOUR = 3_600_000
const weather = { latency: 10, jitter: 2 }

scenario('A clock that jumps forward by an hour at one node costs it no traffic', async (stage) => {
  const { net, story } = stage
  await net.root()
  const clock = net.clock()
  const at = () => ({ on: net.segment(weather) })
  const { a, b } = await stage.pair({ ...at(), scheduler: clock }, at())
  await stage.flows('first echo', b, a)
  await net.advance(20_000)

  story.act('the clock of Alice jumps')
  clock.jump(HOUR)
  await stage.flows('it jumps', a, b)
  expect(await stage.talk(b, a, 30)).toBe(30)
  expect(await stage.talk(a, b, 30)).toBe(30)
  await net.advance(120_000)
  await stage.flows('minutes later', b, a)
})

scenario(
  'A clock that jumps forward by an hour at all members and the controller costs them no more',
  async (stage) => {
    const { net, story } = stage
    await net.root()
    const scheduler = net.clock()
    const at = () => ({ on: net.segment(weather), scheduler })
    const { a, b } = await stage.pair(at(), at(), { scheduler })
    await stage.flows('first echo', b, a)
    await net.advance(20_000)

    story.act('all clocks but that of the root jump')
    scheduler.jump(HOUR)
    await stage.flows('it jumps', b, a)
    expect(await stage.talk(b, a, 30)).toBe(30)
    expect(await stage.talk(a, b, 30)).toBe(30)
  },
)

scenario('A clock that jumps forward at the controller of a private network shuts nobody out', async (stage) => {
  const { net, story } = stage
  await net.root()
  const scheduler = net.clock()
  const at = () => ({ on: net.segment(weather) })
  const controller = await net.controller({ scheduler })
  const hosted = await controller.create({ ...openNetwork, private: true })
  const alice = await net.node(at())
  const bob = await net.node(at())
  story.add('alice', alice)
  story.add('bob', bob)
  for (const { id } of [alice, bob]) await controller.authorize(hosted.id, id)
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 300_000)
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  story.act('the clock of the controller jumps')
  scheduler.jump(HOUR)
  // long enough for each of them to renew its configuration, and not at the same time
  for (let i = 0; i < 5; i++) {
    expect(await stage.talk(b, a, 30)).toBe(30)
    expect(await stage.talk(a, b, 30)).toBe(30)
  }
  expect([a.state.status, b.state.status]).toEqual(['ready', 'ready'])
})
