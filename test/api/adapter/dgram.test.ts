import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Network } from '../../../src/index.node.ts'
import { toDgram, type VirtualDgram } from '../../../src/node.ts'
import { type Pair, virtualPair } from '../../support/virtual-pair.ts'

describe('a UDP socket as a dgram.Socket', () => {
  let world: Pair
  const open: VirtualDgram[] = []
  beforeAll(async () => {
    world = await virtualPair(72)
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close()
  })

  const bind = async (network: Network, port = 0, options = {}) => {
    const socket = toDgram(await world.net.until(network.bind({ port })), options)
    open.push(socket)
    return socket
  }
  const heard = async (socket: VirtualDgram) => {
    const [message, from] = await world.net.until(once(socket, 'message'))
    return [String(message), from]
  }

  it('hears what another sends, and from where', async () => {
    const { a, b, bob } = world
    const [inbox, outbox] = [await bind(a, 5000), await bind(b)]
    const sent = new Promise((resolve) => outbox.send('hello', 5000, a.address(4)!, (...result) => resolve(result)))
    expect(await heard(inbox)).toEqual([
      'hello',
      { address: b.address(4), family: 'IPv4', port: outbox.address().port, size: 5, peer: bob.id },
    ])
    expect(await sent).toEqual([null, 5])
    expect(inbox.address()).toEqual({ address: '::', family: 'IPv6', port: 5000 })
    expect(inbox.type).toBe('udp6')
  })

  it('sends text, bytes, lists of both, and parts, in order', async () => {
    const { net, a, b } = world
    const [inbox, outbox] = [await bind(a, 5001), await bind(b)]
    const all: string[] = []
    inbox.on('message', (message) => all.push(String(message)))
    const [port, host] = [5001, a.address(6)!]
    outbox.send('text', port, host)
    outbox.send(Buffer.from('bytes'), port, host)
    outbox.send(['a', Buffer.from('list')], port, host)
    outbox.send(Buffer.from('only a part of it'), 5, 6, port, host)
    await net.advance(1000)
    expect(all).toEqual(['text', 'bytes', 'alist', 'a part'])
  })

  it('sends without an address once connected', async () => {
    const { net, a, b } = world
    const [inbox, outbox] = [await bind(a, 5002), await bind(b)]
    expect(() => outbox.remoteAddress()).toThrow(expect.objectContaining({ code: 'ENOTCONN' }))
    await net.until(new Promise<unknown>((resolve) => outbox.connect(5002, a.address(4)!, resolve)))
    expect(outbox.remoteAddress()).toEqual({ address: a.address(4), family: 'IPv4', port: 5002 })
    const all: string[] = []
    inbox.on('message', (message) => all.push(String(message)))
    outbox.send('to you')
    outbox.send(Buffer.from('to you'), 3, 3, () => undefined)
    await net.advance(1000)
    expect(all).toEqual(['to you', 'you'])
  })

  it('tells a failure to the callback, and as an event to nobody', async () => {
    const { net, b } = world
    const outbox = await bind(b)
    const told = (...args: Parameters<VirtualDgram['send']>) =>
      net.until(new Promise((resolve) => outbox.send(...args, (...result) => resolve(result))))
    expect(await told('x')).toMatchObject([{ code: 'EDESTADDRREQ' }, 0])
    expect(await told('x', 5000, 'a name')).toMatchObject([{ code: 'ERR_ZT_INVALID_ADDRESS' }, 0])
    expect(await told('x', 70_000, '10.144.0.1')).toMatchObject([{ code: 'ERR_ZT_INVALID_OPTION' }, 0])
    const failed = once(outbox, 'error')
    outbox.send('x', 5000, '10.144.0.255')
    expect((await net.until(failed))[0]).toMatchObject({ code: 'EACCES' })
    outbox.setBroadcast(true)
    expect(await told('x', 5000, '10.144.0.255')).toEqual([null, 1])
  })

  it('asks a lookup for names', async () => {
    const { a, b } = world
    const host = a.address(4)!
    const outbox = await bind(b, 0, {
      lookup: (name: string, _: object, done: (error: Error | null, address: string) => void) =>
        name === 'alice' ? done(null, host) : done(new Error(`who is ${name}`), ''),
    })
    const inbox = await bind(a, 5003)
    outbox.send('by name', 5003, 'alice')
    expect((await heard(inbox))[0]).toBe('by name')
    const failed = once(outbox, 'error')
    outbox.connect(5003, 'bob')
    expect((await world.net.until(failed))[0]).toMatchObject({ message: 'who is bob' })
  })

  it('joins groups, and hears what is sent to them', async () => {
    const { net, a, b } = world
    const [inbox, outbox] = [await bind(a, 5353), await bind(b)]
    inbox.addMembership('239.1.2.3')
    await net.advance(1000)
    outbox.setMulticastTTL(4)
    outbox.setMulticastLoopback(false)
    outbox.setMulticastInterface()
    outbox.send('to the group', 5353, '239.1.2.3')
    expect((await heard(inbox))[0]).toBe('to the group')
    inbox.dropMembership('239.1.2.3')
    expect(() => inbox.dropMembership('239.1.2.3')).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }))
  })

  it('says that it is bound to whoever binds it, and that it is closed', async () => {
    const { b } = world
    const socket = await bind(b)
    await new Promise<void>((resolve) => socket.bind(9, resolve))
    const closed = once(socket, 'close')
    await new Promise<void>((resolve) => socket.close(resolve))
    await closed
    const refused = new Promise((resolve) => socket.send('x', 1, '10.144.0.1', resolve))
    expect(await refused).toMatchObject({ code: 'ERR_ZT_SOCKET_CLOSED' })
  })

  it('refuses what is no socket, and a lookup that is none', async () => {
    expect(() => toDgram({} as never)).toThrow(/^udpSocket {} is not valid — pass what bind\(\) gave/)
    const udp = await world.net.until(world.b.bind())
    expect(() => toDgram(udp, { lookup: 7 as never })).toThrow(/^lookup 7 is not valid — pass a function/)
    await udp.close()
  })
})
