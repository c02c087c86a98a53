import { statsDelta$ } from 'rxzt'
import { describe, expect, it } from 'vitest'
import { FRAGMENT_HEADER } from '../../src/protocol/packet/header.ts'
import { virtualNet } from '../../src/testing.node.ts'
import { openNetwork, readAll, serveEcho, virtualPair } from '../support/virtual-pair.ts'

const sumOf = (counts: Readonly<Record<string, number>>, kind: string, but: readonly string[]): number =>
  Object.entries(counts)
    .filter(([name]) => name.endsWith(`/${kind}`) && !but.includes(name.split('/')[0]!))
    .reduce((sum, [, value]) => sum + value, 0)
const ways = ['direct', 'relayed', 'forwarded']

describe('node.stats.vl1', () => {
  it('counts packets and bytes by verb, on both sides alike where nothing is lost', async () => {
    const { net, alice, bob, a, b } = await virtualPair(11)
    await serveEcho(b, 7)
    await net.advance(2_000)
    const before = [alice.stats.vl1, bob.stats.vl1] as const
    const socket = await net.until(a.connect({ host: b.address(4)!, port: 7 }))
    const echoed = readAll(socket)
    await net.until(socket.write(new Uint8Array(100_000)))
    await net.until(socket.end())
    expect((await net.until(echoed)).length).toBe(100_000)
    await net.advance(1_000)
    const [hers, his] = [alice.stats.vl1, bob.stats.vl1]
    const grown = (after: Readonly<Record<string, number>>, at: 0 | 1, name: string): number =>
      (after[name] ?? 0) - (before[at][name] ?? 0)
    expect(grown(hers, 0, 'frame/sent')).toBe(grown(his, 1, 'frame/received'))
    expect(grown(his, 1, 'frame/sent')).toBe(grown(hers, 0, 'frame/received'))
    // received is what was put together: less the headers of the pieces
    const headers = grown(hers, 0, 'frame/sentBytes') - grown(his, 1, 'frame/receivedBytes')
    expect(headers).toBeGreaterThan(0)
    expect(headers % FRAGMENT_HEADER).toBe(0)
    expect(grown(hers, 0, 'frame/sentBytes')).toBeGreaterThan(100_000)
    expect(hers['hello/sent']).toBeGreaterThan(0)
    expect(hers['ok/received']).toBeGreaterThan(0)
    await net[Symbol.asyncDispose]()
  })

  it('counts every byte by verb and by way, and as many as the wire carried', async () => {
    const net = virtualNet({ seed: 12 })
    const carried = new Map<string, number>()
    net.wire$.subscribe(({ from, data }) => {
      // four bytes open a router and are no packet
      if (data.length > 4) carried.set(from.address, (carried.get(from.address) ?? 0) + data.length)
    })
    await net.root()
    const node = await net.node({ addresses: ['44.3.0.1'] })
    await net.until(node.online())
    await net.advance(60_000)
    const { vl1 } = node.stats
    expect(sumOf(vl1, 'sentBytes', ways)).toBe(carried.get('44.3.0.1'))
    for (const kind of ['sent', 'sentBytes', 'received', 'receivedBytes'])
      expect(sumOf(vl1, kind, ways)).toBe((vl1[`direct/${kind}`] ?? 0) + (vl1[`relayed/${kind}`] ?? 0))
    await net[Symbol.asyncDispose]()
  })

  it('tells what is relayed from what is direct, at both ends and at the root', async () => {
    const net = virtualNet({ seed: 13 })
    const { node: root } = await net.root({ addresses: ['44.2.0.1'] })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const at = () => ({ on: net.nat('symmetric') })
    const [alice, bob] = [await net.node(at()), await net.node(at())]
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 60_000)
    const ping = async (): Promise<void> => {
      for await (const _ of a.ping(b.address(4)!, { count: 20, interval: 100 }));
    }
    await net.until(ping())
    const frames = alice.stats.vl1['frame/sentBytes'] ?? 0
    expect(frames).toBeGreaterThan(20 * 84)
    expect(alice.stats.vl1['relayed/sentBytes']).toBeGreaterThanOrEqual(frames)
    expect(bob.stats.vl1['relayed/receivedBytes']).toBeGreaterThanOrEqual(frames)
    expect(root.stats.vl1['forwarded/sentBytes']).toBeGreaterThanOrEqual(2 * frames)
    expect(bob.stats.vl1['forwarded/sent']).toBeUndefined()
    await net[Symbol.asyncDispose]()
  })

  it('becomes rates by statsDelta$, and JSON as it is', async () => {
    const { net, alice, a, b } = await virtualPair(14)
    const rates: unknown[] = []
    const looking = statsDelta$(() => alice.stats.vl1, 1_000, net.scheduler).subscribe((grown) =>
      rates.push(grown['frame/sent'] ?? 0),
    )
    const ping = async (): Promise<void> => {
      for await (const _ of a.ping(b.address(4)!, { count: 30, interval: 100 }));
    }
    await net.advance(500)
    await net.until(ping())
    await net.advance(2_000)
    looking.unsubscribe()
    expect(rates.slice(1, 3)).toEqual([10, 10])
    expect(rates.at(-1)).toBe(0)
    expect(JSON.parse(JSON.stringify(alice.stats))).toEqual({ ...alice.stats, link: undefined })
    await net[Symbol.asyncDispose]()
  })
})
