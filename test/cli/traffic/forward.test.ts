import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forwardTcp, forwardTcpBack } from '../../../src/cli/traffic/tunnel/forward-tcp.ts'
import { forwardUdp, forwardUdpBack } from '../../../src/cli/traffic/tunnel/forward-udp.ts'
import type { ServiceEvent } from '../../../src/cli/traffic/tunnel/report.ts'
import { type Loopback, loopback } from '../../support/loopback.ts'
import { pattern, readAll, serveEcho } from '../../support/virtual-pair.ts'
import { broken, deserted, dial, echoServer, everything } from './host.ts'

const here = { host: '127.0.0.1', port: 0 }

describe('forwarded ports', () => {
  let world: Loopback
  beforeAll(async () => {
    world = await loopback()
    await serveEcho(world.a, 7)
  })
  afterAll(() => world.close())

  it('carries TCP from this machine into the network, with half-closed ends', async () => {
    const { a, b } = world
    await using service = await forwardTcp(b, here, { host: a.address(4)!, port: 7 })
    const sent = pattern(500_000)
    const socket = await dial(service.at)
    const echoed = everything(socket)
    socket.end(sent)
    expect(Buffer.compare(await echoed, sent)).toBe(0)
    await deserted(service)
  })

  it('carries TCP from the network to this machine', async () => {
    const { a, b } = world
    const { at, server } = await echoServer()
    await using service = await forwardTcpBack(a, { port: 2022 }, at)
    const sent = pattern(300_000)
    const socket = await b.connect({ host: a.address(6)!, port: service.at.port })
    const echoed = readAll(socket)
    await socket.write(sent)
    await socket.end()
    expect(Buffer.compare(await echoed, sent)).toBe(0)
    await socket.closed
    await deserted(service)
    server.close()
  })

  it('resets the client, and tells why, where nobody listens', async () => {
    const { a, b } = world
    const told: ServiceEvent[] = []
    const to = { host: a.address(4)!, port: 9 }
    await using service = await forwardTcp(b, here, to, (event) => told.push(event))
    const socket = await dial(service.at)
    expect(await broken(socket)).toBe('ECONNRESET')
    expect(told).toEqual([{ event: 'connect-failed', to, cause: `connect ECONNREFUSED ${to.host}:9` }])
    await deserted(service)
  })

  it('passes a reset on, either way', async () => {
    const { a, b } = world
    const server = await a.listen({ port: 13 })
    await using service = await forwardTcp(b, here, { host: a.address(4)!, port: 13 })
    const taken = server[Symbol.asyncIterator]()
    const one = await dial(service.at)
    one.write('x')
    const { value: far } = await taken.next()
    one.resetAndDestroy()
    await expect(far!.closed).rejects.toMatchObject({ code: 'ECONNRESET' })
    const two = await dial(service.at)
    two.write('x')
    const { value: other } = await taken.next()
    other!.reset()
    expect(await broken(two)).toBe('ECONNRESET')
    await deserted(service)
    await server.close()
  })

  it('says that a port is taken, and what to do', async () => {
    const { b } = world
    await using service = await forwardTcp(b, here, { host: '10.144.0.9', port: 7 })
    await expect(forwardTcp(b, service.at, { host: '10.144.0.9', port: 7 })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${service.at.port}: the port is taken — choose another port`,
    )
  })

  it('carries UDP into the network, each client with answers of its own', async () => {
    const { a, b } = world
    const echo = await a.bind({ port: 7 })
    echo.messages$.subscribe(({ data, from }) => void echo.send(data, { host: from.address, port: from.port }))
    await using service = await forwardUdp(b, here, { host: a.address(4)!, port: 7 })
    const clients = [createSocket('udp4'), createSocket('udp4')]
    for (const [i, client] of clients.entries()) {
      const heard = once(client, 'message')
      client.send(`client ${i}`, service.at.port, service.at.host)
      expect(String((await heard)[0])).toBe(`client ${i}`)
    }
    expect(service.clients).toBe(2)
    for (const client of clients) client.close()
    await echo.close()
  })

  it('carries UDP from the network to this machine', async () => {
    const { a, b } = world
    const echo = createSocket('udp4')
    echo.on('message', (data, { address, port }) => echo.send(data, port, address))
    echo.bind(0, '127.0.0.1')
    await once(echo, 'listening')
    await using service = await forwardUdpBack(a, { port: 53 }, { host: '127.0.0.1', port: echo.address().port })
    const socket = await b.bind()
    const heard = socket[Symbol.asyncIterator]().next()
    await socket.send('who is it', { host: a.address(6)!, port: 53 })
    expect(String(Buffer.from((await heard).value!.data))).toBe('who is it')
    expect(service.clients).toBe(1)
    await socket.close()
    echo.close()
  })
})
