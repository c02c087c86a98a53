import { firstValueFrom, NEVER } from 'rxjs'
import { ArgumentError } from 'rxzt'
import { virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork } from '../support/virtual-pair.ts'

describe('a virtual network', () => {
  it('fails with a timeline where a promise does not settle, and shows it at any time', async () => {
    await using net = virtualNet({ seed: 3 })
    const { node: root } = await net.root()
    const node = await net.node()
    await net.until(node.online())
    expect(net.timeline.split('\n')).toContain(`       2.0 ms  ${node.id}  node/online`)
    const stuck = net.until(firstValueFrom(NEVER), 1_000)
    await expect(stuck).rejects.toThrow('the promise did not settle: nothing came of it in 1000 ms\n')
    await expect(stuck).rejects.toThrow(`${node.id}  peer/direct ${root.id}`)
  })

  it('keeps the last events in its timeline and says how many it left out', async () => {
    await using net = virtualNet({ seed: 3 })
    const node = await net.node()
    for (let i = 0; i < 20; i++) {
      await net.until(node.join(`ff${(1000 + i).toString(16).padStart(4, '0')}ffff000000`, { wait: 'ok' }))
    }
    const lines = net.timeline.split('\n')
    expect(lines).toHaveLength(61)
    expect(lines[0]).toMatch(/^… \d+ events before$/)
    expect(lines.at(-1)).toContain('ff03fbffff000000')
  })

  it('gives a node a clock that can be put forward, and no other', async () => {
    await using net = virtualNet({ seed: 4 })
    await net.root()
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const clock = net.clock()
    const node = await net.node({ scheduler: clock })
    const network = await net.until(node.join(hosted.id))
    clock.jump(3_600_000)
    expect(clock.now() - net.now).toBe(3_600_000)
    await net.advance(60_000)
    expect(network.state.status).toBe('ready')
    expect(() => clock.jump(-1)).toThrow(ArgumentError)
    expect(() => clock.jump(Number.NaN)).toThrow(ArgumentError)
  })

  it('shows the datagrams of its wire, and forgets who looks when it ends', async () => {
    const net = virtualNet({ seed: 5 })
    let seen = 0
    let ended = false
    net.wire$.subscribe({ next: () => seen++, complete: () => (ended = true) })
    const node = await net.node()
    await net.until(node.online())
    await net[Symbol.asyncDispose]()
    expect(seen).toBeGreaterThan(1)
    expect(ended).toBe(true)
    expect(net.scheduler.actions).toHaveLength(0)
  })
})
