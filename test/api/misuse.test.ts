import { firstValueFrom, Observable, of, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Link,
  memoryStore,
  type StoreKey,
  type TcpServer,
  type TcpSocket,
  type TraceRecord,
  type ZtNode,
} from '../../src/index.node.ts'
import { fixtures } from '../../src/testing.node.ts'
import { ADDRESS, expectError, OPTION, start, wrong } from '../support/bad-input.ts'
import { openNetwork, type Pair, virtualPair } from '../support/virtual-pair.ts'

/** What is typed right, and yet more than one would do: at once, twice, too late, or out of order. */
describe('on a network', () => {
  let world: Pair
  let server: TcpServer
  let accepting: AsyncIterator<TcpSocket>
  beforeAll(async () => {
    world = await virtualPair(91)
    server = await world.net.until(world.a.listen({ port: 1000 }))
    accepting = server[Symbol.asyncIterator]()
  })
  afterAll(() => world.net[Symbol.asyncDispose]())
  const connected = async () => {
    const { net, a, b } = world
    const next = accepting.next()
    const near = await net.until(b.connect({ host: a.address(4)!, port: 1000 }))
    const far: TcpSocket = (await net.until(next)).value
    return { near, far }
  }

  it('reads that wait at once get one chunk each, in order', async () => {
    const { net } = world
    const { near, far } = await connected()
    const reader = near[Symbol.asyncIterator]()
    const reads = Promise.all([reader.next(), reader.next(), reader.next()])
    for (const word of ['one', 'two']) {
      await far.write(word)
      await net.advance(50)
    }
    await far.end()
    const [first, second, third] = await net.until(reads)
    expect([text(first.value), text(second.value), third]).toEqual(['one', 'two', { done: true, value: undefined }])
    expect(await reader.next()).toEqual({ done: true, value: undefined })
    await net.until(near.close())
  })

  it('a loop that was left gives nothing more', async () => {
    const { near } = await connected()
    const reader = near[Symbol.asyncIterator]()
    const pending = reader.next()
    const refused = expect(pending).rejects.toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
    await reader.return?.()
    await refused
    expect(await reader.next()).toEqual({ done: true, value: undefined })
    near.reset()
  })

  it('a second observer of the bytes is told that there is one', async () => {
    const { near } = await connected()
    near.data$.subscribe({ error: () => undefined })
    await expect(firstValueFrom(near.data$)).rejects.toMatchObject({ code: 'ERR_ZT_LOCKED' })
    near.reset()
  })

  it('an end with what cannot be sent ends nothing', async () => {
    const { net } = world
    const { near, far } = await connected()
    await expectError(() => near.end(wrong(7)), ...OPTION, /^data of type number cannot be sent/)
    await near.write('still here')
    await net.advance(50)
    expect(far.readableLength).toBe(10)
    await net.until(Promise.all([near.close(), far.close()]))
  })

  it('an end that waits for a reader who does not read can be given up', async () => {
    const { net } = world
    const { near } = await connected()
    near.write(new Uint8Array(4 << 20)).catch(() => undefined)
    await expectError(() => net.until(near.end(undefined, { timeout: 500 })), 'SocketError', 'ETIMEDOUT', /^shutdown/)
    const abort = new AbortController()
    const ending = near.end(undefined, { signal: abort.signal })
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(ending).rejects.toBe(reason)
    near.reset()
  })

  it('a reader with a buffer of its own gets bytes that are nobody else’s', async () => {
    const { net } = world
    const { near, far } = await connected()
    const reader = near.readable.getReader({ mode: 'byob' })
    await far.write('abcdef')
    const first = await net.until(reader.read(new Uint8Array(4)))
    const second = await net.until(reader.read(new Uint8Array(4)))
    expect([text(first.value), text(second.value)]).toEqual(['abcd', 'ef'])
    await far.end()
    expect((await net.until(reader.read(new Uint8Array(4)))).done).toBe(true)
    await net.until(near.close())
  })

  it('a filter that fails, or gives a promise, lets nobody in and is told of in the log', async () => {
    const { net, alice, a, b } = world
    const told: TraceRecord[] = []
    const listening = alice.trace$.subscribe((record) => told.push(record))
    const filters = [
      () => {
        throw new Error('boom')
      },
      async () => true,
      () => false,
    ]
    for (const [i, accept] of filters.entries()) {
      const filtered = await net.until(a.listen({ port: 2000 + i, accept: wrong(accept) }))
      const seen: TcpSocket[] = []
      filtered.connections$.subscribe((socket) => seen.push(socket))
      const socket = await net.until(b.connect({ host: a.address(4)!, port: 2000 + i }))
      await expect(net.until(socket.closed)).rejects.toMatchObject({ code: 'ECONNRESET' })
      expect(seen).toEqual([])
      await filtered.close()
    }
    listening.unsubscribe()
    expect(told.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'accept() failed: connection refused',
      'accept() gave object, not true or false: connection refused',
    ])
  })

  it('a network that was left and joined anew is not left by its old handle', async () => {
    const { net, controller } = world
    const hosted = await controller.create(openNetwork)
    const node = await net.node()
    const old = await net.until(node.join(hosted.id, { leaveOnDispose: true }))
    await Promise.all([old.leave(), old.leave()])
    const anew = await net.until(node.join(hosted.id))
    await old.leave()
    await old[Symbol.asyncDispose]()
    expect(anew.state.status).toBe('ready')
    await expectError(
      () => old.connect({ host: '10.144.0.1', port: 1 }),
      'NetworkError',
      'ERR_ZT_LEFT',
      /join it again/,
    )
    await node.close()
    await expectError(() => anew.leave(), 'NodeError', 'ERR_ZT_CLOSED', /create a new one/)
    await anew[Symbol.asyncDispose]()
  })

  it('routes can be added and removed here, and say what is wrong with them', async () => {
    const { net, alice, a, b } = world
    const events: string[] = []
    alice.events$.subscribe((event) => events.push(event.type))
    events.length = 0
    const beyond = { host: '10.99.1.2', port: 1, timeout: 2000 }
    await expectError(() => net.until(a.connect(beyond)), 'SocketError', 'ENETUNREACH', /10.99.1.2/)
    const before = a.routes
    a.addRoute({ target: '10.99.0.0/16', via: b.address(4)!, metric: 5 })
    const via = b.address(4)!
    expect(a.routes).toEqual([
      ...before,
      { target: { address: '10.99.0.0', bits: 16, family: 4 }, via, flags: 0, metric: 5 },
    ])
    const framesOut: string[] = []
    const tap = a.frames$.subscribe(({ dir, to }) => dir === 'out' && framesOut.push(to))
    await expectError(() => net.until(a.connect(beyond)), 'SocketError', 'ETIMEDOUT', /10.99.1.2/)
    tap.unsubscribe()
    expect(framesOut).toContain(b.state.mac)
    a.removeRoute('10.99.0.0/16')
    a.removeRoute('10.99.0.0/16')
    expect(a.routes).toEqual(before)
    expect(events.filter((type) => type.startsWith('route/'))).toEqual(['route/added', 'route/removed'])
    for (let i = 0; i < 128; i++) a.addRoute({ target: `10.98.${i}.0/24` })
    await expectError(() => a.addRoute({ target: '10.97.0.0/24' }), ...OPTION, /10.97.0.0\/24 is one too many — remove/)
    for (let i = 0; i < 128; i++) a.removeRoute(`10.98.${i}.0/24`)
    await expectError(
      () => a.addRoute(wrong(undefined)),
      ...OPTION,
      /addRoute\(\) undefined .* pass an object of target/,
    )
    await expectError(() => a.addRoute({ target: '10.99.0.0' }), ...OPTION, /^target "10.99.0.0" is no prefix — write/)
    await expectError(() => a.addRoute(wrong({ target: 7 })), ...OPTION, /^target 7 is no prefix — write/)
    await expectError(() => a.addRoute({ target: '10.9.0.0/16', via: 'x' }), ...ADDRESS, /^via "x" is no IP/)
    await expectError(
      () => a.addRoute({ target: '10.9.0.0/16', via: 'fd00::1' }),
      ...OPTION,
      /^via "fd00::1" .* family of 10.9.0.0\/16/,
    )
  })
})

describe('hands that do not do what they should', () => {
  const quiet: Link = {
    name: 'quiet',
    incoming$: new Observable(),
    local$: of([{ address: '192.0.2.7', port: 9, socket: 1 }]),
    send: () => undefined,
    close: async () => undefined,
  }
  const ends = (node: ZtNode): Promise<unknown> =>
    node.closed.then(
      () => 'closed',
      (error: unknown) => error,
    )

  it.each([
    ['gives text', () => 'four'],
    ['gives too little', () => new Uint8Array(1)],
    ['gives nothing', () => undefined],
  ])('chance that %s is refused by name', (_, random) =>
    expectError(() => start({ link: quiet, random }), ...OPTION, /^random \(\w+\) is not valid — .* as many bytes/),
  )

  it('a link whose send throws ends the node with an error that says so', async () => {
    const boom = () => {
      throw new Error('boom')
    }
    const outcome = await start({ link: { ...quiet, send: boom } }).then(ends, (error: unknown) => error)
    expect(outcome).toMatchObject({
      name: 'NodeError',
      code: 'ERR_ZT_LINK',
      message: expect.stringMatching(/^link "quiet" failed: .*boom — a link/),
    })
  })

  it('a link that gives what are no datagrams ends the node with an error that says so', async () => {
    const outcome = await start({ link: { ...quiet, incoming$: of(wrong([7])) } }).then(ends, (error: unknown) => error)
    expect(outcome).toMatchObject({ name: 'NodeError', code: 'ERR_ZT_DEFECT' })
  })

  it('a link serves one node at a time', async () => {
    const link = { ...quiet }
    const first = await start({ link })
    const identity = fixtures.identities[7]
    await expectError(() => start({ identity, link }), ...OPTION, /^link "quiet" is in use by another node — pass one/)
    await expectError(() => start({ link: [{ ...quiet }, link] }), ...OPTION, /^link "quiet" is in use/)
    await first.close()
    await (await start({ identity, link })).close()
  })

  it('a link that cannot be closed does not keep the node from closing', async () => {
    const node = await start({ link: { ...quiet, close: () => Promise.reject(new Error('boom')) } })
    await node.close()
    await node.closed
  })

  it.each([
    ['network', { kind: 'network', id: 'zz' }],
    ['network', { kind: 'network' }],
    ['network.local', { kind: 'network.local', id: 7 }],
    ['moon', { kind: 'moon', id: '' }],
    ['peer', { kind: 'peer', id: '8056c2e21c000001' }],
  ] as const)('a store whose list of %s holds %o is corrupt', (kind, key) => {
    const store = { ...memoryStore(), list: async (asked: StoreKey['kind']) => (asked === kind ? [key] : []) }
    return expectError(
      () => start({ identity: fixtures.identities[7], link: quiet, store }),
      'StoreError',
      'ERR_ZT_STORE_CORRUPT',
      /gave no list of such keys — check the store/,
    )
  })

  it('what stores of another version hold is left alone', async () => {
    const future = new TextEncoder().encode('{"version":99}')
    const id = '8056c2e21c000001'
    const store = memoryStore([
      [{ kind: 'peer', id: wrong('8056c2e21c') }, future],
      [{ kind: 'moon', id: wrong(id) }, future],
      [{ kind: 'network', id: wrong(id) }, future],
      [{ kind: 'network.local', id: wrong(id) }, future],
    ])
    const node = await start({ link: quiet, store })
    expect((await firstValueFrom(node.networks$)).get(wrong(id))).toMatchObject({ status: 'requesting', addresses: [] })
    expect(node.network(id)).toBeDefined()
    await node.close()
    expect(await firstValueFrom(node.events$.pipe(toArray()))).not.toEqual([])
  })
})

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
