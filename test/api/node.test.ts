import { firstValueFrom, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { memoryStore, type NodeOptions, type StoreKey } from '../../src/index.node.ts'
import { fixtures, virtualNet } from '../../src/testing.node.ts'
import { openNetwork } from '../support/virtual-pair.ts'

describe('a node', () => {
  it('shows late subscribers where things stand', async () => {
    await using net = virtualNet({ seed: 20 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    await net.until(node.join(hosted.id))
    expect(await firstValueFrom(node.online$)).toBe(true)
    expect((await firstValueFrom(node.networks$)).get(hosted.id)).toMatchObject({ status: 'ready' })
    expect((await firstValueFrom(node.peers$)).get(controller.node.id)).toMatchObject({ id: controller.node.id })
    expect((await firstValueFrom(node.network(hosted.id)!.state$)).status).toBe('ready')
    const early = await firstValueFrom(node.events$.pipe(take(2), toArray()))
    expect(early.map(({ type }) => type)).toContain('node/up')
  })

  it('remembers networks, their configuration and its peers in the store', async () => {
    await using net = virtualNet({ seed: 21 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const store = memoryStore()
    const options = { identity: fixtures.identities[9]!, store }
    const first = await net.node(options)
    const addresses = (await net.until(first.join(hosted.id))).addresses
    await first.close()
    const kinds = async (kind: StoreKey['kind']): Promise<number> => (await store.list(kind)).length
    expect(await kinds('network')).toBe(1)
    expect(await kinds('peer')).toBeGreaterThan(0)

    const segment = net.segment()
    net.partition(segment, net.internet)
    const second = await net.node({ ...options, on: segment })
    const network = second.network(hosted.id)
    expect(network?.addresses).toEqual(addresses)
    await network!.leave()
    expect(second.network(hosted.id)).toBeUndefined()
    expect(await kinds('network')).toBe(0)
  })

  it('keeps only what it may', async () => {
    await using net = virtualNet({ seed: 22 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const store = memoryStore()
    const node = await net.node({ identity: fixtures.identities[9]!, store, cache: { networks: false, peers: false } })
    await net.until(node.join(hosted.id))
    await node.close()
    expect([...(await store.list('network')), ...(await store.list('peer'))]).toEqual([])
  })

  it('closes when its signal aborts, and says why', async () => {
    await using net = virtualNet({ seed: 23 })
    const abort = new AbortController()
    const controller = await net.controller()
    const hosted = await controller.create({ private: true })
    const node = await net.node({ signal: abort.signal })
    const joining = node.join(hosted.id)
    joining.catch(() => undefined)
    const reason = new Error('shutting down')
    abort.abort(reason)
    await node.closed
    await expect(joining).rejects.toMatchObject({ name: 'NodeError', code: 'ERR_ZT_CLOSED', cause: reason })
    await expect(node.online()).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED' })
    await expect(net.node({ signal: abort.signal })).rejects.toBe(reason)
  })

  it('ends calls in flight with the network they are on', async () => {
    await using net = virtualNet({ seed: 24 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    const network = await net.until(node.join(hosted.id))
    const connecting = network.connect({ host: '10.144.0.250', port: 1 })
    connecting.catch(() => undefined)
    const server = await net.until(network.listen())
    const accepting = server[Symbol.asyncIterator]().next()
    accepting.catch(() => undefined)
    await network.leave()
    await expect(connecting).rejects.toMatchObject({ name: 'NetworkError', code: 'ERR_ZT_LEFT', networkId: hosted.id })
    await expect(accepting).rejects.toMatchObject({ code: 'ERR_ZT_LEFT' })
    await expect(network.listen()).rejects.toMatchObject({ code: 'ERR_ZT_LEFT' })
    expect(network.state.status).toBe('down')
  })

  it('shows packets and frames only to those who look', async () => {
    await using net = virtualNet({ seed: 25 })
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    const packets: string[] = []
    const watching = node.packets$.subscribe(({ dir, outcome }) => packets.push(`${dir} ${outcome}`))
    const network = await net.until(node.join(hosted.id))
    expect(packets).toContain('in accepted')
    expect(packets.some((packet) => packet.startsWith('out'))).toBe(true)
    watching.unsubscribe()
    const seen = packets.length
    const frames: number[] = []
    network.frames$.subscribe(({ etherType }) => frames.push(etherType))
    network.connect({ host: '10.144.0.99', port: 1, timeout: 2000 }).catch(() => undefined)
    await net.advance(3000)
    expect(packets).toHaveLength(seen)
    expect(frames).toContain(0x0806)
  })

  it('hosts networks whose rules are written in the rule language', async () => {
    await using net = virtualNet({ seed: 27 })
    const controller = await net.controller()
    const { config } = await controller.create({
      rules: 'tag department id 5 default 1; drop not ethertype ipv4; accept;',
    })
    expect(config.tags).toEqual([{ id: 5, default: 1 }])
    expect(config.rules).toMatchObject([
      { type: 'MATCH_ETHERTYPE' },
      { type: 'ACTION_DROP' },
      { type: 'ACTION_ACCEPT' },
    ])
  })

  it('hosts networks that survive a restart of the controller', async () => {
    await using net = virtualNet({ seed: 26 })
    const store = memoryStore()
    const options = { identity: fixtures.identities[10]!, store }
    const first = await net.controller(options)
    const hosted = await first.create({ ...openNetwork, private: true })
    const node = await net.node()
    await first.authorize(hosted.id, node.id)
    const network = await net.until(node.join(hosted.id))
    await first.node.close()
    const second = await net.controller(options)
    await second.update(hosted.id, { name: 'again' })
    expect(second.network(hosted.id)?.config).toMatchObject({ name: 'again', private: true })
    expect((await firstValueFrom(second.network(hosted.id)!.members$)).get(node.id)).toMatchObject({
      authorized: true,
      ips: [network.address(4)],
    })
    await expect(second.create({ mtu: 12 })).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
    await expect(second.delete('ffffffffffffffff')).rejects.toMatchObject({ code: 'ERR_ZT_CONTROLLER' })
  })

  const wrong: readonly (readonly [name: string, options: unknown, code: string])[] = [
    ['an unknown option', { prot: 1 }, 'ERR_ZT_INVALID_OPTION'],
    ['a path as planet', { planet: './planet' }, 'ERR_ZT_INVALID_OPTION'],
    ['bytes that are no planet', { planet: new Uint8Array(100) }, 'ERR_ZT_PLANET_INVALID'],
    ['an identity that is none', { identity: 'secret' }, 'ERR_ZT_IDENTITY_INVALID'],
    [
      'a public identity',
      { identity: fixtures.identities[0]!.split(':').slice(0, 3).join(':') },
      'ERR_ZT_IDENTITY_INVALID',
    ],
    [
      'keys that do not match',
      { identity: swapped(fixtures.identities[0]!, fixtures.identities[1]!) },
      'ERR_ZT_IDENTITY_INVALID',
    ],
    [
      'an address of another key',
      { identity: `0000000001${fixtures.identities[0]!.slice(10)}` },
      'ERR_ZT_IDENTITY_INVALID',
    ],
    ['a store without methods', { store: {} }, 'ERR_ZT_INVALID_OPTION'],
    ['a flag that is none', { lowBandwidth: 'yes' }, 'ERR_ZT_INVALID_OPTION'],
  ]
  it.each(wrong)('is refused %s', async (_name, options, code) => {
    await using net = virtualNet({ seed: 27 })
    const refused = net.node(options as NodeOptions)
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(' — ') })
  })

  it('never repeats a secret in an error', async () => {
    await using net = virtualNet({ seed: 28 })
    const damaged = `${fixtures.identities[0]!.slice(0, -4)}zzzz`
    const error = await net.node({ identity: damaged }).then(
      () => undefined,
      (reason: Error) => reason,
    )
    expect(error?.message).not.toContain(damaged.slice(-40, -4))
  })
})

function swapped(one: string, other: string): string {
  return [...one.split(':').slice(0, 3), other.split(':')[3]].join(':')
}
