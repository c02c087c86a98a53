import { expect, it } from 'vitest'
import type { VirtualNode } from '../../src/api/node.ts'
import type { Network, ZtNode } from '../../src/index.node.ts'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import {
  fixtures,
  type HostClock,
  type NatSegment,
  type Segment,
  type VirtualNet,
  virtualNet,
} from '../../src/testing.node.ts'
import { census } from '../support/census.ts'
import { openNetwork } from '../support/virtual-pair.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Virtual time; with `LONG_TESTS` a whole day. */
const SPAN = process.env['LONG_TESTS'] === undefined ? 16 * MINUTE : 24 * HOUR
const SEED = Number(process.env['RXZT_SEED'] ?? 1)
const MEMBERS = 18
/** From one piece of bad weather to the next, and how long those last that do. */
const EVERY = 2 * MINUTE
const LASTS = 40_000
/** So long after it traffic flows again: docs/simulation.md. */
const BOUND = 30_000

interface Member {
  node: ZtNode
  network: Network
  readonly identity: string
  readonly clock: HostClock
  place: Segment | NatSegment
}

it(`${MEMBERS} members, their controller and root live through ${SPAN / MINUTE} minutes of bad weather and remember no more than before`, {
  timeout: SPAN,
}, async () => {
  const net = virtualNet({ seed: SEED, proven: identities })
  const random = draws(SEED)
  const root = await net.root({ addresses: ['44.200.0.1'] })
  const controller = await net.controller({ addresses: ['44.200.0.2'] })
  const hosted = await controller.create(openNetwork)
  const places = Array.from({ length: 8 }, (_, i) => newPlace(net, i))
  const members: Member[] = []
  for (let i = 0; i < MEMBERS; i++) {
    const [identity, place] = [identities[i]!, places[i % places.length]!]
    const clock = net.clock()
    const node = await net.node({ identity, on: place, scheduler: clock })
    members.push({ node, network: await net.until(node.join(hosted.id)), identity, clock, place })
  }
  const two = (): readonly [Member, Member] => {
    const [i, j] = [random(MEMBERS), random(MEMBERS - 1)]
    return [members[i]!, members[j < i ? j : j + 1]!]
  }

  const history: ReadonlyMap<string, number>[] = []
  const end = net.now + SPAN
  let worst = 0
  while (net.now < end) {
    const began = net.now
    const [one, other] = two()
    const what = await trouble(net, random, one, other, places)
    const ms = Math.max(await untilEcho(net, one, other, what), await untilEcho(net, other, one, what))
    expect(ms, what).toBeLessThanOrEqual(BOUND)
    worst = Math.max(worst, ms)
    for (let i = 0; i < 5; i++) await untilEcho(net, ...two(), what)
    await net.advance(Math.max(0, EVERY - (net.now - began)))
    history.push(most([root.node, controller.node, ...members.map(({ node }) => node)]))
  }
  console.info(`slowest recovery ${Math.ceil(worst)} ms; tables ${JSON.stringify([...history.at(-1)!])}`)
  expect(grown(history)).toEqual([])
  await net[Symbol.asyncDispose]()
  expect(net.scheduler.actions).toHaveLength(0)
})

/** Something bad that happens to one or two members, over when this returns; what it was. */
const trouble = async (
  net: VirtualNet,
  random: (most: number) => number,
  one: Member,
  other: Member,
  places: readonly Segment[],
): Promise<string> => {
  switch (random(6)) {
    case 0: {
      one.place.set({ ...weather, loss: 0.3 })
      await net.advance(LASTS)
      one.place.set(weather)
      return 'loss'
    }
    case 1: {
      const heal = net.partition(one.place, one.place === other.place ? net.internet : other.place)
      await net.advance(LASTS)
      heal()
      return 'partition'
    }
    case 2: {
      await net.until(one.node.close())
      await net.advance(random(LASTS))
      one.node = await net.node({ identity: one.identity, on: one.place, scheduler: one.clock })
      one.network = await net.until(one.node.join(other.network.id))
      return 'restart'
    }
    case 3: {
      one.place = places[random(places.length)]!
      net.move(one.node, { on: one.place })
      return 'move'
    }
    case 4:
      one.clock.jump(10 * MINUTE)
      return 'clock'
    default:
      if ('restart' in one.place) one.place.restart()
      return 'router'
  }
}

/** ms until an echo comes back. */
const untilEcho = async (net: VirtualNet, from: Member, to: Member, what: string): Promise<number> => {
  const began = net.now
  const echoed = async (): Promise<void> => {
    for await (const reply of from.network.ping(to.network.address(4)!, { interval: 200, timeout: 400 }))
      if ('rtt' in reply) return
  }
  await net.until(echoed(), 10 * BOUND).catch((cause: unknown) => {
    throw new Error(`no traffic after ${what}`, { cause })
  })
  return net.now - began
}

/** The largest number of entries that any node has in each table. */
const most = (nodes: readonly ZtNode[]): ReadonlyMap<string, number> => {
  const sizes = new Map<string, number>()
  for (const node of nodes)
    for (const [layer, state] of (node as VirtualNode).running.states.entries())
      for (const [table, size] of census(state)) {
        const name = `vl${layer + 1}${table}`
        sizes.set(name, Math.max(size, sizes.get(name) ?? 0))
      }
  return sizes
}

/** Tables that were larger in the second half of the time than ever in the first, by more than chance explains. */
const grown = (history: readonly ReadonlyMap<string, number>[]): readonly string[] => {
  const half = Math.ceil(history.length / 2)
  const largest = (part: typeof history, table: string): number =>
    Math.max(0, ...part.map((sizes) => sizes.get(table) ?? 0))
  return [...new Set(history.flatMap((sizes) => [...sizes.keys()]))].flatMap((table) => {
    const [before, after] = [largest(history.slice(0, half), table), largest(history.slice(half), table)]
    return after > Math.max(1.5 * before + 32, FULL[table] ?? 0) ? [`${table}: ${before}, then ${after}`] : []
  })
}
/** Rings, which fill up once and for all. */
const FULL: Readonly<Record<string, number>> = { 'vl1.contacted': 1_024 }

const newPlace = (net: VirtualNet, i: number): Segment =>
  i % 2 === 0
    ? net.segment(weather)
    : net.nat((['full-cone', 'port-restricted', 'symmetric'] as const)[i % 3]!, weather)
const weather = { latency: 15, jitter: 3 }

const draws = (seed: number): ((most: number) => number) => {
  let random = rng(seed)
  return (most) => {
    const [value, after] = next(random)
    random = after
    return value % most
  }
}

/** Addresses of our own with the keys of fixtures: there are more members than these. */
const identities = Array.from({ length: MEMBERS }, (_, i) => {
  const [, ...keys] = fixtures.identities[2 + (i % 14)]!.split(':')
  return [`1c0ffee${(0x100 + i).toString(16)}`, ...keys].join(':')
})
