import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Pair, virtualPair } from '../support/virtual-pair.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('a UDP socket', () => {
  let world: Pair
  beforeAll(async () => {
    world = await virtualPair(50)
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  it('sends and receives whole datagrams, large ones too', async () => {
    const { net, a, b, bob } = world
    const inbox = await net.until(a.bind({ port: 2000 }))
    const outbox = await net.until(b.bind())
    // what waits for a neighbour to answer is bounded: let both families be known first
    for (const family of [4, 6] as const)
      await net.until(b.ping(a.address(family)!, { count: 1 })[Symbol.asyncIterator]().next())
    const received: number[] = []
    inbox.messages$.subscribe(({ data, peer }) => {
      received.push(data.length)
      expect(peer).toBe(bob.id)
    })
    for (const size of [0, 1, 1400, 9000, 65_000])
      for (const family of [4, 6] as const)
        await outbox.send(new Uint8Array(size), { host: a.address(family)!, port: 2000 })
    await net.advance(500)
    expect(received).toEqual([0, 0, 1, 1, 1400, 1400, 9000, 9000, 65_000, 65_000])
    await inbox.close()
    await outbox.close()
  })

  it('keeps the newest when nobody reads', async () => {
    const { net, a, b } = world
    const inbox = await net.until(a.bind({ port: 2001, maxQueue: 2 }))
    const outbox = await net.until(b.bind())
    for (const word of ['one', 'two', 'three']) await outbox.send(word, { host: a.address(4)!, port: 2001 })
    await net.advance(100)
    expect(inbox.dropped).toBe(1)
    expect(a.stats['drop/udp-queue']).toBe(1)
    const words: string[] = []
    for await (const { data } of inbox) {
      words.push(text(data))
      if (words.length === 2) break
    }
    expect(words).toEqual(['two', 'three'])
    await expect(inbox.send('x', { host: a.address(4)!, port: 1 })).rejects.toMatchObject({
      code: 'ERR_ZT_SOCKET_CLOSED',
    })
    await outbox.close()
  })

  it('keeps no more than a mebibyte when nobody reads', async () => {
    const { net, a, b } = world
    const inbox = await net.until(a.bind({ port: 2005 }))
    const outbox = await net.until(b.bind())
    for (let i = 0; i < 20; i++) {
      await outbox.send(new Uint8Array(60_000), { host: a.address(4)!, port: 2005 })
      await net.advance(50)
    }
    expect(inbox.dropped).toBe(20 - Math.floor(2 ** 20 / 60_000))
    await inbox.close()
    await outbox.close()
  })

  it('cuts nothing when told not to', async () => {
    const { net, a, b } = world
    const outbox = await net.until(b.bind())
    const to = { host: a.address(4)!, port: 2006 }
    outbox.configure({ dontFragment: true, trafficClass: 0x28 })
    await expect(outbox.send(new Uint8Array(2773), to)).rejects.toMatchObject({ code: 'EMSGSIZE', syscall: 'send' })
    await outbox.send(new Uint8Array(2772), to)
    await outbox.close()
  })

  it('hears of a closed port once it is connected', async () => {
    const { net, a, b } = world
    const socket = await net.until(b.bind())
    await expect(socket.send('x')).rejects.toMatchObject({ code: 'EDESTADDRREQ' })
    socket.connect({ host: a.address(4)!, port: 2999 })
    await socket.send('anybody?')
    await net.advance(100)
    await expect(socket.send('hello?')).rejects.toMatchObject({ code: 'ECONNREFUSED', syscall: 'send' })
    await socket.close()
  })

  it('needs leave to broadcast, and reaches all with it', async () => {
    const { net, a, b } = world
    const inbox = await net.until(a.bind({ port: 2002 }))
    const outbox = await net.until(b.bind())
    const to = { host: '10.144.0.255', port: 2002 }
    await expect(outbox.send('x', to)).rejects.toMatchObject({ code: 'EACCES' })
    outbox.configure({ broadcast: true })
    await outbox.send('all', to)
    const next = inbox[Symbol.asyncIterator]().next()
    expect(text((await net.until(next)).value!.data)).toBe('all')
    await inbox.close()
    await outbox.close()
  })

  it('joins multicast groups', async () => {
    const { net, a, b } = world
    const group = '239.1.2.3'
    const inbox = await net.until(a.bind({ port: 2003 }))
    const outbox = await net.until(b.bind())
    inbox.joinGroup(group)
    await net.advance(1000)
    await outbox.send('members', { host: group, port: 2003 })
    const next = inbox[Symbol.asyncIterator]().next()
    expect(text((await net.until(next)).value!.data)).toBe('members')
    await inbox.close()
    await outbox.close()
  })

  it('owns its port until it is closed', async () => {
    const { net, a } = world
    const first = await net.until(a.bind({ port: 2004 }))
    await expect(net.until(a.bind({ port: 2004 }))).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' })
    await first.close()
    await first.close()
    await (await net.until(a.bind({ port: 2004 }))).close()
  })
})

describe('ping', () => {
  it('counts lost echoes as items', async () => {
    const { net, a, b } = await virtualPair(51)
    const replies = async (host: string): Promise<readonly unknown[]> => {
      const found = []
      for await (const reply of b.ping(host, { count: 2, interval: 100, timeout: 1000 })) found.push(reply)
      return found
    }
    expect(await net.until(replies(a.address(4)!))).toMatchObject([
      { seq: 0, bytes: 56, ttl: 64, from: a.address(4) },
      { seq: 1, bytes: 56, ttl: 64, from: a.address(4) },
    ])
    expect(await net.until(replies('10.144.0.200'))).toMatchObject([
      { seq: 0, lost: true },
      { seq: 1, lost: true },
    ])
    const abort = new AbortController()
    const endless = (async () => {
      for await (const _ of b.ping(a.address(4)!, { signal: abort.signal })) abort.abort()
    })()
    endless.catch(() => undefined)
    await net.advance(5000)
    await expect(endless).rejects.toMatchObject({ name: 'AbortError' })
    await net[Symbol.asyncDispose]()
  })
})
