import { describe, expect, it } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import { arpRequest, fill, frame4, frame6, icmp, ipv4, ipv6, STRANGER, solicitation, udp } from './craft.ts'
import { Segment, type TestHost } from './segment.ts'

const HERE = mac(0x0200_0000_0001)
const hi = fill(2)
const world = () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  segment.run(3000)
  a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.1'))
  a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
  a.call({ call: 'bind', id: 1, port: 4000 })
  return { segment, a }
}
const toClosedPort = (from = '10.0.0.2') =>
  frame4(HERE, ipv4({ from, to: '10.0.0.1', protocol: 17, payload: udp(from, 1, '10.0.0.1', 9, hi) }))
const errorsOf = (a: TestHost): number =>
  a.sent.filter(({ etherType, payload }) => etherType === 0x0800 && payload[9] === 1 && payload[20] === 3).length

describe('ICMP errors', () => {
  it('are limited: 50 at once, 100 per second to one host, 1000 per second in all (P04)', () => {
    const { segment, a } = world()
    for (let i = 0; i < 80; i++) a.hear(toClosedPort())
    expect(errorsOf(a)).toBe(50)
    for (let ms = 0; ms < 1000; ms++) {
      segment.run(1)
      a.hear(toClosedPort(), toClosedPort())
    }
    expect(errorsOf(a)).toBeGreaterThan(140)
    expect(errorsOf(a)).toBeLessThanOrEqual(201)
  })

  it('are not sent about errors, later fragments, groups and broadcasts (P03)', () => {
    const { a } = world()
    const before = a.sent.length
    const quoted = ipv4({ from: '10.0.0.1', to: '10.0.0.2', protocol: 17, payload: hi })
    const packets = [
      ipv4({ from: '10.0.0.2', to: '10.0.0.1', protocol: 1, payload: icmp(3, 3, 0, quoted) }),
      ipv4({ from: '10.0.0.2', to: '10.0.0.1', protocol: 200, payload: fill(8), offset: 8, id: 1 }),
      ipv4({ from: '10.0.0.2', to: '10.0.0.255', protocol: 200, payload: fill(8) }),
      ipv4({ from: '10.0.0.2', to: '224.0.0.1', protocol: 200, payload: fill(8) }),
    ]
    a.hear(...packets.map((packet) => frame4(HERE, packet)))
    a.hear({ ...toClosedPort(), to: mac(0xffff_ffff_ffff) })
    const group = { from: 'fd00::2', to: 'ff02::1' }
    a.hear(frame6(mac(0x3333_0000_0001), ipv6({ ...group, next: 200, payload: fill(8) })))
    expect(a.sent).toHaveLength(before)
  })

  it('and echo replies that have no way back are dropped aloud', () => {
    const { a } = world()
    const before = a.sent.length
    a.hear(toClosedPort('8.8.8.8'))
    a.hear(frame4(HERE, ipv4({ from: '8.8.8.8', to: '10.0.0.1', protocol: 1, payload: icmp(8, 0, 7, hi) })))
    expect(a.drops()).toEqual(['no-route', 'udp-no-port', 'no-route'])
    const nobody = ['::', 'fd00::1'] as const
    const echo = icmp(128, 0, 7, hi, nobody)
    a.hear(frame6(HERE, ipv6({ from: '::', to: 'fd00::1', next: 58, payload: echo })))
    expect(a.drops().at(-1)).toBe('icmp-ignored')
    expect(a.sent).toHaveLength(before)
  })

  it('about an option of type 10… answer a group as well', () => {
    const { a } = world()
    const payload = Uint8Array.of(59, 0, 0x9e, 4, 0, 0, 0, 0)
    a.hear(frame6(mac(0x3333_0000_0001), ipv6({ from: 'fd00::2', to: 'ff02::1', next: 60, payload })))
    expect([a.sent.at(-1)?.payload[40], a.sent.at(-1)?.payload[41]]).toEqual([4, 2])
  })
})

describe('packet too big', () => {
  /** Sends 2000 bytes, hears that only `mtu` fits, sends again: the sizes of the packets. */
  const sizes = (family: 4 | 6, mtu: number, again = 1) => {
    const { segment, a } = world()
    const address = family === 4 ? '10.0.0.2' : 'fd00::2'
    const send = () => {
      const before = a.sent.length
      a.call({ call: 'send', id: 1, to: { address, port: 5000 }, data: fill(2000) })
      return a.sent.slice(before).map(({ payload }) => payload)
    }
    const first = send()
    for (let i = 0; i < again; i++) {
      const quote = first[0]!.slice(0, 548)
      const report =
        family === 4
          ? frame4(HERE, ipv4({ from: '10.0.0.9', to: '10.0.0.1', protocol: 1, payload: icmp(3, 4, mtu, quote) }))
          : frame6(
              HERE,
              ipv6({
                from: 'fd00::9',
                to: 'fd00::1',
                next: 58,
                payload: icmp(2, 0, mtu, quote, ['fd00::9', 'fd00::1']),
              }),
            )
      a.hear(report)
    }
    return { segment, a, first, send, next: send().map(({ length }) => length) }
  }
  it('lowers the path MTU of that remote, and UDP is cut to fit', () => {
    expect(sizes(4, 1400).next).toEqual([1396, 652])
    expect(sizes(6, 1400).next).toEqual([1400, 704])
    expect(sizes(4, 1400).first[0]![6]).toBe(0x40)
  })
  it('without a usable value goes to the next plateau, never below 552 (P06)', () => {
    expect(sizes(4, 0).next[0]).toBe(1492)
    expect(sizes(4, 68).next[0]).toBe(1492)
    expect(sizes(4, 0, 2).next[0]).toBe(1276)
    expect(sizes(4, 0, 9).next[0]).toBe(548)
  })
  it('below the minimum of IPv6 means 1280 (P07)', () => {
    expect(sizes(6, 1000).next[0]).toBe(1280)
  })
  it('larger than what fits changes nothing (P06)', () => {
    expect(sizes(4, 9000).next).toEqual([2028])
    expect(sizes(6, 2800).next).toEqual([2048])
  })
  it('is forgotten after ten minutes (P09)', () => {
    const { segment, a, send } = sizes(4, 1400)
    const later = (ms: number) => {
      segment.run(ms)
      a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.1'))
      return send().map(({ length }) => length)
    }
    expect(later(599_000)).toEqual([1396, 652])
    expect(later(1000)).toEqual([2028])
  })
  it('about a packet that no socket sent is not believed', () => {
    const { a } = world()
    const quote = ipv4({
      from: '10.0.0.1',
      to: '10.0.0.2',
      protocol: 17,
      payload: udp('10.0.0.1', 7, '10.0.0.2', 8, hi),
    })
    a.hear(frame4(HERE, ipv4({ from: '10.0.0.9', to: '10.0.0.1', protocol: 1, payload: icmp(3, 4, 600, quote) })))
    a.call({ call: 'send', id: 1, to: { address: '10.0.0.2', port: 5000 }, data: fill(2000) })
    expect(a.sent.at(-1)?.payload.length).toBe(2028)
  })
})

describe('received errors', () => {
  const report = (type: number, code: number) => {
    const { a } = world()
    a.call({ call: 'associate', id: 1, remote: { address: '10.0.0.2', port: 5000 } }, { call: 'send', id: 1, data: hi })
    a.call({ call: 'echo', id: 2, to: '10.0.0.2', seq: 3, size: 8 })
    for (const frame of a.sent.slice(-2)) {
      const payload = icmp(type, code, 0, frame.payload)
      a.hear(frame4(HERE, ipv4({ from: '10.0.0.9', to: '10.0.0.1', protocol: 1, payload })))
    }
    return [a.all('SoftError').map(({ code }) => code), a.all('EchoFailed').map(({ code, seq }) => [code, seq])]
  }
  it.each([
    { says: 'port unreachable', type: 3, code: 3, udp: ['ECONNREFUSED'], echo: 'ECONNREFUSED' },
    { says: 'administratively prohibited', type: 3, code: 13, udp: ['EHOSTUNREACH'], echo: 'EHOSTUNREACH' },
    { says: 'host unreachable, which may pass', type: 3, code: 1, udp: [], echo: 'EHOSTUNREACH' },
    { says: 'network unreachable, which may pass', type: 3, code: 0, udp: [], echo: 'ENETUNREACH' },
    { says: 'time exceeded, which may pass', type: 11, code: 0, udp: [], echo: 'EHOSTUNREACH' },
  ])('$says', ({ type, code, udp: expected, echo }) => {
    expect(report(type, code)).toEqual([expected, [[echo, 3]]])
  })
})
