import { describe, expect, it } from 'vitest'
import { type NatKind, virtualNet } from '../../src/testing.node.ts'
import { openNetwork, serveEcho } from '../support/virtual-pair.ts'

/** Two members behind routers, talking; the link between them after a while. */
const behind = async (kinds: readonly [NatKind, NatKind], seed: number) => {
  const net = virtualNet({ seed })
  await net.root()
  const controller = await net.controller()
  const hosted = await controller.create(openNetwork)
  const routers = kinds.map((kind) => net.nat(kind, { latency: 10 }))
  const alice = await net.node({ on: routers[0]! })
  const bob = await net.node({ on: routers[1]! })
  const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
  await serveEcho(a, 7)
  const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
  const reader = socket[Symbol.asyncIterator]()
  const echo = async (words: string): Promise<string> => {
    await socket.write(words)
    const { value } = await reader.next()
    return new TextDecoder().decode(value)
  }
  return { net, routers, alice, bob, echo }
}

describe('nodes behind routers', () => {
  const direct: readonly (readonly [NatKind, NatKind])[] = [
    ['full-cone', 'full-cone'],
    ['restricted', 'restricted'],
    ['port-restricted', 'port-restricted'],
    ['full-cone', 'symmetric'],
    ['restricted', 'symmetric'],
  ]
  it.each(direct)('%s and %s: relayed at first, then direct', async (one, other) => {
    const { net, alice, bob, echo } = await behind([one, other], 60)
    expect(await net.until(echo('relayed'))).toBe('relayed')
    await net.advance(20_000)
    expect(alice.peer(bob.id)?.link).toBe('direct')
    expect(bob.peer(alice.id)?.link).toBe('direct')
    const began = net.now
    expect(await net.until(echo('direct'))).toBe('direct')
    expect(net.now - began).toBeLessThanOrEqual(45)
    await net[Symbol.asyncDispose]()
  })

  it('two symmetric ones: relayed for good', async () => {
    const { net, alice, bob, echo } = await behind(['symmetric', 'symmetric'], 61)
    await net.advance(60_000)
    expect(alice.peer(bob.id)?.link).toBe('relay')
    expect(await net.until(echo('still here'))).toBe('still here')
    await net[Symbol.asyncDispose]()
  })

  it('idle connections outlive the mappings of routers', async () => {
    const { net, alice, bob, echo } = await behind(['port-restricted', 'port-restricted'], 62)
    await net.advance(600_000)
    expect(alice.peer(bob.id)?.link).toBe('direct')
    expect(await net.until(echo('awake'))).toBe('awake')
    await net[Symbol.asyncDispose]()
  })

  it('a router that restarts costs no connection', async () => {
    const { net, routers, echo } = await behind(['port-restricted', 'port-restricted'], 63)
    await net.advance(5000)
    routers[0]!.restart()
    expect(await net.until(echo('other ports'), 300_000)).toBe('other ports')
    await net[Symbol.asyncDispose]()
  })
})
