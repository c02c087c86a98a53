import { type Answer, decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Network } from '../../src/index.node.ts'
import { toLookup } from '../../src/node.ts'
import { type Pair, readAll, virtualPair } from '../support/virtual-pair.ts'

const DOMAIN = 'office.example'
type Zone = (name: string, type: string) => Partial<Packet> & { readonly code?: number }

/** A name server for `zone` on port 53, over UDP and TCP; counts the questions it was asked. */
const serveNames = async (network: Network, zone: Zone) => {
  const asked: string[] = []
  const reply = (bytes: Uint8Array, over: 'udp' | 'tcp'): Uint8Array => {
    const query = decode(Buffer.from(bytes))
    const { name, type } = query.questions![0]!
    asked.push(`${over} ${type} ${name}`)
    const { code = 0, flags = 0, ...rest } = zone(name, type)
    const cut = over === 'udp' ? flags : 0
    return encode({ type: 'response', id: query.id!, questions: query.questions!, flags: cut | code, ...rest })
  }
  const udp = await network.bind({ port: 53 })
  udp.messages$.subscribe(
    ({ data, from }) => void udp.send(reply(data, 'udp'), { host: from.address, port: from.port }),
  )
  const tcp = await network.listen({ port: 53 })
  tcp.connections$.subscribe(async (socket) => {
    for await (const chunk of socket) {
      const message = reply(chunk.subarray(2), 'tcp')
      await socket.write([Uint8Array.of(message.length >>> 8, message.length & 0xff), message])
    }
  })
  return { asked, close: () => Promise.all([udp.close(), tcp.close()]) }
}
const records = (name: string, type: string, ...data: readonly string[]): Answer[] =>
  data.map((one) => ({ name, type, data: one, ttl: 60, class: 'IN' }) as Answer)

describe('names on a network', () => {
  let world: Pair
  let server: Awaited<ReturnType<typeof serveNames>>
  beforeAll(async () => {
    world = await virtualPair(60)
    const { net, controller, hosted, a } = world
    server = await net.until(
      serveNames(a, (name, type) => {
        if (name === `both.${DOMAIN}`)
          return { answers: records(name, type, ...(type === 'A' ? [a.address(4)!] : [a.address(6)!])) }
        if (name === `four.${DOMAIN}`) return { answers: type === 'A' ? records(name, type, a.address(4)!) : [] }
        if (name === `dead-first.${DOMAIN}`)
          return { answers: type === 'A' ? records(name, type, '10.144.0.250', a.address(4)!) : [] }
        if (name === `large.${DOMAIN}`)
          return type === 'A' ? { flags: TRUNCATED_RESPONSE, answers: records(name, type, '10.9.9.9') } : {}
        if (name === `broken.${DOMAIN}`) return { code: 2 }
        return { code: 3 }
      }),
    )
    await controller.update(hosted.id, { dns: { domain: DOMAIN, servers: [a.address(4)!] } })
    await net.advance(2000)
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  it('are asked of the servers that the controller pushed, both families at once, and merged (D01)', async () => {
    const { net, a, b } = world
    const [six, four] = [a.address(6)!, a.address(4)!]
    expect(b.state.dns).toEqual({ domain: DOMAIN, servers: [four] })
    expect(await net.until(b.resolve(`Both.${DOMAIN}`))).toEqual([six, four])
    expect(await net.until(b.resolve(`both.${DOMAIN}.`, { family: 4 }))).toEqual([four])
    // the second question was answered from memory
    expect(server.asked.splice(0)).toEqual([`udp AAAA both.${DOMAIN}`, `udp A both.${DOMAIN}`])
  })

  it('without a dot are looked for in the domain of the network', async () => {
    const { net, a, b } = world
    expect(await net.until(b.resolve('four'))).toEqual([a.address(4)])
  })

  it('are asked for once by everybody who waits, and the answer is forgotten after its time', async () => {
    const { net, b } = world
    server.asked.length = 0
    await net.advance(61_000)
    await net.until(Promise.all([b.resolve('four'), b.resolve('four'), b.resolve(`four.${DOMAIN}`)]))
    expect(server.asked).toHaveLength(2)
  })

  it('whose answer does not fit a datagram are asked for over TCP (D03)', async () => {
    const { net, b } = world
    server.asked.length = 0
    expect(await net.until(b.resolve(`large.${DOMAIN}`, { family: 4 }))).toEqual(['10.9.9.9'])
    expect(server.asked).toEqual([`udp A large.${DOMAIN}`, `tcp A large.${DOMAIN}`])
  })

  it('that do not exist are ENOTFOUND; a server that fails or is silent is EAI_AGAIN', async () => {
    const { net, b } = world
    const failure = async (name: string, options = {}) =>
      (await net.until(
        b.resolve(name, options).catch((error: unknown) => error),
        60_000,
      )) as Error
    expect(await failure(`nobody.${DOMAIN}`)).toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo', errno: -3008 })
    expect(await failure(`broken.${DOMAIN}`)).toMatchObject({ code: 'EAI_AGAIN', errno: -3001 })
    expect(await failure('any.thing', { servers: ['10.144.0.251'] })).toMatchObject({ code: 'EAI_AGAIN' })
    expect(await failure('www.example.org')).toMatchObject({ code: 'ENOTFOUND' })
    expect((await failure('www.example.org')).message).toContain('dns')
    expect(await failure('no name at all')).toMatchObject({ code: 'ENOTFOUND' })
    expect(await failure('10.1.2.3', { family: 6 })).toMatchObject({ code: 'ENOTFOUND' })
  })

  it('can be given up: the questions end with the signal', async () => {
    const { net, b } = world
    const abort = new AbortController()
    const waiting = b.resolve('any.thing', { servers: ['10.144.0.251'], signal: abort.signal })
    const settled = waiting.catch((error: unknown) => error)
    await net.advance(500)
    abort.abort()
    expect(await settled).toMatchObject({ name: 'AbortError' })
  })

  it('of the caller come first: hosts, localhost, addresses; other domains go to servers of the caller', async () => {
    const { net, bob, b, a, hosted } = world
    await net.until(bob.join(hosted.id, { dns: [a.address(4)!], hosts: { 'Printer.lan': ['10.0.0.9', 'fd00::9'] } }))
    server.asked.length = 0
    expect(await net.until(b.resolve('printer.LAN'))).toEqual(['10.0.0.9', 'fd00::9'])
    expect(await net.until(b.resolve('localhost'))).toEqual(['::1', '127.0.0.1'])
    expect(await net.until(b.resolve('[fd00::0:1]'))).toEqual(['fd00::1'])
    expect(server.asked).toEqual([])
    await expect(net.until(b.resolve('www.example.org'))).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect(server.asked).toEqual(['udp AAAA www.example.org', 'udp A www.example.org'])
    await expect(bob.join(hosted.id, { dns: ['nonsense'] })).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
    await expect(bob.join(hosted.id, { hosts: { 'a b': [] } })).rejects.toMatchObject({ code: 'ERR_ZT_INVALID_OPTION' })
  })

  it('are what connect and ping take', async () => {
    const { net, a, b } = world
    const listener = await net.until(a.listen({ port: 8080 }))
    listener.connections$.subscribe((socket) => void socket.end('hello'))
    const socket = await net.until(b.connect({ host: `both.${DOMAIN}`, port: 8080 }))
    expect(socket.remote.address).toBe(a.address(6))
    expect(new TextDecoder().decode(await net.until(readAll(socket)))).toBe('hello')
    const reply = b.ping('four', { count: 1 })[Symbol.asyncIterator]().next()
    expect((await net.until(reply)).value).toMatchObject({ from: a.address(4) })
    await listener.close()
  })

  it('with several addresses: the next is tried after 250 ms without an answer, the first that stands is it', async () => {
    const { net, a, b } = world
    const listener = await net.until(a.listen({ port: 8081 }))
    const before = net.now
    const socket = await net.until(b.connect({ host: `dead-first.${DOMAIN}`, port: 8081 }))
    expect(socket.remote.address).toBe(a.address(4))
    expect(net.now - before).toBeGreaterThanOrEqual(250)
    expect(net.now - before).toBeLessThan(600)
    socket.reset()
    await listener.close()
  })

  it('with several addresses that all refuse: the first refusal is told', async () => {
    const { net, b } = world
    await expect(net.until(b.connect({ host: `both.${DOMAIN}`, port: 9 }), 60_000)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('are answered to whoever takes a lookup function', async () => {
    const { net, a, b } = world
    const lookup = toLookup(b)
    const one = new Promise((resolve) => lookup('both', {}, (...result) => resolve(result)))
    expect(await net.until(one)).toEqual([null, a.address(6), 6])
    const all = new Promise((resolve) => lookup('both', { all: true, family: 4 }, (...result) => resolve(result)))
    expect(await net.until(all)).toEqual([null, [{ address: a.address(4), family: 4 }]])
    const none = new Promise((resolve) => lookup(`nobody.${DOMAIN}`, {}, (...result) => resolve(result)))
    expect(await net.until(none)).toMatchObject([{ code: 'ENOTFOUND' }, '', 0])
  })
})
