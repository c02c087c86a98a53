import { firstValueFrom, from, lastValueFrom, of, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consume, type TcpServer, type TcpSocket } from '../../src/index.node.ts'
import { type Pair, pattern, readAll, virtualPair } from '../support/virtual-pair.ts'

describe('a TCP socket', () => {
  let world: Pair
  let server: TcpServer
  let accepting: AsyncIterator<TcpSocket>
  beforeAll(async () => {
    world = await virtualPair(40)
    server = await world.net.until(world.a.listen({ port: 1000 }))
    accepting = server[Symbol.asyncIterator]()
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  /** A connection, seen from both ends. */
  const connected = async (options: { receiveBuffer?: number; sendBuffer?: number } = {}) => {
    const { net, a, b } = world
    const next = accepting.next()
    const near = await net.until(b.connect({ host: a.address(4)!, port: 1000, ...options }))
    const far: TcpSocket = (await net.until(next)).value
    return { near, far }
  }

  it('says where it is and how it is', async () => {
    const { net, a, b, alice, bob } = world
    const { near, far } = await connected()
    expect(near.remote).toEqual({ address: a.address(4), port: 1000, family: 4 })
    expect(near.local).toMatchObject({ address: b.address(4), family: 4 })
    expect(far.remote).toEqual(near.local)
    expect([near.peer, far.peer]).toEqual([alice.id, bob.id])
    const states: string[] = []
    near.state$.subscribe((state) => states.push(state))
    await net.until(Promise.all([near.close(), far.close()]))
    await net.until(Promise.all([near.closed, far.closed]))
    expect(states[0]).toBe('ESTABLISHED')
    expect(states.at(-1)).toBe('CLOSED')
  })

  it('says what it measures, and the network what it counts', async () => {
    const { net, b } = world
    const before = b.stats
    const { near, far } = await connected()
    const reading = readAll(far)
    await net.until(near.write(new Uint8Array(20_000)))
    await net.until(near.end())
    await net.until(reading)
    await net.advance(100)
    expect(near.stats).toMatchObject({ state: 'FIN-WAIT-2', congestionControl: 'bbr', sack: true, retransmits: 0 })
    expect(near.stats!.srtt).toBeGreaterThan(0)
    expect(near.stats!.delivered).toBeGreaterThanOrEqual(20_000)
    expect((b.stats['tcp/activeOpens'] ?? 0) - (before['tcp/activeOpens'] ?? 0)).toBe(1)
    expect((b.stats['tcp/sent'] ?? 0) - (before['tcp/sent'] ?? 0)).toBeGreaterThan(8)
    expect((b.stats['link/sentBytes'] ?? 0) - (before['link/sentBytes'] ?? 0)).toBeGreaterThan(20_000)
    await net.until(Promise.all([near.close(), far.close()]))
    expect(near.stats).toBeUndefined()
  })

  it('takes the congestion control, the cork and the user timeout it is given', async () => {
    const { net, a, b } = world
    const next = accepting.next()
    const settings = { congestionControl: 'cubic', cork: true, userTimeout: 5000 } as const
    const near = await net.until(b.connect({ host: a.address(4)!, port: 1000, ...settings }))
    const far: TcpSocket = (await net.until(next)).value
    expect([near.stats!.congestionControl, far.stats!.congestionControl]).toEqual(['cubic', 'bbr'])
    near.configure({ cork: false })
    expect(() => near.configure({ userTimeout: -1 })).toThrow(/userTimeout/)
    await net.until(Promise.all([near.close(), far.close()]))
  })

  it('takes text, bytes and lists of both', async () => {
    const { net } = world
    const { near, far } = await connected()
    const reading = readAll(far)
    await net.until(near.write('grüß '))
    await net.until(near.write([new Uint8Array([0x47, 0x6f]), 'tt', new Uint8Array(0)]))
    await net.until(near.end('!'))
    expect(new TextDecoder().decode(await net.until(reading))).toBe('grüß Gott!')
    await expect(near.write('late')).rejects.toMatchObject({ code: 'EPIPE', syscall: 'write' })
    // @ts-expect-error callers without types
    await expect(near.write(7)).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
    await net.until(far.close())
  })

  it('goes on reading after its own end', async () => {
    const { net } = world
    const { near, far } = await connected()
    await near.end()
    expect(await net.until(readAll(far))).toHaveLength(0)
    const reading = readAll(near)
    await net.until(far.end('answer'))
    expect(new TextDecoder().decode(await net.until(reading))).toBe('answer')
    await net.until(Promise.all([near.closed, far.closed]))
  })

  it('lets a slow reader slow the writer, and loses nothing', async () => {
    const { net } = world
    const { near, far } = await connected()
    const sent = pattern(8 << 20)
    let written = false
    const writing = near.write(sent).then(() => {
      written = true
    })
    await net.advance(60_000)
    expect(written).toBe(false)
    expect(far.readableLength).toBeGreaterThan(0)
    expect(far.readableLength).toBeLessThanOrEqual(4 << 20)
    expect(far.bytesRead).toBe(0)
    const reading = readAll(far)
    await net.until(writing.then(() => near.end()))
    expect(Buffer.compare(await net.until(reading), sent)).toBe(0)
    await net.until(far.close())
  })

  it('refuses to queue without bound', async () => {
    const { net } = world
    const { near } = await connected({ sendBuffer: 16_384 })
    const big = near.write(new Uint8Array(16 << 20))
    big.catch(() => undefined)
    await expect(near.write('more')).rejects.toMatchObject({ code: 'ERR_ZT_BACKPRESSURE' })
    near.reset()
    await expect(big).rejects.toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
    await net.advance(100)
  })

  it('tells both ends of a reset', async () => {
    const { net } = world
    const { near, far } = await connected()
    const reading = readAll(far)
    reading.catch(() => undefined)
    near.reset()
    near.reset()
    await net.advance(100)
    await expect(reading).rejects.toMatchObject({ name: 'SocketError', code: 'ECONNRESET', errno: -104 })
    await expect(far.closed).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(far.write('x')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(near.closed).rejects.toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
  })

  it('fails a pending read when it is closed here', async () => {
    const { net } = world
    const { near, far } = await connected()
    const reading = near[Symbol.asyncIterator]().next()
    reading.catch(() => undefined)
    const closing = near.close()
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
    await net.until(Promise.all([closing, far.close()]))
  })

  it('closes in good order when a loop is left, and resets when bytes are lost by it', async () => {
    const { net } = world
    const { near, far } = await connected()
    await net.until(near.write('one'))
    const loop = async (): Promise<void> => {
      for await (const _ of far) break
    }
    await net.until(loop())
    expect(await net.until(readAll(near))).toHaveLength(0)
    await net.until(near.close())
    await net.until(far.closed)

    const other = await connected()
    await net.until(other.near.write(pattern(100_000)))
    await net.advance(100)
    const lossy = async (): Promise<void> => {
      for await (const _ of other.far) break
    }
    await net.until(lossy())
    await net.advance(100)
    await expect(other.near.closed).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('is a WHATWG stream both ways', async () => {
    const { net } = world
    const { near, far } = await connected()
    const writer = near.writable.getWriter()
    await net.until(writer.write('hello '))
    await net.until(writer.write('world'))
    await net.until(writer.close())
    const text = new Response(far.readable).text()
    expect(await net.until(text)).toBe('hello world')
    expect(() => far[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'ERR_ZT_LOCKED' }))
    await net.until(far.close())
  })

  it('is an observable that acknowledges as it emits', async () => {
    const { net } = world
    const { near, far } = await connected()
    const all = lastValueFrom(far.data$.pipe(toArray()))
    await net.until(near.write(pattern(3 << 20)).then(() => near.end()))
    expect(Buffer.compare(Buffer.concat(await net.until(all)), pattern(3 << 20))).toBe(0)
    await expect(firstValueFrom(far.data$)).rejects.toMatchObject({ code: 'ERR_ZT_LOCKED' })
    await net.until(far.close())
  })

  it('waits for the work on each chunk with consume', async () => {
    const { net } = world
    const { near, far } = await connected()
    let total = 0
    let running = 0
    const work = (chunk: Uint8Array) => {
      expect(++running).toBe(1)
      total += chunk.length
      return from(
        (async () => {
          await Promise.resolve()
          running--
        })(),
      )
    }
    const consuming = consume(far, work)
    await net.until(near.write(pattern(200_000)).then(() => near.end()))
    await net.until(consuming)
    expect(total).toBe(200_000)
    await net.until(far.close())
    expect(of(1)).toBeDefined()
  })

  it('stops waiting when its signal aborts, and the port stays free', async () => {
    const { net, a, b } = world
    const abort = new AbortController()
    const connecting = b.connect({ host: '10.144.0.240', port: 9, localPort: 5555, signal: abort.signal })
    connecting.catch(() => undefined)
    await net.advance(10)
    abort.abort()
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' })
    const next = accepting.next()
    const socket = await net.until(b.connect({ host: a.address(4)!, port: 1000, localPort: 5555 }))
    expect(socket.local.port).toBe(5555)
    const far: TcpSocket = (await net.until(next)).value
    await net.until(Promise.all([socket.close(), far.close()]))
  })

  it('names what is wrong with its options', async () => {
    const { b } = world
    await expect(b.connect({ host: 'example.org', port: 1 })).rejects.toMatchObject({ code: 'ENOTFOUND' })
    await expect(b.connect({ host: '10.144.0.1', port: 0 })).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
    await expect(b.connect({ host: '10.144.0.1', port: 1, ttl: 300 })).rejects.toMatchObject({
      message: 'ttl 300 is not valid — use 1 to 255',
    })
    await expect(b.listen({ host: 'nowhere' })).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_ADDRESS' })
  })
})

describe('a TCP server', () => {
  it('does not share its port, serves what it may, and ends its loops', async () => {
    const { net, a, b } = await virtualPair(41)
    const server = await net.until(a.listen({ port: 80, accept: (remote) => remote.port !== 6666 }))
    expect(server.address).toEqual({ address: '::', port: 80, family: 6 })
    await expect(net.until(a.listen({ port: 80 }))).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen' })
    const ephemeral = await net.until(a.listen({ host: a.address(4)! }))
    expect(ephemeral.address.port).toBeGreaterThan(0)
    expect(ephemeral.address.address).toBe(a.address(4))
    const refused = await net.until(b.connect({ host: a.address(4)!, port: 80, localPort: 6666 }))
    await net.advance(100)
    await expect(refused.closed).rejects.toMatchObject({ code: 'ECONNRESET' })
    const loop = (async () => {
      let count = 0
      for await (const socket of server) {
        count++
        void socket.close()
      }
      return count
    })()
    const socket = await net.until(b.connect({ host: a.address(6)!, port: 80 }))
    await net.until(socket.close())
    await server.close()
    expect(await net.until(loop)).toBe(1)
    await expect(net.until(b.connect({ host: a.address(4)!, port: 80 }))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
    await net[Symbol.asyncDispose]()
  })

  it('takes every port nobody else owns with a star', async () => {
    const { net, a, b } = await virtualPair(42)
    const server = await net.until(a.listen({ port: '*' }))
    const accepting = server[Symbol.asyncIterator]().next()
    await net.until(b.connect({ host: a.address(4)!, port: 12_345 }))
    expect((await net.until(accepting)).value?.local.port).toBe(12_345)
    await net[Symbol.asyncDispose]()
  })

  it('stops when its signal aborts', async () => {
    const { net, a } = await virtualPair(43)
    const abort = new AbortController()
    const server = await net.until(a.listen({ port: 80, signal: abort.signal }))
    const next = server[Symbol.asyncIterator]().next()
    abort.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    await net[Symbol.asyncDispose]()
  })
})
