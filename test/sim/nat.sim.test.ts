import { expect } from 'vitest'
import type { NatKind } from '../../src/testing.node.ts'
import { scenario } from '../support/scenario.ts'

/** Of the scope of routers: what somebody of another scope says of our endpoint is not believed. */
const global = { addresses: ['44.2.0.1'] }
const weather = { latency: 10, jitter: 2 }

/** Kinds of routers whose hosts meet, and kinds whose hosts are relayed for good. */
const meeting: readonly (readonly [NatKind, NatKind])[] = [
  ['full-cone', 'full-cone'],
  ['restricted', 'restricted'],
  ['port-restricted', 'port-restricted'],
  ['full-cone', 'symmetric'],
  ['restricted', 'symmetric'],
]
const apart: readonly (readonly [NatKind, NatKind])[] = [
  ['port-restricted', 'symmetric'],
  ['symmetric', 'symmetric'],
]

for (const [one, other] of meeting)
  scenario(`Routers that are ${one} and ${other} are passed`, async (stage) => {
    const { net } = stage
    await net.root(global)
    const { alice, bob, a, b } = await stage.pair({ on: net.nat(one, weather) }, { on: net.nat(other, weather) })
    await stage.flows('first echo', b, a)
    await net.advance(20_000)
    expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])
    await stage.flows('later echo', a, b)
  })

for (const [one, other] of apart)
  scenario(`Routers that are ${one} and ${other} keep their hosts relayed`, async (stage) => {
    const { net } = stage
    await net.root(global)
    const { alice, bob, a, b } = await stage.pair({ on: net.nat(one, weather) }, { on: net.nat(other, weather) })
    await stage.flows('first echo', b, a)
    await net.advance(40_000)
    expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['relay', 'relay'])
    await stage.flows('later echo', a, b)
  })

scenario('Two hosts behind one router meet inside', async (stage) => {
  const { net } = stage
  await net.root(global)
  const home = net.nat('port-restricted', weather)
  const { alice, bob, a, b } = await stage.pair({ on: home }, { on: home })
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  const place = bob.peer(alice.id)?.paths.find((path) => path.preferred)?.endpoint.address
  expect(place).toMatch(/^100\.64\./)
})

for (const hairpin of [true, false])
  scenario(
    `Two subscribers of a carrier whose router ${hairpin ? 'sends back in what is for itself meet by it' : 'does not send back in what is for itself are relayed'}`,
    async (stage) => {
      const { net } = stage
      await net.root(global)
      const carrier = net.nat('port-restricted', { ...weather, hairpin })
      const home = () => net.nat('port-restricted', { latency: 5, behind: carrier })
      const { alice, bob, a, b } = await stage.pair({ on: home() }, { on: home() })
      await stage.flows('first echo', b, a)
      await net.advance(30_000)
      await stage.flows('later echo', b, a)
      expect(bob.peer(alice.id)?.link).toBe(hairpin ? 'direct' : 'relay')
    },
  )

scenario('A subscriber of a carrier and a host behind a router of its own meet', async (stage) => {
  const { net } = stage
  await net.root(global)
  const carrier = net.nat('port-restricted', weather)
  const home = net.nat('port-restricted', { latency: 5, behind: carrier })
  const { alice, bob, a, b } = await stage.pair({ on: home }, { on: net.nat('port-restricted', weather) })
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])
})

scenario('Routers that forget after 10 s of silence are passed after minutes of it', async (stage) => {
  const { net } = stage
  await net.root(global)
  const at = () => ({ on: net.nat('port-restricted', { ...weather, timeout: 10_000 }) })
  const { a, b } = await stage.pair(at(), at())
  await stage.flows('first echo', b, a)
  await net.advance(5_000)
  stage.story.act('nobody says anything for five minutes')
  await net.advance(300_000)
  await stage.flows('echo after the silence', b, a)
})

scenario(
  'A router that restarts with other ports is passed again',
  async (stage) => {
    const { net, story } = stage
    await net.root(global)
    const at = () => net.nat('port-restricted', weather)
    const router = at()
    const { a, b } = await stage.pair({ on: router }, { on: at() })
    await stage.flows('first echo', b, a)
    await net.advance(20_000)
    story.act('the router of Alice restarts; she speaks first')
    router.restart()
    await stage.flows('she speaks first', a, b)
    expect(await stage.talk(b, a, 20)).toBe(20)
    story.act('it restarts again; Bob speaks first')
    router.restart()
    await stage.flows('the other speaks first', b, a)
    expect(await stage.talk(b, a, 20)).toBe(20)
    expect(await stage.talk(a, b, 5)).toBe(5)
  },
  { varies: true },
)
