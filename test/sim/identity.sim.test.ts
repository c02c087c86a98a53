import { expect } from 'vitest'
import { fixtures } from '../../src/testing.node.ts'
import { scenario } from '../support/scenario.ts'

const alicesIdentity = fixtures.identities[10]!
/** Alice's address with keys that are not hers. */
const thiefsIdentity = [alicesIdentity, fixtures.identities[11]!]
  .map((text) => text.split(':'))
  .reduce(([address], [, kind, open, secret]) => [address!, kind!, open!, secret!])
  .join(':')
const weather = { latency: 10, jitter: 2 }

scenario(
  'Of two nodes with one address the root keeps the first, and the second hears why it ends',
  async (stage) => {
    const { net, story } = stage
    await net.root()
    const at = () => ({ on: net.segment(weather) })
    const { a, b } = await stage.pair({ ...at(), identity: alicesIdentity }, at())
    await stage.flows('first echo', b, a)
    await net.advance(5_000)

    story.act('a thief starts with the address of Alice')
    const thief = await net.node({ ...at(), identity: thiefsIdentity })
    story.add('thief', thief)
    const ends = await stage.within('the second ends', () => Promise.allSettled([thief.closed, thief.join(a.id)]))
    const told = { status: 'rejected', reason: { code: 'ERR_ZT_IDENTITY_COLLISION' } }
    expect(ends).toMatchObject([told, told])
    expect(await stage.talk(b, a, 20)).toBe(20)
  },
  { proven: [thiefsIdentity] },
)

scenario(
  'Two nodes with one secret share its traffic until one is gone',
  async (stage) => {
    const { net, story } = stage
    await net.root()
    const at = () => ({ on: net.segment(weather) })
    const { a, b } = await stage.pair({ ...at(), identity: alicesIdentity }, at())
    await stage.flows('first echo', b, a)
    await net.advance(20_000)

    story.act('a copy of Alice starts')
    const copy = await net.node({ ...at(), identity: alicesIdentity })
    await copy.join(a.id, { wait: 'none' })
    await net.advance(20_000)
    // nobody can tell them apart: both are online, one of them hears what is meant for both
    expect(copy.info.online).toBe(true)
    await stage.talk(b, a, 30)

    story.act('the copy is gone')
    await copy.close({ graceMs: 0 })
    await stage.flows('the copy is gone', b, a)
    expect(await stage.talk(b, a, 30)).toBe(30)
  },
  { varies: true },
)
