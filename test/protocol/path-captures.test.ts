import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/protocol/kernel/codec.ts'
import { okHello } from '../../src/protocol/verb/ok.ts'
import { pushDirectPaths } from '../../src/protocol/verb/push-direct-paths.ts'
import { endpointIn, rendezvous } from '../../src/protocol/verb/rendezvous.ts'
import { readWorlds } from '../../src/protocol/world/world.ts'
import { capturedDatagrams, mixedFolder, mixedNodes } from '../support/captures.ts'
import { conversation, type Said } from '../support/conversation.ts'

/** How our node `a` and the native node `b` found each other; `docs/interop.md` tells how it was recorded. */
const recorded = (capture: string): readonly Said[] => {
  const { said, unopened } = conversation(capturedDatagrams(capture, mixedFolder), mixedNodes(capture))
  if (unopened > 0) throw new Error(`${unopened} packets of ${capture} do not open`)
  return said
}
const isFrame = ({ verb }: Said): boolean => verb === 'frame'
const suites = (said: readonly Said[]): readonly number[] => [...new Set(said.map(({ cipher }) => cipher))]
const first = (said: readonly Said[], from: string, to: string, verb: string): number =>
  said.findIndex((one) => one.from === from && one.to === to && one.verb === verb)
/** What an OK(HELLO) brings, behind the verb and the ID of the packet it answers. */
const answerIn = ({ payload }: Said) => {
  const found = decode(okHello, payload.subarray(9))
  return found._tag === 'Right' ? found.right : undefined
}

describe('two nodes that first have no way to each other, and then one', () => {
  const said = recorded('relayed-then-direct')
  const frames = said.filter(isFrame)
  const change = frames.findIndex(({ cipher }) => cipher === 3)

  it('speak suite 1 through the root, not knowing each other’s version, and suite 3 from the first direct frame', () => {
    expect(change).toBeGreaterThan(10)
    expect(suites(frames.slice(0, change))).toEqual([1])
    expect(suites(frames.slice(change))).toEqual([3])
    // recorded at a: what came through the root was counted there
    const hops = (some: readonly Said[]) => [...new Set(some.filter(({ from }) => from === 'b').map((one) => one.hops))]
    expect(hops(frames.slice(0, change))).toEqual([1])
    expect(hops(frames.slice(change))).toEqual([0])
  })

  it('tell each other by relay where they are, and say HELLO there again when nobody answered', () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const push = said[first(said, from, to, 'pushDirectPaths')]!
      expect(push.cipher).toBe(1)
      const offered = decode(pushDirectPaths, push.payload)
      if (offered._tag === 'Left') throw new Error('the push does not decode')
      expect(offered.right.paths.length).toBeGreaterThan(0)
      expect(encode(pushDirectPaths, offered.right)).toEqual(push.payload)
    }
    const tries = said.filter(({ from, to, verb }) => from === 'a' && to === 'b' && verb === 'hello')
    expect(tries.length).toBeGreaterThan(10)
    expect(suites(tries)).toEqual([0])
  })

  it('answer the first HELLO under suite 1 and the next under suite 3', () => {
    const answers = said.filter(({ from, to, verb }) => from === 'b' && to === 'a' && verb === 'ok')
    expect(answers.slice(0, 2).map(({ cipher }) => cipher)).toEqual([1, 3])
  })
})

describe('our node behind a router, met by a native one', () => {
  const said = recorded('ours-behind-a-router')

  it('is introduced with the place where the router shows it, and comes from there', () => {
    const call = said[first(said, 'root', 'b', 'rendezvous')]!
    const value = decode(rendezvous, call.payload)
    if (value._tag === 'Left') throw new Error('the introduction does not decode')
    const place = endpointIn(value.right)
    expect(place.address).toMatch(/^10\.98\.0\./)
    const senders = capturedDatagrams('ours-behind-a-router', mixedFolder).map(({ from }) => from)
    expect(senders).toContainEqual(place)
    expect(senders.some(({ address }) => address.startsWith('192.168.'))).toBe(false)
  })

  it('offers both the place inside and the one outside', () => {
    const push = decode(pushDirectPaths, said[first(said, 'a', 'b', 'pushDirectPaths')]!.payload)
    if (push._tag === 'Left') throw new Error('the push does not decode')
    const offered = push.right.paths.map(({ endpoint }) => endpoint?.address)
    expect(offered.some((one) => one?.startsWith('192.168.'))).toBe(true)
    expect(offered.some((one) => one?.startsWith('10.98.0.'))).toBe(true)
  })

  it('is direct within the first exchange of frames', () => {
    const fromA = said.filter((one) => isFrame(one) && one.from === 'a')
    expect(fromA.findIndex(({ hops }) => hops === 0)).toBeLessThan(5)
    expect(suites(fromA.slice(-5))).toEqual([3])
  })
})

describe.each([
  ['our node and a moon served by a native one', 'ours-orbits-moon', 'a'],
  ['a native node and a moon served by ours', 'native-orbits-moon', 'b'],
])('%s', (_, capture, who) => {
  const said = recorded(capture)
  const nodes = mixedNodes(capture)

  it('meet by WHOIS at the root of the planet, then HELLO, whose answer brings the moon', () => {
    const whois = first(said, who, 'root', 'whois')
    const hello = first(said, who, 'moon', 'hello')
    expect(whois).toBeGreaterThanOrEqual(0)
    expect(hello).toBeGreaterThan(whois)
    const worlds = said
      .filter(({ from, to, verb }) => from === 'moon' && to === who && verb === 'ok')
      .flatMap((one) => readWorlds(answerIn(one)?.updates ?? new Uint8Array(0)))
    expect(worlds[0]).toMatchObject({ type: 'moon', id: BigInt(nodes['moon']!.address) })
    expect(worlds[0]!.roots.map(({ identity }) => identity.address)).toEqual([nodes['moon']!.address])
  })
})

describe('a native node that has the moon our node serves', () => {
  const said = recorded('native-orbits-moon')

  it('says HELLO again with the revision it has, and is sent the moon no more', () => {
    const answers = said
      .filter(({ from, to, verb }) => from === 'moon' && to === 'b' && verb === 'ok')
      .flatMap((one) => answerIn(one) ?? [])
    expect(answers[0]!.updates.length).toBeGreaterThan(200)
    expect(answers.at(-1)!.updates.length).toBe(0)
  })
})

describe('a native node that starts anew while ours lives on', () => {
  const said = recorded('native-starts-anew')
  const isSealed = ({ verb }: Said): boolean => verb !== 'hello'
  const fromA = said.filter((one) => one.from === 'a' && one.to === 'b' && isSealed(one))
  const fromB = said.filter((one) => one.from === 'b' && one.to === 'a' && isSealed(one))
  const back = fromB.findIndex(({ cipher }) => cipher === 1)

  it('is spoken to under suite 3 all the time, as its version is remembered', () => {
    expect(suites(fromA)).toEqual([3])
  })
  it('is back by way of the root, under suite 1, as it remembers nothing', () => {
    expect(fromB[back]).toMatchObject({ cipher: 1, hops: 1 })
    expect(suites(fromB.slice(0, back))).toEqual([3])
    expect(fromB[back - 1]!.hops).toBe(0)
  })
  it('speaks suite 3 once it has heard our HELLO or our answer to its own', () => {
    const after = fromB.slice(back)
    const change = after.findIndex(({ cipher }) => cipher === 3)
    expect(suites(after.slice(0, change))).toEqual([1])
    expect(suites(after.slice(change))).toEqual([3])
    expect(after.at(-1)).toMatchObject({ verb: 'frame', hops: 0 })
  })
})
