import { describe, expect, it } from 'vitest'
import { readU16, writeU16 } from '../../src/protocol/kernel/codec.ts'
import { isIntact, sum } from '../../src/tcpip/checksum.ts'
import type { StackCall } from '../../src/tcpip/stack-io.ts'
import { fill, ipv4, ipv6 } from './craft.ts'
import { Segment } from './segment.ts'

const pair = () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
  segment.run(3000)
  return { segment, a, b }
}
const open = (id: number, protocol: number, family: 4 | 6 = 4, headerIncluded = false): StackCall => ({
  ...{ call: 'open-raw', id, protocol, family, headerIncluded },
})
const send = (id: number, to: string, data: Uint8Array): StackCall => ({ call: 'send-raw', id, to, data })

describe('a raw socket', () => {
  it.each([
    { family: 4, from: '10.0.0.1', to: '10.0.0.2', header: 20 },
    { family: 6, from: 'fd00::1', to: 'fd00::2', header: 40 },
  ] as const)('of IPv$family gets whole packets of its protocol, and no others', ({ family, from, to, header }) => {
    const { segment, a, b } = pair()
    a.call(open(1, 200, family))
    b.call(open(1, 200, family), open(2, 201, family), open(3, 200, family === 4 ? 6 : 4), open(4, 200, family))
    const data = fill(9000)
    a.call(send(1, to, data))
    segment.run(50)
    const seen = b.all('Packet')
    expect(seen.map(({ id }) => id)).toEqual([1, 4])
    expect(seen[0]).toMatchObject({ payloadAt: header, protocol: 200, ttl: 64, from, to, mac: a.mac })
    expect(seen[0]!.packet.subarray(header)).toEqual(data)
    expect(seen[0]!.packet.buffer).not.toBe(seen[1]!.packet.buffer)
    // somebody is there for the protocol, so nobody complains
    expect(b.drops()).toEqual([])
    expect(a.drops()).toEqual([])
  })

  it('sees what the host handles as well, and the host still handles it', () => {
    const { segment, a, b } = pair()
    b.call(open(1, 1), { call: 'bind', id: 2, port: 5000 }, open(3, 17))
    a.call({ call: 'echo', id: 1, to: '10.0.0.2', seq: 3, size: 8 }, { call: 'bind', id: 2, port: 4000 })
    a.call({ call: 'send', id: 2, to: { address: '10.0.0.2', port: 5000 }, data: fill(5) })
    segment.run(50)
    expect(a.all('Echo')).toHaveLength(1)
    expect(b.all('Datagram')).toHaveLength(1)
    expect(b.all('Packet').map(({ id, packet }) => [id, packet[20]])).toEqual([
      [1, 8],
      [3, 4000 >> 8],
    ])
  })

  it('without one, a protocol nobody speaks is answered', () => {
    const { segment, a, b } = pair()
    a.call(open(1, 200), open(2, 1), send(1, '10.0.0.2', fill(8)))
    segment.run(50)
    expect(b.drops()).toEqual(['ip-protocol'])
    const [answer] = a.all('Packet')
    expect([...answer!.packet.subarray(20, 22)]).toEqual([3, 2])
  })

  it('that brings the header has length, identification and checksum filled in where they are zero', () => {
    const { segment, a, b } = pair()
    a.call(open(1, 200, 4, true))
    b.call(open(1, 200))
    const packet = ipv4({ from: '10.0.0.1', to: '10.0.0.2', protocol: 200, payload: fill(30), ttl: 7 })
    for (const at of [2, 4, 10]) writeU16(packet, at, 0)
    a.call(send(1, '10.0.0.2', packet))
    segment.run(50)
    const got = b.all('Packet')[0]!
    expect(got.ttl).toBe(7)
    expect(readU16(got.packet, 2)).toBe(50)
    expect(readU16(got.packet, 4)).not.toBe(0)
    expect(isIntact(sum(got.packet, 0, 20))).toBe(true)
    const whole = ipv4({ from: '10.0.0.1', to: '10.0.0.2', protocol: 200, payload: fill(30), id: 77 })
    a.call(send(1, '10.0.0.2', whole))
    segment.run(50)
    expect(b.all('Packet')[1]!.packet).toEqual(whole)
  })

  it('that brings the header, over IPv6', () => {
    const { segment, a, b } = pair()
    a.call(open(1, 200, 6, true))
    b.call(open(1, 200, 6))
    a.call(send(1, 'fd00::2', ipv6({ from: 'fd00::1', to: 'fd00::2', next: 200, payload: fill(30), length: 0 })))
    segment.run(50)
    expect(b.all('Packet')[0]!.packet.length).toBe(70)
  })

  it('refuses what cannot be sent', () => {
    const { a } = pair()
    a.call(open(1, 200), open(2, 200, 4, true), open(3, 300), open(1, 5))
    expect(a.all('Failed').map(({ id, code }) => [id, code])).toEqual([
      [3, 'EINVAL'],
      [1, 'EINVAL'],
    ])
    a.call(send(1, 'fd00::2', fill(1)), send(1, '10.0.0.255', fill(1)), send(1, '9.9.9.9', fill(1)))
    a.call(
      send(1, '10.0.0.2', fill(65_516)),
      send(2, '10.0.0.2', fill(40).fill(0x60, 0, 1)),
      send(2, '10.0.0.2', fill(3)),
    )
    a.call(send(2, '10.0.0.2', ipv4({ from: '10.0.0.1', to: '10.0.0.2', protocol: 200, payload: fill(2781) })))
    expect(a.all('SoftError').map(({ code }) => code)).toEqual([
      ...['EINVAL', 'EACCES', 'ENETUNREACH', 'EMSGSIZE', 'EINVAL', 'EINVAL', 'EMSGSIZE'],
    ])
    a.call({ call: 'configure', id: 1, options: { dontFragment: true, broadcast: true } })
    a.call(send(1, '10.0.0.2', fill(2781)), send(1, '10.0.0.255', fill(1)), { call: 'close', id: 1 })
    expect(a.of(1).slice(-2)).toMatchObject([{ code: 'EMSGSIZE' }, { _tag: 'Closed' }])
    expect(a.sent.at(-1)!.to).toBe(0xffff_ffff_ffff)
  })
})
