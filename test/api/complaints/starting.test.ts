import type { ZtEvent, ZtNode } from 'rxzt'
import { fixtures, virtualNet } from 'rxzt/testing'
import { describe, expect, it } from 'vitest'
import { openNetwork, serveEcho, virtualPair } from '../../support/virtual-pair.ts'

/** Complaints of those who start a node of another library and wait. */
describe('starting', () => {
  it('"the node is never online unless I register for its events": it is, as soon, whoever listens', async () => {
    const onlineAt = async (prepare: (node: ZtNode) => unknown): Promise<number> => {
      await using net = virtualNet({ seed: 3 })
      await net.root()
      const node = await net.node({ on: net.segment({ latency: 20 }) })
      prepare(node)
      await net.until(node.online())
      return net.now
    }
    const silent = await onlineAt(() => undefined)
    expect(await onlineAt((node) => node.events$.subscribe())).toBe(silent)
    expect(await onlineAt((node) => node.online$.subscribe())).toBe(silent)
  })

  it('"events never arrive": who comes late is shown where things stand, and what happened before anybody looked', async () => {
    const { net, alice, a } = await virtualPair(4)
    await net.advance(60_000)
    const seen: unknown[] = []
    alice.online$.subscribe((online) => seen.push(online))
    alice.networks$.subscribe((networks) => seen.push(networks.get(a.id)?.status))
    a.state$.subscribe(({ status }) => seen.push(status))
    expect(seen).toEqual([true, 'ready', 'ready'])
    const types: ZtEvent['type'][] = []
    alice.events$.subscribe(({ type }) => types.push(type))
    expect(types[0]).toBe('node/up')
    expect(types).toEqual(expect.arrayContaining(['node/online', 'network/ready']))
    await net[Symbol.asyncDispose]()
  })

  it('"READY never comes": joining ends when both the leave and the address are there, in whichever order they come', async () => {
    await using net = virtualNet({ seed: 5 })
    const controller = await net.controller()
    const { ipAssignmentPools: _, v6AssignMode: __, ...bare } = openNetwork
    const hosted = await controller.create({ ...bare, private: true })
    const node = await net.node()
    const joining = node.join(hosted.id)
    let joined = false
    void joining.then(() => {
      joined = true
    })
    await net.advance(10_000)
    expect(node.network(hosted.id)!.state.status).toBe('denied')
    await controller.authorize(hosted.id, node.id)
    await net.advance(30_000)
    expect([node.network(hosted.id)!.state.status, joined]).toEqual(['ok', false])
    await controller.authorize(hosted.id, node.id, { ips: ['10.144.0.9'] })
    expect((await net.until(joining)).address(4)).toBe('10.144.0.9')
  })

  it('"my network ID lost its digits in an integer": numbers are refused, text and bigints are not', async () => {
    await using net = virtualNet({ seed: 6 })
    const node = await net.node()
    // @ts-expect-error: nor does the compiler take one
    const numbered = node.join(0x8056_c2e2)
    await expect(numbered).rejects.toMatchObject({
      code: 'ERR_ZT_INVALID_ID',
      message: expect.stringContaining('number'),
    })
    const [text, big] = [
      await node.join('8056c2e21c000001', { wait: 'none' }),
      await node.join(0x8056c2e21c000001n, { wait: 'none' }),
    ]
    expect(text.id).toBe(big.id)
  })

  it('"joining before the node has its identity kills the process": there is no node before, and joining at once waits', async () => {
    await using net = virtualNet({ seed: 7 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    expect(node.id).toMatch(/^[\da-f]{10}$/)
    expect((await net.until(node.join(hosted.id))).state.status).toBe('ready')
  })

  it('"the first connection fails, try again for some seconds": the first one stands, over whatever it takes', async () => {
    await using net = virtualNet({ seed: 8 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const place = () => net.nat('port-restricted', { latency: 20 })
    const [alice, bob] = [await net.node({ on: place() }), await net.node({ on: place() })]
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
    await serveEcho(a, 7)
    for (const family of [4, 6] as const) {
      const began = net.now
      await net.until(b.connect({ host: a.address(family)!, port: 7 }))
      // 80 ms there and back by the root: who is it, where is the address, SYN
      expect(net.now - began).toBeLessThan(700)
    }
  })

  it('"connecting lasts 36 s and its timeout is none": it ends at the timeout, to the millisecond', async () => {
    const { net, a } = await virtualPair(9)
    for (const timeout of [1, 777, 45_000]) {
      const began = net.now
      const connecting = a.connect({ host: '10.144.0.200', port: 80, timeout })
      await expect(net.until(connecting, 60_000)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      expect(net.now - began).toBe(timeout)
    }
    await net[Symbol.asyncDispose]()
  })

  it('"one node for each process": a dozen of them, in two networks with the same addresses', async () => {
    await using net = virtualNet({ seed: 10 })
    const controller = await net.controller()
    const ids = [(await controller.create(openNetwork)).id, (await controller.create(openNetwork)).id]
    const nodes: ZtNode[] = []
    for (let i = 0; i < 12; i++) nodes.push(await net.node())
    const joined = await net.until(Promise.all(nodes.map((node, i) => node.join(ids[i % 2]!))))
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(12)
    expect(joined.map((network) => network.id)).toEqual(nodes.map((_, i) => ids[i % 2]))
    // both have somebody at the first address, and neither hears of the other
    for (const network of joined.slice(0, 2)) {
      const other = joined.find((one) => one.id === network.id && one !== network)!
      const { value } = await net.until(network.ping(other.address(4)!)[Symbol.asyncIterator]().next())
      expect(value).toMatchObject({ seq: 0, from: other.address(4) })
    }
  })

  it('"the identity changes at each start": the store, or the text of it, brings the same node back', async () => {
    await using net = virtualNet({ seed: 11 })
    const first = await net.node({ identity: fixtures.identities[9]! })
    const secret = first.identity.exportSecret()
    await first.close()
    const again = await net.node({ identity: secret })
    expect(again.id).toBe(first.id)
  })
})
