import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Network, ZtNode } from '../../src/index.node.ts'
import { type VirtualNet, type VirtualNodeOptions, virtualNet } from '../../src/testing.node.ts'
import { legend, Story } from './story.ts'
import { openNetwork } from './virtual-pair.ts'

/** How many seeds every scenario runs with; `RXZT_SEEDS` says otherwise. */
const SEEDS = Number(process.env['RXZT_SEEDS'] ?? 20)

export interface ScenarioOptions {
  readonly proven?: readonly string[]
  /** Chance decides more than times: links may change in another order with another seed. */
  readonly varies?: boolean
}

/**
 * A scenario by seeds. With seed 1 its story is, to the millisecond, the marble diagram in `test/sim/diagrams`; with all
 * others it has the same plot. Events come in the promised order with all of them, and traffic flows again within the
 * times of `docs/simulation.md`.
 */
export const scenario = (
  title: string,
  play: (stage: Stage) => Promise<void>,
  { proven = [], varies = false }: ScenarioOptions = {},
): void => {
  describe(title, () => {
    const worst = new Map<string, number>()
    let first: Promise<Told> | undefined

    const perform = async (seed: number): Promise<Told> => {
      const net = virtualNet({ seed, proven })
      const stage = new Stage(title, net, worst)
      await play(stage)
      const { diagram, plot, problems } = stage.story
      await net[Symbol.asyncDispose]()
      expect(problems).toEqual([])
      expect(net.scheduler.actions, 'timers that are left over').toHaveLength(0)
      return { diagram, plot }
    }

    it('is the story of its diagram with seed 1', async () => {
      first ??= perform(1)
      const { diagram } = await first
      const file = title.replaceAll(/[^a-z0-9]+/gi, '-')
      await expect(`${title}\n${legend}\n\n${diagram}`).toMatchFileSnapshot(`../sim/diagrams/${file}.txt`)
    })

    it(`has the same plot with seeds 2 to ${SEEDS}`, { timeout: 60_000 + SEEDS * 5_000 }, async () => {
      first ??= perform(1)
      const { plot } = await first
      const failures: string[] = []
      for (let seed = 2; seed <= SEEDS; seed++)
        try {
          const story = await perform(seed)
          if (!varies) expect(story.plot).toBe(plot)
        } catch (error) {
          failures.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`)
        }
      expect(failures).toEqual([])
    })

    if (process.env['RXZT_SEEDS'] !== undefined)
      afterAll(() => {
        for (const [what, ms] of worst) console.info(`| ${title} | ${what} | ${Math.ceil(ms)} ms of ${SEEDS} seeds`)
      })
  })
}

interface Told {
  readonly diagram: string
  readonly plot: string
}

/** What a scenario plays on: a network in virtual time, and who is watched. */
export class Stage {
  readonly net: VirtualNet
  readonly story: Story
  readonly #title: string
  readonly #worst: Map<string, number>

  constructor(title: string, net: VirtualNet, worst: Map<string, number>) {
    this.#title = title
    this.net = net
    this.#worst = worst
    this.story = new Story(() => net.now)
  }

  /** Alice and Bob, members of a public network. Without a root, one is made. */
  async pair(aliceAt: VirtualNodeOptions, bobAt: VirtualNodeOptions, controllerAt: VirtualNodeOptions = {}) {
    const { net, story } = this
    const controller = await net.controller(controllerAt)
    const hosted = await controller.create(openNetwork)
    const alice = await this.#watched('alice', aliceAt)
    const bob = await this.#watched('bob', bobAt)
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 300_000)
    return { net, story, alice, bob, a, b }
  }

  /** Lets time pass until an echo comes back: within the time that the documentation states for this. */
  async flows(what: string, from: Network, to: Network, family: 4 | 6 = 4): Promise<void> {
    await this.within(what, async () => {
      for await (const reply of from.ping(to.address(family)!, { interval: 100, timeout: 250 }))
        if ('rtt' in reply) return
    })
  }

  /** The same for anything else. */
  async within<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = this.net.now
    const result = await this.net.until(work(), 300_000)
    const ms = this.net.now - began
    this.#worst.set(what, Math.max(ms, this.#worst.get(what) ?? 0))
    expect(ms, `${this.#title}: ${what}`).toBeLessThanOrEqual(statedTime(this.#title, what))
    return result
  }

  /** Echoes `count` times, once a second if nothing else is said, and says how many came back. */
  async talk(from: Network, to: Network, count: number, interval = 1000): Promise<number> {
    let answered = 0
    const echo = async (): Promise<void> => {
      for await (const reply of from.ping(to.address(4)!, { count, interval, timeout: 900 }))
        if ('rtt' in reply) answered++
    }
    await this.net.until(echo(), 2 * interval * count)
    return answered
  }

  async #watched(name: string, at: VirtualNodeOptions): Promise<ZtNode> {
    const node = await this.net.node(at)
    this.story.add(name, node)
    return node
  }
}

/** `| scenario | event | 2 s | …` in ms. */
const statedTime = (title: string, what: string): number => {
  const row = statedTimes.find((one) => one.title === title && one.what === what)
  if (row === undefined) throw new Error(`docs/simulation.md states no time for "${title}", "${what}"`)
  return row.ms
}
const statedTimes = [
  ...readFileSync(new URL('../../docs/simulation.md', import.meta.url), 'utf8').matchAll(
    /^\| ([^|]+) \| ([^|]+) \| ([\d ]+) (ms|s) \|/gm,
  ),
].map(([, title, what, number, unit]) => ({
  title: title!,
  what: what!,
  ms: Number(number!.replaceAll(' ', '')) * (unit === 's' ? 1000 : 1),
}))
