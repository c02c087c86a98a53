import { describe, expect, it } from 'vitest'
import { fixtures, virtualNet } from '../../src/testing.node.ts'
import { newNet, scene, seeds, talk, untilTrafficFlows } from '../support/story.ts'

const alicesIdentity = fixtures.identities[10]!
/** Alice's address with keys that are not hers. */
const thiefsIdentity = [alicesIdentity, fixtures.identities[11]!]
  .map((text) => text.split(':'))
  .reduce(([address], [, kind, open, secret]) => [address!, kind!, open!, secret!])
  .join(':')

const undisturbed = `
alice      online |
alice→bob  relay direct |
bob        online |
bob→alice  relay direct |`
const shared = `
alice      online | |
alice→bob  relay direct | |
bob        online | |
bob→alice  relay direct | |`

describe('two nodes', () => {
  it.each(seeds)('with one address: the root keeps the first, the second hears why it ends (seed %i)', async (seed) => {
    const net = virtualNet({ seed, proven: [thiefsIdentity] })
    await net.root()
    const at = () => net.segment({ latency: 10, jitter: 2 })
    const { story, a, b } = await scene(net, { on: at(), identity: alicesIdentity }, { on: at() })
    await untilTrafficFlows(net, b, a)
    await net.advance(5000)

    story.cut()
    const began = net.now
    const thief = await net.node({ on: at(), identity: thiefsIdentity })
    const ends = await net.until(Promise.allSettled([thief.closed, thief.join(a.id)]))
    const told = { status: 'rejected', reason: { code: 'ERR_ZT_IDENTITY_COLLISION' } }
    expect(ends).toMatchObject([told, told])
    expect(net.now - began).toBeLessThan(100)
    expect(await talk(net, b, a, 30)).toBe(30)
    expect(`${story}`).toBe(undisturbed)
    await net[Symbol.asyncDispose]()
  })

  it.each(seeds)('with one secret: share its traffic until one is gone (seed %i)', async (seed) => {
    const net = newNet(seed)
    await net.root()
    const at = () => ({ on: net.segment({ latency: 10, jitter: 2 }) })
    const { story, a, b } = await scene(net, { ...at(), identity: alicesIdentity }, at())
    await untilTrafficFlows(net, b, a)
    await net.advance(20_000)

    story.cut()
    const copy = await net.node({ ...at(), identity: alicesIdentity })
    await copy.join(a.id, { wait: 'none' })
    await net.advance(20_000)
    // nobody can tell them apart: both are online, one of them hears what is meant for both
    expect(copy.info.online).toBe(true)
    await talk(net, b, a, 60)

    story.cut()
    await copy.close({ graceMs: 0 })
    expect(await untilTrafficFlows(net, b, a)).toBeLessThan(25_000)
    expect(await talk(net, b, a, 60)).toBeGreaterThan(50)
    expect(`${story}`).toBe(shared)
    await net[Symbol.asyncDispose]()
  })
})
