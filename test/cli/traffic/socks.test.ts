import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HANDSHAKE, socksProxy } from '../../../src/cli/traffic/socks/server.ts'
import type { Service } from '../../../src/cli/traffic/tunnel/host-listener.ts'
import { Login } from '../../../src/cli/traffic/tunnel/login.ts'
import { VirtualClock } from '../../../src/testing.node.ts'
import { type Loopback, loopback } from '../../support/loopback.ts'
import { pattern, serveEcho } from '../../support/virtual-pair.ts'
import { broken, bytes, deserted, dial, everything } from './host.ts'

const here = { host: '127.0.0.1', port: 0 }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A request of a command (1 CONNECT, 3 UDP ASSOCIATE), with an IPv4 address or a name. */
const request = (command: number, host: string, port: number): Buffer => {
  const parts = host.split('.').map(Number)
  const isAddress = parts.length === 4 && parts.every((part) => part < 256)
  const address = isAddress ? [1, ...parts] : [3, host.length, ...Buffer.from(host)]
  return Buffer.from([5, command, 0, ...address, port >>> 8, port & 0xff])
}

describe('the SOCKS5 proxy', () => {
  let world: Loopback
  let echo: { readonly host: string; readonly port: number }
  beforeAll(async () => {
    world = await loopback()
    await serveEcho(world.a, 7)
    echo = { host: world.a.address(4)!, port: 7 }
  })
  afterAll(() => world.close())

  /** A client that was let in without a password. */
  const greeted = async (service: Service): Promise<Socket> => {
    const socket = await dial(service.at)
    socket.write(hex('05 02 00 02'))
    expect(await bytes(socket, 2)).toEqual(hex('05 00'))
    return socket
  }

  it('connects, and says where it connected from', async () => {
    const { b } = world
    await using service = await socksProxy(b, here)
    const socket = await greeted(service)
    socket.write(request(1, echo.host, 7))
    const reply = await bytes(socket, 10)
    expect(reply.subarray(0, 4)).toEqual(hex('05 00 00 01'))
    expect([...reply.subarray(4, 8)].join('.')).toBe(b.address(4))
    const sent = pattern(200_000)
    const echoed = everything(socket)
    socket.end(sent)
    expect(Buffer.compare(await echoed, sent)).toBe(0)
    await deserted(service)
  })

  it('takes a conversation however it is cut, and bytes that come too early', async () => {
    const { b } = world
    await using service = await socksProxy(b, here)
    const whole = Buffer.concat([hex('05 01 00'), request(1, echo.host, 7), Buffer.from('early')])
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const socket = await dial(service.at)
        const edges = [0, ...places.toSorted((a, b) => a - b), whole.length]
        for (let i = 0; i + 1 < edges.length; i++) {
          socket.write(whole.subarray(edges[i], edges[i + 1]))
          await new Promise(setImmediate)
        }
        socket.end()
        const heard = await everything(socket)
        expect(heard.subarray(0, 4)).toEqual(hex('05 00 05 00'))
        expect(heard.subarray(12).toString()).toBe('early')
      }),
      { numRuns: 12 },
    )
  })

  it('asks for user and password where there are some', async () => {
    const { b } = world
    await using service = await socksProxy(b, here, { login: new Login('ann', 'secret') })
    const none = await dial(service.at)
    none.write(hex('05 01 00'))
    expect(await everything(none)).toEqual(hex('05 ff'))
    const wrong = await dial(service.at)
    wrong.write(Buffer.concat([hex('05 01 02'), hex('01 03'), Buffer.from('ann'), hex('06'), Buffer.from('public')]))
    expect(await everything(wrong)).toEqual(hex('05 02 01 01'))
    const right = await dial(service.at)
    right.write(Buffer.concat([hex('05 01 02'), hex('01 03'), Buffer.from('ann'), hex('06'), Buffer.from('secret')]))
    expect(await bytes(right, 4)).toEqual(hex('05 02 01 00'))
    right.write(request(1, echo.host, 7))
    expect((await bytes(right, 10))[1]).toBe(0)
    right.destroy()
    await deserted(service)
  })

  it.each([
    ['nobody listens', request(1, 'HOST', 9), 5],
    ['the network is another', request(1, '203.0.113.9', 80), 3],
    ['there is no such name', request(1, 'no.such.name.invalid', 80), 4],
    ['the command is BIND', request(2, '10.0.0.1', 80), 7],
    ['the type of the address is unknown', hex('05 01 00 05 01 02 03 04 00 50'), 8],
    ['the name is none', hex('05 01 00 03 03 61 20 62 00 50'), 8],
  ])('replies by cause: %s', async (_, text, code) => {
    const { b } = world
    await using service = await socksProxy(b, here)
    const socket = await greeted(service)
    socket.write(text.includes('HOST') ? request(1, echo.host, 9) : text)
    expect([...(await everything(socket))].slice(0, 2)).toEqual([5, code])
    await deserted(service)
  })

  it('hangs up on what is no SOCKS5', async () => {
    const { b } = world
    await using service = await socksProxy(b, here)
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x04\x01\x00\x50\x0a\x00\x00\x01\x00', '\x05\x00']) {
      const socket = await dial(service.at)
      socket.write(text)
      expect((await everything(socket)).length).toBeLessThanOrEqual(2)
    }
    await deserted(service)
  })

  it('cuts a client off that does not say what it wants', async () => {
    const { b } = world
    const clock = new VirtualClock()
    await using service = await socksProxy(b, here, { clock })
    const socket = await greeted(service)
    const over = broken(socket)
    clock.runTo(clock.start + HANDSHAKE)
    expect(await over).toBeUndefined()
    await deserted(service)
  })

  it('carries datagrams of an association, and ends it with its connection', async () => {
    const { a, b } = world
    const far = await a.bind({ port: 7 })
    far.messages$.subscribe(({ data, from }) => void far.send(data, { host: from.address, port: from.port }))
    await using service = await socksProxy(b, here)
    const socket = await greeted(service)
    socket.write(request(3, '0.0.0.0', 0))
    const reply = await bytes(socket, 10)
    expect(reply.subarray(0, 8)).toEqual(hex('05 00 00 01 7f 00 00 01'))
    const relay = reply.readUInt16BE(8)
    const client = createSocket('udp4')
    const datagram = Buffer.concat([hex('00 00 00'), request(1, echo.host, 7).subarray(3), Buffer.from('ping')])
    const fragment = Buffer.concat([hex('00 00 01'), datagram.subarray(3)])
    const heard = once(client, 'message')
    for (const one of [hex('00'), fragment, datagram]) client.send(one, relay, '127.0.0.1')
    expect((await heard)[0]).toEqual(datagram)
    socket.end()
    await everything(socket)
    await deserted(service)
    client.close()
    await far.close()
  })
})
