import type { Network, ZtEvent, ZtNode } from '../../src/index.node.ts'
import { type VirtualNet, type VirtualNodeOptions, virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from './virtual-pair.ts'

/** The seeds that scenarios run with. */
export const seeds = [1, 2, 3, 4, 5] as const

/**
 * What happened to some nodes, as text to be compared: a line for each, with the types of its events in order and without
 * their times. `|` is where the scenario did something, so that a line reads like a marble diagram:
 *
 *     alice  online relay:bob direct:bob | offline | online
 *
 * Shown are the node's own events and the links to the other nodes of the story.
 */
export class Story {
  readonly #names = new Map<string, string>()
  readonly #lines = new Map<string, string[]>()

  add(name: string, node: ZtNode): void {
    this.#names.set(node.id, name)
    const line: string[] = []
    this.#lines.set(name, line)
    node.events$.subscribe((event) => {
      const word = this.#word(event)
      if (word !== undefined) line.push(word)
    })
  }

  /** The scenario does something now. */
  cut(): void {
    for (const line of this.#lines.values()) line.push('|')
  }

  toString(): string {
    const width = Math.max(...[...this.#lines.keys()].map((name) => name.length))
    return [...this.#lines].map(([name, line]) => `${name.padEnd(width)}  ${line.join(' ')}`.trimEnd()).join('\n')
  }

  #word(event: ZtEvent): string | undefined {
    switch (event.type) {
      case 'node/online':
      case 'node/offline':
      case 'node/down':
      case 'node/fatal':
        return event.type.slice('node/'.length)
      case 'peer/direct':
      case 'peer/relay':
      case 'peer/unreachable': {
        const name = this.#names.get(event.peer.id)
        return name === undefined ? undefined : `${event.type.slice('peer/'.length)}:${name}`
      }
      default:
        return undefined
    }
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
