import type { Network, ZtEvent, ZtNode } from '../../src/index.node.ts'
import { type VirtualNet, type VirtualNodeOptions, virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from './virtual-pair.ts'

/** The seeds that scenarios run with. */
export const seeds = [1, 2, 3, 4, 5] as const

/**
 * What happened to some nodes, as text to be compared: a line for each, and one for each link between two of them, with
 * the types of events in order and without their times. `|` is where the scenario did something, so that a line reads like
 * a marble diagram:
 *
 *     alice      online | offline | online
 *     alice→bob  relay direct | unreachable | direct
 */
export class Story {
  readonly #names = new Map<string, string>()
  readonly #lines = new Map<string, string[]>()
  #cuts = 0

  add(name: string, node: ZtNode): void {
    this.#names.set(node.id, name)
    node.events$.subscribe((event) => this.#tell(name, event))
  }

  /** The scenario does something now. */
  cut(): void {
    this.#cuts++
    for (const line of this.#lines.values()) line.push('|')
  }

  toString(): string {
    return this.without()
  }

  /** Less the lines with these names. */
  without(...names: readonly string[]): string {
    const lines = [...this.#lines].filter(([name]) => !names.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1))
    const width = Math.max(...lines.map(([name]) => name.length))
    return lines.map(([name, line]) => `\n${name.padEnd(width)}  ${line.join(' ')}`).join('')
  }

  #tell(name: string, event: ZtEvent): void {
    switch (event.type) {
      case 'node/online':
      case 'node/offline':
      case 'node/down':
      case 'node/fatal':
        this.#line(name).push(event.type.slice('node/'.length))
        return
      case 'peer/direct':
      case 'peer/relay':
      case 'peer/unreachable': {
        const other = this.#names.get(event.peer.id)
        if (other !== undefined) this.#line(`${name}→${other}`).push(event.type.slice('peer/'.length))
      }
    }
  }

  #line(name: string): string[] {
    const line = this.#lines.get(name) ?? Array.from({ length: this.#cuts }, () => '|')
    this.#lines.set(name, line)
    return line
  }
}

export interface Scene {
  readonly net: VirtualNet
  readonly story: Story
  readonly alice: ZtNode
  readonly bob: ZtNode
  readonly a: Network
  readonly b: Network
}

/** Alice and Bob, members of a public network, and their story from the start. Without a root, one is made. */
export const scene = async (
  net: VirtualNet,
  aliceAt: VirtualNodeOptions,
  bobAt: VirtualNodeOptions,
  controllerAt: VirtualNodeOptions = {},
): Promise<Scene> => {
  const controller = await net.controller(controllerAt)
  const hosted = await controller.create(openNetwork)
  const story = new Story()
  const alice = await net.node(aliceAt)
  story.add('alice', alice)
  const bob = await net.node(bobAt)
  story.add('bob', bob)
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 300_000)
  return { net, story, alice, bob, a, b }
}

export const newNet = (seed: number): VirtualNet => virtualNet({ seed })

/** Lets time pass until an echo comes back, and says how much did: ms of virtual time. */
export const untilTrafficFlows = async (
  net: VirtualNet,
  from: Network,
  to: Network,
  { limit = 120_000, family = 4 as 4 | 6 } = {},
): Promise<number> => {
  const began = net.now
  const echoed = async (): Promise<void> => {
    for await (const reply of from.ping(to.address(family)!, { interval: 100, timeout: 250 }))
      if ('rtt' in reply) return
  }
  await net.until(echoed(), limit)
  return net.now - began
}

/** Echoes `count` times, once a second if nothing else is said, and says how many came back. */
export const talk = async (
  net: VirtualNet,
  from: Network,
  to: Network,
  count: number,
  interval = 1000,
): Promise<number> => {
  let answered = 0
  const echo = async (): Promise<void> => {
    for await (const reply of from.ping(to.address(4)!, { count, interval, timeout: 900 }))
      if ('rtt' in reply) answered++
  }
  await net.until(echo(), 2 * interval * count)
  return answered
}
