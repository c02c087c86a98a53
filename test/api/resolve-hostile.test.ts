import { type Answer, decode, encode, type Packet } from 'dns-packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UdpSocket } from '../../src/index.node.ts'
import { type Pair, virtualPair } from '../support/virtual-pair.ts'

/** What name servers must not get away with, against the resolver of a network. */
describe('a name server', () => {
  let world: Pair
  let udp: UdpSocket
  let elsewhere: UdpSocket
  let asked = 0
  /** What is sent back, in order; the right answer is 10.9.9.9. */
  let reply: (query: Packet) => readonly { readonly bytes: Uint8Array; readonly by?: UdpSocket }[] = () => []

  beforeAll(async () => {
    world = await virtualPair(61)
    const { net, a } = world
    udp = await net.until(a.bind({ port: 53 }))
    elsewhere = await net.until(a.bind({ port: 54 }))
    udp.messages$.subscribe(({ data, from }) => {
      asked++
      for (const { bytes, by = udp } of reply(decode(Buffer.from(data))))
        void by.send(bytes, { host: from.address, port: from.port })
    })
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })
  const record = (type: 'A' | 'CNAME', name: string, data: string): Answer =>
    ({ type, name, data, ttl: 60, class: 'IN' }) as Answer
  const message = ({ id, questions }: Packet, answers: Answer[], more: Partial<Packet> = {}): Uint8Array =>
    encode({ type: 'response', id: id!, questions: questions!, answers, ...more })
  const right = (query: Packet): Uint8Array => message(query, [record('A', query.questions![0]!.name, '10.9.9.9')])
  const ask = (name: string, servers = [world.a.address(4)!]) =>
    world.net.until(
      world.b.resolve(name, { family: 4, servers }).catch((error: { readonly code: string }) => error.code),
      60_000,
    )

  it('is not believed with another number, question or port (D02)', async () => {
    reply = (query) => {
      const lie = [record('A', query.questions![0]!.name, '10.6.6.6')]
      const other = [{ type: 'A' as const, name: 'other.net', class: 'IN' as const }]
      return [
        { bytes: message({ ...query, id: query.id! ^ 1 }, lie) },
        { bytes: message({ ...query, questions: other }, [record('A', 'other.net', '10.6.6.6')]) },
        { bytes: message(query, lie), by: elsewhere },
        { bytes: right(query) },
      ]
    }
    expect(await ask('believed.net')).toEqual(['10.9.9.9'])
  })

  it('that sends aliases round in a circle gives no address (D04)', async () => {
    reply = (query) => [
      { bytes: message(query, [record('CNAME', 'circle.net', 'b.net'), record('CNAME', 'b.net', 'circle.net')]) },
    ]
    expect(await ask('circle.net')).toBe('EAI_AGAIN')
  })

  it('that points a name to itself says nothing, and what it says then counts (D05)', async () => {
    reply = (query) => {
      const bytes = Uint8Array.from(right(query))
      // the name of the answer begins behind the header and the question
      const at = 12 + 'loop.net'.length + 2 + 4
      bytes.set([0xc0, at], at)
      return [{ bytes }, { bytes: right(query) }]
    }
    expect(await ask('loop.net')).toEqual(['10.9.9.9'])
  })

  it('that is silent is passed over after a second; when all are, it is over after two rounds of one and two (D06)', async () => {
    const { net, a } = world
    reply = (query) => [{ bytes: right(query) }]
    const began = net.now
    expect(await ask('second.net', ['10.144.0.250', a.address(4)!])).toEqual(['10.9.9.9'])
    expect(net.now - began).toBeGreaterThanOrEqual(1000)
    expect(net.now - began).toBeLessThan(1100)
    reply = () => []
    const [silent, before] = [net.now, asked]
    expect(await ask('silent.net', [a.address(4)!, a.address(6)!])).toBe('EAI_AGAIN')
    expect(net.now - silent).toBe(6000)
    expect(asked - before).toBe(4)
  })

  it('that knows of no such name is asked again after the time it gives, not before (D07)', async () => {
    const { net } = world
    const mname = 'ns.net'
    reply = (query) => [
      {
        bytes: message(query, [], {
          flags: 3,
          authorities: [{ type: 'SOA', name: 'net', ttl: 60, class: 'IN', data: { mname, rname: mname, minimum: 60 } }],
        }),
      },
    ]
    asked = 0
    expect(await ask('nobody.net')).toBe('ENOTFOUND')
    await net.advance(59_000)
    expect(await ask('nobody.net')).toBe('ENOTFOUND')
    expect(asked).toBe(1)
    await net.advance(2000)
    expect(await ask('nobody.net')).toBe('ENOTFOUND')
    expect(asked).toBe(2)
  })
})
