import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConnection, toNetServer, type VirtualNetServer } from '../../../src/node.ts'
import { type Pair, virtualPair } from '../../support/virtual-pair.ts'

describe('a listener as a net.Server', () => {
  let world: Pair
  beforeAll(async () => {
    world = await virtualPair(71)
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  const listen = () => world.net.until(world.a.listen())
  const dial = (server: VirtualNetServer, port = server.address()!.port) =>
    createConnection(world.b, { host: world.a.address(4)!, port })
  const count = (server: VirtualNetServer) =>
    new Promise<number>((resolve) => server.getConnections((_, connections) => resolve(connections)))

  it('gives each connection to its listener', async () => {
    const { net, b } = world
    const server = toNetServer(await listen(), (socket) => socket.pipe(socket))
    const duplex = dial(server)
    duplex.write('there and back')
    expect(String((await net.until(once(duplex, 'data')))[0])).toBe('there and back')
    expect(await count(server)).toBe(1)
    expect(duplex.localAddress).toBe(b.address(4))
    duplex.destroy()
    server.close()
  })

  it('says that it listens to whoever calls listen, and where', async () => {
    const tcp = await listen()
    const server = toNetServer(tcp)
    expect(server.listening).toBe(true)
    expect(server.address()).toEqual({ address: '::', port: tcp.address.port, family: 'IPv6' })
    await new Promise<void>((resolve) => server.listen(80, '0.0.0.0', resolve))
    server.close()
    expect(server.listening).toBe(false)
    expect(server.address()).toBeNull()
    const failed = once(server, 'error')
    server.listen(80)
    expect((await failed)[0]).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
  })

  it('keeps connections until somebody listens', async () => {
    const { net } = world
    const server = toNetServer(await listen())
    const duplex = dial(server)
    await net.until(once(duplex, 'connect'))
    await net.advance(1000)
    const [far] = await net.until(once(server, 'connection'))
    expect(far.remotePort).toBe(duplex.localPort)
    duplex.destroy()
    server.close()
  })

  it('closes when the last connection has ended', async () => {
    const { net } = world
    const server = toNetServer(await listen(), (socket) => socket.resume())
    const duplex = dial(server)
    await net.until(once(duplex, 'connect'))
    await net.advance(100)
    const order: string[] = []
    server.close(() => order.push('server'))
    const late = dial(server, duplex.remotePort)
    expect((await net.until(once(late, 'error')))[0]).toMatchObject({ code: 'ECONNREFUSED' })
    await net.advance(1000)
    order.push('client')
    duplex.end()
    await net.until(once(server, 'close'))
    expect(order).toEqual(['client', 'server'])
    const twice = await new Promise<Error | undefined>((resolve) => server.close(resolve))
    expect(twice).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
  })

  it('refuses connections beyond the most, and says whose', async () => {
    const { net, b } = world
    const server = toNetServer(await listen(), { maxConnections: 1 }, () => undefined)
    const first = dial(server)
    await net.until(once(first, 'connect'))
    const dropped = once(server, 'drop')
    const second = dial(server).resume()
    const failed = once(second, 'error')
    expect((await net.until(dropped))[0]).toMatchObject({ remoteAddress: b.address(4), remoteFamily: 'IPv4' })
    expect((await net.until(failed))[0]).toMatchObject({ code: 'ECONNRESET' })
    first.destroy()
    server.close()
  })

  it('closes with the listener below it, and at the end of its scope', async () => {
    const { net } = world
    const tcp = await listen()
    const server = toNetServer(tcp, () => undefined)
    await net.advance(1)
    const closed = once(server, 'close')
    await tcp.close()
    await net.until(closed)
    expect(server.listening).toBe(false)
    const scoped = toNetServer(await listen())
    await net.until(scoped[Symbol.asyncDispose]())
    expect(scoped.listening).toBe(false)
  })

  it('refuses what is no listener, and limits that are none', async () => {
    expect(() => toNetServer({} as never)).toThrow(/^tcpServer {} is not valid — pass what listen\(\) gave/)
    const tcp = await listen()
    expect(() => toNetServer(tcp, { maxConnections: -1 })).toThrow(/^maxConnections -1 is not valid/)
    await tcp.close()
  })
})
