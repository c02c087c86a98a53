import { firstValueFrom, take, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VirtualNode } from '../../src/api/node.ts'
import type { WorkerSetup } from '../../src/api/worker/message.ts'
import { hostNode } from '../../src/api/worker/node-host.ts'
import { startRemote } from '../../src/api/worker/start-remote.ts'
import { createController } from '../../src/controller.node.ts'
import { memoryStore, type Network, type StateStore, type TcpSocket, type ZtNode } from '../../src/index.node.ts'
import { serveLocalApi, workerNode } from '../../src/node.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { fixtures, type VirtualNet, type VirtualNodeOptions } from '../../src/testing.node.ts'
import { expectError, OPTION, wrong } from '../support/bad-input.ts'
import { threadPair } from '../support/thread-pair.ts'
import { openNetwork, type Pair, pattern, readAll, serveEcho, virtualPair } from '../support/virtual-pair.ts'

/** A node of a virtual network whose program is, as far as messages go, on another thread. */
const remote = async (
  net: VirtualNet,
  options: VirtualNodeOptions = {},
  { store, signal }: { store?: StateStore; signal?: AbortSignal } = {},
): Promise<{ node: ZtNode; die: (cause: unknown) => void; bytesOver: () => number }> => {
  const [program, thread] = threadPair()
  let bytesOver = 0
  const setup: WorkerSetup = { options: {}, udp: {}, ...(store === undefined ? {} : { store: 'remote' }) }
  let die: (cause: unknown) => void = () => undefined
  const start = async (_: WorkerSetup, there: StateStore | string | undefined): Promise<VirtualNode> => {
    const node = await net.node({ ...options, ...(there === undefined ? {} : { store: there }) })
    if (!(node instanceof VirtualNode)) throw new Error('not of this library')
    return node
  }
  const still = () => undefined
  const clock = Object.assign(net.scheduler, { ref: still, unref: still })
  const starting = startRemote(
    {
      listen: program.listen,
      post: (batch, transfer) => {
        for (const { byteLength } of transfer) bytesOver += byteLength
        program.post(batch, transfer)
      },
      whenGone: (then) => {
        die = then
      },
      hold: still,
      terminate: async () => undefined,
    },
    { clock, random: seededRandom(5), store, signal },
  )
  void hostNode(thread, setup, start)
  const node = await net.until(starting)
  return { node, die: (cause) => die(cause), bytesOver: () => bytesOver }
}

/** One echo comes back. */
const answered = async (net: VirtualNet, from: Network, to: Network): Promise<void> => {
  const echoes = from.ping(to.address(4)!, { count: 1 })[Symbol.asyncIterator]()
  expect((await net.until(echoes.next())).value).toHaveProperty('rtt')
}

describe('a node on another thread', () => {
  let world: Pair
  let node: ZtNode
  let network: Network
  /** Bytes that went to the other thread so far. */
  let bytesOver: () => number
  beforeAll(async () => {
    world = await virtualPair(61)
    const { net, hosted } = world
    const started = await remote(net)
    node = started.node
    bytesOver = started.bytesOver
    network = await net.until(node.join(hosted.id))
  })
  afterAll(async () => {
    await world.net.until(node.close())
    await world.net[Symbol.asyncDispose]()
  })
  const connected = async () => {
    const { net, a } = world
    const server = await net.until(a.listen({ port: 0 }))
    const next = server[Symbol.asyncIterator]().next()
    const near = await net.until(network.connect({ host: a.address(4)!, port: server.address.port }))
    const far: TcpSocket = (await net.until(next)).value
    await server.close()
    return { near, far }
  }

  it('shows who and where it is', async () => {
    const { net, alice, a } = world
    expect(node.identity).toMatchObject({ id: node.id, hasSecret: true })
    expect(node.identity.exportSecret().split(':')[0]).toBe(node.id)
    await net.until(node.online())
    expect(await firstValueFrom(node.online$)).toBe(true)
    expect(node.info).toMatchObject({ id: node.id, online: true })
    expect(network.state).toMatchObject({ status: 'ready', name: 'open' })
    expect(network.addresses.map(({ family }) => family).sort()).toEqual([4, 6, 6])
    expect((await firstValueFrom(node.networks$)).get(network.id)).toEqual(network.state)
    await answered(net, network, a)
    expect(node.peer(alice.id)).toMatchObject({ id: alice.id, role: 'leaf' })
    expect(node.network(network.id)).toBe(network)
  })

  it('tells its events in the promised order', async () => {
    const events = await firstValueFrom(node.events$.pipe(take(5), toArray()))
    expect(events[0]).toMatchObject({ type: 'node/up', node: { id: node.id } })
    expect(events.map(({ type }) => type)).toContain('network/requesting')
  })

  it('carries bytes both ways over TCP, and none is lost or out of place', async () => {
    const { net, a, alice } = world
    await serveEcho(a, 7)
    const socket = await net.until(network.connect({ host: a.address(4)!, port: 7 }))
    expect(socket.peer).toBe(alice.id)
    const sent = pattern(1 << 20)
    const echoed = readAll(socket)
    await net.until(socket.write(sent).then(() => socket.end()))
    expect(Buffer.compare(await net.until(echoed), sent)).toBe(0)
    await net.until(socket.closed)
    expect([socket.bytesWritten, socket.bytesRead]).toEqual([sent.length, sent.length])
  })

  it('lets a slow reader here slow a writer elsewhere', async () => {
    const { net } = world
    const { near, far } = await connected()
    const sent = pattern(4 << 20)
    const writing = far.write(sent).then(() => far.end())
    writing.catch(() => undefined)
    await net.advance(5000)
    expect(near.readableLength).toBeLessThanOrEqual(2 << 20)
    expect(far.bytesWritten).toBeLessThan(4 << 20)
    expect(Buffer.compare(await net.until(readAll(near)), sent)).toBe(0)
    await net.until(near.close())
  })

  it('sends the bytes of a large write to the other thread once, however slow the reader', async () => {
    const { net } = world
    const { near, far } = await connected()
    const sent = pattern(4 << 20)
    const before = bytesOver()
    const writing = near.write(sent).then(() => near.end())
    await net.advance(2000)
    const received = readAll(far)
    await net.until(writing)
    expect(Buffer.compare(await net.until(received), sent)).toBe(0)
    expect(bytesOver() - before).toBe(sent.length)
    near.reset()
    far.reset()
  })

  it('lets a slow reader elsewhere slow a writer here', async () => {
    const { net } = world
    const { near, far } = await connected()
    let written = false
    const writing = near.write(pattern(8 << 20)).then(() => {
      written = true
    })
    writing.catch(() => undefined)
    await net.advance(5000)
    expect(written).toBe(false)
    expect(near.bytesWritten).toBeLessThanOrEqual(4 << 20)
    await expectError(() => near.write('more'), 'SocketError', 'ERR_ZT_BACKPRESSURE', /await each write/)
    far.reset()
    near.reset()
  })

  it('accepts whom it wants, and closes in good order', async () => {
    const { net, b, bob } = world
    const server = await net.until(network.listen({ port: 80, accept: (remote) => remote.port !== 6666 }))
    expect(server.address).toEqual({ address: '::', port: 80, family: 6 })
    const next = server[Symbol.asyncIterator]().next()
    const refused = await net.until(b.connect({ host: network.address(4)!, port: 80, localPort: 6666 }))
    await expect(net.until(refused.closed)).rejects.toMatchObject({ code: 'ECONNRESET' })
    const far = await net.until(b.connect({ host: network.address(4)!, port: 80 }))
    const near: TcpSocket = (await net.until(next)).value
    expect(near.peer).toBe(bob.id)
    near.stats
    await net.advance(10)
    expect(near.stats).toMatchObject({ state: 'ESTABLISHED' })
    await net.until(Promise.all([near.close(), far.close()]))
    await net.until(Promise.all([near.closed, far.closed]))
    await server.close()
    await expect(net.until(b.connect({ host: network.address(4)!, port: 80 }))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('sends and receives datagrams, and tells what became of a send by that send', async () => {
    const { net, a, alice } = world
    const there = await net.until(a.bind({ port: 5353 }))
    const here = await net.until(network.bind())
    const to = { host: a.address(4)!, port: 5353 }
    const received = there[Symbol.asyncIterator]().next()
    await net.until(here.send('question', to))
    const { value: question } = await net.until(received)
    const answered = here[Symbol.asyncIterator]().next()
    await there.send('answer', { host: question.from.address, port: question.from.port })
    expect((await net.until(answered)).value).toMatchObject({ peer: alice.id, from: { address: to.host, port: 5353 } })
    const refused = (call: () => unknown, code: string, message: RegExp) =>
      expectError(() => net.until(Promise.resolve().then(call)), 'SocketError', code, message)
    await refused(() => here.send('x', { host: '10.144.0.255', port: 1 }), 'EACCES', /^send/)
    await refused(() => here.send(new Uint8Array(70_000), to), 'EMSGSIZE', /^send/)
    await refused(() => here.joinGroup('10.144.0.1'), 'EINVAL', /^joinGroup/)
    await refused(() => here.leaveGroup('239.1.2.3'), 'EADDRNOTAVAIL', /^leaveGroup/)
    await refused(() => network.bind({ port: here.local.port }), 'EADDRINUSE', /^bind/)
    await here.close()
    await there.close()
  })

  it('drops datagrams beyond what may be under way, and counts them', async () => {
    const { net, a } = world
    const here = await net.until(network.bind({ port: 7777, maxQueue: 10 }))
    const there = await net.until(a.bind())
    for (let i = 0; i < 30; i++) await there.send(new Uint8Array(1000), { host: network.address(4)!, port: 7777 })
    await net.advance(100)
    expect(here.dropped).toBe(20)
    await here.close()
    await there.close()
  })

  it('shows frames, packets, members and its log to those who look', async () => {
    const { net, a, alice } = world
    const seen: string[] = []
    const looking = [
      network.frames$.subscribe(({ payload }) => seen.push(`frame ${payload.buffer.byteLength === payload.length}`)),
      node.packets$.subscribe(({ bytes }) => seen.push(`packet ${bytes.length > 0}`)),
      network.members$.subscribe((members) => seen.push(`member ${members.has(alice.id)}`)),
      node.drop$.subscribe(() => seen.push('drop')),
      node.trace$.subscribe(({ message }) => seen.push(message)),
    ]
    await net.advance(1)
    await answered(net, network, a)
    expect(seen).toEqual(expect.arrayContaining(['frame true', 'packet true', 'member true']))
    for (const one of looking) one.unsubscribe()
    await net.advance(10)
    const before = seen.length
    await answered(net, network, a)
    expect(seen.length).toBe(before)
    node.stats
    network.stats
    await net.advance(1)
    expect(network.stats['framesIn']).toBeGreaterThan(0)
    expect(node.stats.drops).toBeTypeOf('object')
  })

  it('adds routes, and leaves and joins networks', async () => {
    const { net, controller } = world
    network.addRoute({ target: '10.99.0.0/16', via: world.a.address(4)! })
    await net.advance(1)
    expect(network.routes.some(({ target }) => target.address === '10.99.0.0')).toBe(true)
    network.removeRoute('10.99.0.0/16')
    const hosted = await controller.create(openNetwork)
    const other = await net.until(node.join(hosted.id))
    const connecting = other.connect({ host: '10.144.0.99', port: 1 })
    connecting.catch(() => undefined)
    await net.until(other.leave())
    await expect(connecting).rejects.toMatchObject({ name: 'NetworkError', code: 'ERR_ZT_LEFT', networkId: hosted.id })
    expect(node.network(hosted.id)).toBeUndefined()
    await net.until(other.leave())
    expect((await net.until(node.join(hosted.id))).state.status).toBe('ready')
  })

  it('rejects as a node here does', async () => {
    const { net, a, controller } = world
    const hosted = await controller.create({ private: true })
    const settled = (call: () => Promise<unknown>) => () => net.until(call())
    await expectError(
      settled(() => node.join(wrong(7))),
      'ArgumentError',
      'ERR_ZT_INVALID_ID',
      /is a number/,
    )
    await expectError(
      settled(() => node.join(hosted.id, { onDenied: 'reject' })),
      'NetworkError',
      'ERR_ZT_ACCESS_DENIED',
      /has not let this node in/,
    )
    await expectError(
      settled(() => node.join(hosted.id, { timeout: 100 })),
      'SocketError',
      'ETIMEDOUT',
      /^join/,
    )
    await expectError(
      settled(() => network.connect({ host: a.address(4)!, port: 9 })),
      'SocketError',
      'ECONNREFUSED',
      /^connect/,
    )
    await expectError(
      settled(() => network.bridge({ timeout: 1 })),
      ...OPTION,
      /^bridge\(\) is not possible with a node on a thread of its own — use one of createNode\(\)/,
    )
    for (const call of [() => createController(node), () => serveLocalApi(node)])
      await expectError(call, ...OPTION, /^node runs on a thread of its own — pass what createNode\(\) gave/)
    const reason = new Error('enough')
    const abort = new AbortController()
    const joining = node.join(hosted.id, { signal: abort.signal })
    await net.advance(10)
    abort.abort(reason)
    await expect(joining).rejects.toBe(reason)
    await expect(node.join(hosted.id, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('the end of a node on another thread', () => {
  it('says goodbye, completes what it showed, and fails what is called later', async () => {
    const { net, hosted, a } = await virtualPair(62)
    const { node } = await remote(net)
    const network = await net.until(node.join(hosted.id))
    const server = await net.until(a.listen({ port: 9 }))
    const taken = server[Symbol.asyncIterator]().next()
    const near = await net.until(network.connect({ host: a.address(4)!, port: 9 }))
    const far: TcpSocket = (await net.until(taken)).value
    const reading = readAll(far).then(() => far.end())
    const events = firstValueFrom(node.events$.pipe(toArray()))
    await net.until(Promise.all([node.close(), reading]))
    await net.until(Promise.all([near.closed, node.closed]))
    expect((await events).map(({ type }) => type).slice(-2)).toEqual(['network/down', 'node/down'])
    expect(network.state.status).toBe('down')
    expect(node.networks$).toBeDefined()
    for (const call of [
      () => node.join(hosted.id),
      () => node.online(),
      () => network.connect({ host: a.address(4)!, port: 9 }),
      () => network.leave(),
    ])
      await expectError(call, 'NodeError', 'ERR_ZT_CLOSED', /is closed — create a new one/)
    await node.close()
    await net[Symbol.asyncDispose]()
    expect(net.scheduler.actions).toHaveLength(0)
  })

  it('comes with its signal, and says why', async () => {
    const { net, hosted } = await virtualPair(63)
    const abort = new AbortController()
    const { node } = await remote(net, {}, { signal: abort.signal })
    const network = await net.until(node.join(hosted.id))
    const connecting = network.connect({ host: '10.144.0.99', port: 1 })
    connecting.catch(() => undefined)
    const reason = new Error('shutting down')
    abort.abort(reason)
    await net.until(node.closed)
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED', cause: reason })
    await net[Symbol.asyncDispose]()
  })

  it('that nobody asked for is told by closed, by an event, and by every call', async () => {
    const { net, hosted } = await virtualPair(64)
    const { node, die } = await remote(net)
    const network = await net.until(node.join(hosted.id))
    const waiting = network.connect({ host: '10.144.0.99', port: 1 })
    waiting.catch(() => undefined)
    const events = firstValueFrom(node.events$.pipe(toArray()))
    die(new Error('out of memory'))
    const fatal = { name: 'NodeError', code: 'ERR_ZT_DEFECT', message: expect.stringMatching(/out of memory — create/) }
    await expect(net.until(node.closed)).rejects.toMatchObject(fatal)
    await expect(waiting).rejects.toMatchObject(fatal)
    await expect(node.online()).rejects.toMatchObject(fatal)
    expect((await events).at(-1)).toMatchObject({ type: 'node/fatal', error: fatal })
    await net[Symbol.asyncDispose]()
  })
})

describe('a store of this thread', () => {
  it('keeps what the node on the other remembers', async () => {
    const { net, hosted } = await virtualPair(65)
    const store = memoryStore()
    const { node } = await remote(net, { identity: fixtures.identities[9]! }, { store })
    await net.until(node.join(hosted.id))
    await net.until(node.close())
    expect(await store.list('network')).toEqual([{ kind: 'network', id: hosted.id }])
    await net[Symbol.asyncDispose]()
  })

  it('that fails keeps the node from starting, with its own error', async () => {
    const { net } = await virtualPair(66)
    const broken = { ...memoryStore(), open: () => Promise.reject(new Error('boom')) }
    await expect(remote(net, {}, { store: broken })).rejects.toThrow('boom')
    await net[Symbol.asyncDispose]()
  })
})

describe('options that cannot go to another thread', () => {
  it.each([
    ['link', {}, /^link {} is not valid — a link cannot go to another thread: pass its options/],
    ['scheduler', {}, /^scheduler {} is not valid — the thread has its own clock/],
    ['random', () => new Uint8Array(0), /^random \(function\) is not valid — the thread has its own source/],
    ['udp', { interfaces: () => true }, /^udp .* is not valid — pass options of udpLink\(\) that are no functions/],
    ['stor', './home', /^stor ".\/home" is not valid — there is no such option/],
    ['store', '', /^store "" is not valid — pass the path of a directory/],
  ])('%s', (name, value, message) => expectError(() => workerNode(wrong({ [name]: value })), ...OPTION, message))

  it('start nothing after a signal that has aborted', async () => {
    const reason = new Error('changed my mind')
    await expect(workerNode({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
