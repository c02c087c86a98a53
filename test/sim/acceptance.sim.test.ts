import { record } from 'rxzt/testing'
import { expect, it } from 'vitest'
import { Stage, scenario } from '../support/scenario.ts'

const weather = { latency: 10, jitter: 2 }
const title = 'Two hosts behind port-restricted routers are relayed, then direct, through a restart and a cut of 30 s'

const play = async (stage: Stage): Promise<void> => {
  const { net, story } = stage
  await net.root({ addresses: ['44.2.0.1'] })
  const [hers, his] = [net.nat('port-restricted', weather), net.nat('port-restricted', weather)]
  const { alice, bob, a, b } = await stage.pair({ on: hers }, { on: his })
  await stage.flows('first echo', b, a)
  await net.advance(20_000)
  expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])

  story.act('the router of Alice restarts, and her mapping is another')
  hers.restart()
  await stage.flows('the router restarts', a, b)
  await net.advance(20_000)
  expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])

  story.act('for 30 s nothing gets to Alice or from her')
  const heal = [net.partition(hers, his), net.partition(hers, net.internet)]
  expect(await stage.talk(a, b, 30)).toBe(0)
  story.act('it does again')
  for (const end of heal) end()
  await stage.flows('the cut is over', a, b)
  await net.advance(20_000)
  expect([alice.peer(bob.id)?.link, bob.peer(alice.id)?.link]).toEqual(['direct', 'direct'])
}

scenario(title, play, { varies: true })

it('puts the same bytes on the wire for the same seed, and others for another', { timeout: 120_000 }, async () => {
  const bytes = async (seed: number): Promise<Buffer> => {
    const { error, file } = await record((net) => play(new Stage(title, net, new Map())), { seed })
    expect(error).toBeUndefined()
    return Buffer.from(file)
  }
  const [first, again, other] = [await bytes(3), await bytes(3), await bytes(4)]
  expect(first.length).toBeGreaterThan(50_000)
  expect(again.equals(first)).toBe(true)
  expect(other.equals(first)).toBe(false)
})
