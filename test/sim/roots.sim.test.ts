import { expect } from 'vitest'
import { fixtures, type Segment, type VirtualNet } from '../../src/testing.node.ts'
import { scenario } from '../support/scenario.ts'

/** Nodes behind two of these never meet: all of their traffic is relayed. */
const symmetric = (net: VirtualNet): Segment => net.nat('symmetric', { latency: 10, jitter: 2 })

scenario('The only root is missed by nobody who has met, and by newcomers until it is back', async (stage) => {
  const { net, story } = stage
  const place = { addresses: ['44.2.0.1'], identity: fixtures.identities[0]! }
  const root = await net.root(place)
  const at = () => ({ on: net.segment({ latency: 10, jitter: 2 }) })
  const { a, b } = await stage.pair(at(), at())
  await stage.flows('first echo', b, a)
  await net.advance(20_000)

  story.act('the root dies')
  await root.node.close({ graceMs: 0 })
  expect(await stage.talk(b, a, 60)).toBe(60)
  const carol = await net.node(at())
  const joining = carol.join(a.id)
  await net.advance(60_000)
  expect(carol.network(a.id)?.state.status).toBe('requesting')

  story.act('it is back')
  await net.node({ ...place, planet: root.planet })
  const c = await stage.within('the root is back, a newcomer joins', () => joining)
  await stage.flows('the newcomer speaks', c, a)
  await stage.flows('somebody speaks to the newcomer', b, c)
  await net.advance(20_000)
})

scenario('A root whose line is kept busy with what it relays counts as there all the time', async (stage) => {
  const { net } = stage
  await net.root()
  const { a, b } = await stage.pair({ on: symmetric(net) }, { on: symmetric(net) })
  await stage.flows('first echo', b, a)
  // more often than a heartbeat would be due, less often than the root introduces the two to each other
  expect(await stage.talk(b, a, 20, 12_000)).toBe(20)
  expect(await stage.talk(b, a, 30)).toBe(30)
})

scenario('Of two roots the other relays when the nearer dies, and the nearer again when it is back', async (stage) => {
  const { net, story } = stage
  const near = { on: net.segment({ latency: 1 }), addresses: ['44.2.0.1'], identity: fixtures.identities[0]! }
  const first = await net.root(near)
  const { planet } = await net.root({ on: net.segment({ latency: 30 }), addresses: ['44.3.0.1'] })
  const { a, b } = await stage.pair({ on: symmetric(net) }, { on: symmetric(net) })
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  await stage.flows('both are there', b, a)

  story.act('the nearer root dies')
  await first.node.close({ graceMs: 0 })
  await stage.flows('the nearer dies', b, a)
  expect(await stage.talk(b, a, 30)).toBe(30)

  story.act('it is back')
  await net.node({ ...near, planet })
  expect(await stage.talk(b, a, 30)).toBe(30)
  await stage.flows('it is back', b, a)
})
