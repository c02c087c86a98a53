import { expect } from 'vitest'
import { scenario } from '../support/scenario.ts'

/** Of the scope of routers: what somebody of another scope says of our endpoint is not believed. */
const global = { addresses: ['44.2.0.1'] }
const weather = { latency: 10, jitter: 2 }

scenario(
  'A host that roams is found wherever it goes',
  async (stage) => {
    const { net, story } = stage
    await net.root(global)
    const at = () => ({ on: net.segment(weather) })
    const { a, b, alice } = await stage.pair(at(), at())
    await stage.flows('first echo', b, a)
    await net.advance(20_000)

    story.act('Alice moves; Bob speaks first')
    net.move(alice, at())
    await stage.flows('it moves, the other speaks first', b, a)
    expect(await stage.talk(b, a, 20)).toBe(20)

    story.act('she moves behind a router, and speaks first')
    net.move(alice, { on: net.nat('port-restricted', weather) })
    await stage.flows('it moves behind a router, and speaks first', a, b)
    expect(await stage.talk(b, a, 20)).toBe(20)

    story.act('she is nowhere for two minutes')
    net.move(alice, { addresses: [] })
    await net.advance(120_000)

    story.act('she is back; Bob speaks first')
    net.move(alice, at())
    await stage.flows('it is back after two minutes of nowhere', b, a)
    expect(await stage.talk(b, a, 20)).toBe(20)
  },
  { varies: true },
)

scenario(
  'A host that roams behind one router after another is found by one that is behind a router',
  async (stage) => {
    const { net, story } = stage
    await net.root(global)
    const at = () => ({ on: net.nat('port-restricted', weather) })
    const { a, b, alice, bob } = await stage.pair(at(), at())
    await stage.flows('first echo', b, a)
    await net.advance(20_000)

    story.act('Alice moves; Bob speaks first')
    net.move(alice, at())
    await stage.flows('it moves, the other speaks first', b, a)
    expect(await stage.talk(b, a, 10)).toBe(10)

    story.act('she moves on while both talk')
    net.move(alice, at())
    await stage.flows('it moves again', a, b)
    expect(await stage.talk(a, b, 10)).toBe(10)
    expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])
  },
  { varies: true },
)
