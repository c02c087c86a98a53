import { createHash } from 'node:crypto'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { ZtEvent } from '../../src/index.node.ts'
import { virtualNet } from '../../src/testing.node.ts'
import { openNetwork, pattern, readAll, serveEcho, virtualPair } from '../support/virtual-pair.ts'

describe('two nodes in virtual time', () => {
  it('come online in one round trip to the root, and are ready soon after', async () => {
    await using net = virtualNet({ seed: 1 })
    await net.root()
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node({ on: net.segment({ latency: 10 }) })
    const began = net.now
    await net.until(node.online())
    expect(net.now - began).toBeLessThanOrEqual(25)
    const network = await net.until(node.join(hosted.id))
    expect(net.now - began).toBeLessThanOrEqual(200)
    expect(network.state).toMatchObject({ status: 'ready', name: 'open', mtu: 2800, type: 'public', broadcast: true })
    expect(network.addresses.map(({ family }) => family).sort()).toEqual([4, 6, 6])
  })

  it('tell what happens in the promised order', async () => {
    await using net = virtualNet({ seed: 2 })
    const events: string[] = []
    await net.root()
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    let ended = false
    node.events$.subscribe({
      next: (event: ZtEvent) => events.push(event.type),
      complete: () => {
        ended = true
      },
    })
    const network = await net.until(node.join(hosted.id))
    await network.leave()
    await node.close()
    const firstOf = (types: readonly string[]): readonly number[] => types.map((type) => events.indexOf(type))
    const ofNode = firstOf(['node/up', 'node/online', 'node/down'])
    const ofNetwork = firstOf(['network/requesting', 'network/ok', 'address/added', 'network/ready', 'network/down'])
    for (const found of [ofNode, ofNetwork]) {
      expect(found).not.toContain(-1)
      expect(found).toEqual([...found].sort((x, y) => x - y))
    }
    expect(events.at(-1)).toBe('node/down')
    expect(ended).toBe(true)
  })

  it('start relayed and become direct', async () => {
    const { net, alice, bob, a, b } = await virtualPair(3)
    await serveEcho(a, 7)
    const links: string[] = []
    bob.events$.subscribe((event) => {
      if ('peer' in event && event.peer.id === alice.id) links.push(event.type)
    })
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    await net.advance(1000)
    expect(links[0]).toBe('peer/relay')
    expect(links).toContain('peer/direct')
    expect(bob.peer(alice.id)).toMatchObject({ link: 'direct', role: 'leaf' })
    expect(socket.peer).toBe(alice.id)
    await net[Symbol.asyncDispose]()
  })

  it('echo a mebibyte over IPv4 and IPv6', async () => {
    const { net, a, b } = await virtualPair(4)
    await serveEcho(a, 7)
    for (const family of [4, 6] as const) {
      const socket = await net.until(b.connect({ host: a.address(family)!, port: 7 }))
      const sent = pattern(1 << 20)
      const echoed = readAll(socket)
      await net.until(socket.write(sent).then(() => socket.end()))
      expect(sha256(await net.until(echoed))).toBe(sha256(sent))
      await net.until(socket.closed)
    }
    await net[Symbol.asyncDispose]()
  })

  it.each([1, 2, 3, 4, 5])('lose no byte where three datagrams in ten are lost (seed %i)', async (seed) => {
    const { net, segments, a, b } = await virtualPair(seed, { latency: 10 })
    await serveEcho(a, 7)
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    for (const segment of segments) segment.set({ latency: 10, jitter: 5, loss: 0.16, reorder: 0.02, duplicate: 0.02 })
    const sent = pattern(100_000)
    const echoed = readAll(socket)
    await net.until(
      socket.write(sent).then(() => socket.end()),
      3_600_000,
    )
    expect(sha256(await net.until(echoed, 3_600_000))).toBe(sha256(sent))
    await net[Symbol.asyncDispose]()
  })

  it('carry on after a partition heals', async () => {
    const net = virtualNet({ seed: 6 })
    await net.root()
    const controller = await net.controller()
    const hosted = await controller.create(openNetwork)
    const [left, right] = [net.segment({ latency: 5 }), net.segment({ latency: 5 })]
    const [alice, bob] = [await net.node({ on: left }), await net.node({ on: right })]
    const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]))
    await serveEcho(a, 7)
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
    const reader = socket[Symbol.asyncIterator]()
    await net.until(socket.write('before'))
    expect(text((await net.until(reader.next())).value)).toBe('before')
    const heal = [net.partition(left, right), net.partition(left, net.internet), net.partition(right, net.internet)]
    await socket.write('during')
    await net.advance(20_000)
    for (const undo of heal) undo()
    expect(text((await net.until(reader.next())).value)).toBe('during')
    await net[Symbol.asyncDispose]()
  })

  it('put the same bytes on the wire for the same seed, and others for another', async () => {
    const run = async (seed: number): Promise<string> => {
      const net = virtualNet({ seed })
      const hash = createHash('sha256')
      net.wire$.subscribe(({ at, from, to, data }) => hash.update(`${at} ${from.address} ${to.address} `).update(data))
      await net.root()
      const controller = await net.controller()
      const hosted = await controller.create(openNetwork)
      const weather = { latency: 5, jitter: 3, loss: 0.05 }
      const [alice, bob] = [await net.node({ on: net.segment(weather) }), await net.node({ on: net.segment(weather) })]
      const [a, b] = await net.until(Promise.all([alice.join(hosted.id), bob.join(hosted.id)]), 120_000)
      await serveEcho(a, 7)
      const socket = await net.until(b.connect({ host: a.address(4)!, port: 7 }))
      const echoed = readAll(socket)
      await net.until(socket.write(pattern(20_000)).then(() => socket.end()))
      await net.until(echoed)
      await net.advance(30_000)
      await net[Symbol.asyncDispose]()
      return hash.digest('hex')
    }
    const [first, again, other] = [await run(7), await run(7), await run(8)]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })
})

describe('membership', () => {
  it('waits for authorisation, which the controller sees as a request', async () => {
    await using net = virtualNet({ seed: 10 })
    const controller = await net.controller()
    const hosted = await controller.create({ ...openNetwork, private: true })
    const node = await net.node()
    const requested = firstValueFrom(controller.requests$)
    const joining = node.join(hosted.id)
    const request = await net.until(requested)
    expect(request).toMatchObject({ network: hosted.id, member: node.id })
    await net.advance(100)
    expect(node.network(hosted.id)?.state.status).toBe('denied')
    await request.authorize({ ips: ['10.144.0.77'], name: 'node' })
    const network = await net.until(joining, 1000)
    expect(network.address(4)).toBe('10.144.0.77')
    expect((await firstValueFrom(hosted.members$)).get(node.id)).toMatchObject({
      authorized: true,
      name: 'node',
      ips: ['10.144.0.77'],
    })
  })

  it('is refused at once where the caller wants that', async () => {
    await using net = virtualNet({ seed: 11 })
    const controller = await net.controller()
    const hosted = await controller.create({ private: true })
    const node = await net.node()
    const refused = net.until(node.join(hosted.id, { onDenied: 'reject' }))
    await expect(refused).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'ERR_ZT_ACCESS_DENIED',
      networkId: hosted.id,
    })
  })

  it('of a network that does not exist is an error', async () => {
    await using net = virtualNet({ seed: 12 })
    const controller = await net.controller()
    const node = await net.node()
    const missing = `${controller.node.id}00abcd`.slice(0, 16)
    await expect(net.until(node.join(missing))).rejects.toMatchObject({ code: 'ERR_ZT_NOT_FOUND' })
  })

  it('ends when the controller says so', async () => {
    const { net, controller, hosted, bob, b } = await virtualPair(13)
    await controller.deauthorize(hosted.id, bob.id)
    await net.advance(1000)
    expect(b.state.status).toBe('denied')
    await net[Symbol.asyncDispose]()
  })

  it('learns of new routes and names at once', async () => {
    const { net, controller, hosted, b } = await virtualPair(14)
    await controller.update(hosted.id, {
      name: 'renamed',
      routes: [{ target: '10.144.0.0/24' }, { target: '10.145.0.0/16', via: '10.144.0.1' }],
    })
    await net.advance(1000)
    expect(b.state.name).toBe('renamed')
    expect(b.state.routes).toHaveLength(2)
    await net[Symbol.asyncDispose]()
  })

  it('gives up at its timeout, and at once when aborted', async () => {
    await using net = virtualNet({ seed: 15 })
    const controller = await net.controller()
    const hosted = await controller.create({ private: true })
    const node = await net.node()
    await expect(net.until(node.join(hosted.id, { timeout: 5000 }))).rejects.toMatchObject({
      name: 'SocketError',
      code: 'ETIMEDOUT',
    })
    const abort = new AbortController()
    const joining = node.join(hosted.id, { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(joining).rejects.toThrow('enough')
  })
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
