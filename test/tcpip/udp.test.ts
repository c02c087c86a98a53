import { describe, expect, it } from 'vitest'
import { mac } from '../../src/protocol/kernel/id.ts'
import type { StackCall } from '../../src/tcpip/stack-io.ts'
import { fill, frame4, frame6, icmp, ipv4, ipv6, STRANGER, udp } from './craft.ts'
import { route, Segment } from './segment.ts'

const pair = (options: { readonly mtu?: number } = {}) => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'], ...options })
  const b = segment.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'], ...options })
  segment.run(3000)
  return { segment, a, b }
}
const bind = (id: number, port: number, address?: string, reusePort = false): StackCall => ({
  ...{ call: 'bind', id, port, reusePort },
  ...(address === undefined ? {} : { address }),
})
const send = (id: number, address: string, port: number, data: Uint8Array): StackCall => ({
  ...{ call: 'send', id, to: { address, port }, data },
})
const hello = Uint8Array.of(104, 105)

describe('a datagram', () => {
  it.each([
    { to: '10.0.0.2', from: '10.0.0.1', size: 0 },
    { to: '10.0.0.2', from: '10.0.0.1', size: 1 },
    { to: '10.0.0.2', from: '10.0.0.1', size: 2772 },
    { to: '10.0.0.2', from: '10.0.0.1', size: 2773 },
    { to: '10.0.0.2', from: '10.0.0.1', size: 65_507 },
    { to: 'fd00::2', from: 'fd00::1', size: 0 },
    { to: 'fd00::2', from: 'fd00::1', size: 2753 },
    { to: 'fd00::2', from: 'fd00::1', size: 65_527 },
  ])('of $size bytes arrives at $to as it was sent (F14)', ({ to, from, size }) => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000))
    b.call(bind(1, 5000))
    const data = fill(size)
    a.call(send(1, to, 5000, data))
    segment.run(50)
    expect(b.all('Datagram')).toEqual([
      {
        _tag: 'Datagram',
        id: 1,
        data,
        from: { address: from, port: 4000 },
        to: { address: to, port: 5000 },
        mac: a.mac,
      },
    ])
    expect([a.drops(), b.drops()]).toEqual([[], []])
  })

  it('larger than IP can carry is refused with EMSGSIZE', () => {
    const { a } = pair()
    a.call(bind(1, 4000))
    a.call(send(1, '10.0.0.2', 5000, new Uint8Array(65_508)))
    a.call(send(1, 'fd00::2', 5000, new Uint8Array(65_528)))
    expect(a.all('SoftError').map(({ code }) => code)).toEqual(['EMSGSIZE', 'EMSGSIZE'])
  })

  it('to an own address, 127.0.0.1 or ::1 comes back in the same step', () => {
    const { a } = pair()
    a.call(bind(1, 4000))
    for (const to of ['10.0.0.1', '127.0.0.1', '::1', 'fd00::1']) a.call(send(1, to, 4000, hello))
    expect(a.all('Datagram').map(({ from }) => from.address)).toEqual(['10.0.0.1', '127.0.0.1', '::1', 'fd00::1'])
  })

  it('to nowhere fails as the network says: no route, no neighbour, no interface', () => {
    const { segment, a } = pair()
    a.call(bind(1, 4000))
    a.call(send(1, '8.8.8.8', 53, hello))
    a.call(send(1, '10.0.0.9', 53, hello))
    segment.run(5000)
    expect(a.all('SoftError').map(({ code }) => code)).toEqual(['ENETUNREACH', 'EHOSTUNREACH'])
  })

  it('with a checksum of zero is accepted over IPv4; port 0 and nonsense are answered with EINVAL', () => {
    const { a } = pair()
    a.call(bind(1, 4000))
    const datagram = udp('10.0.0.2', 9, '10.0.0.1', 4000, hello, { checksum: 0 })
    a.hear(frame4(a.mac, ipv4({ from: '10.0.0.2', to: '10.0.0.1', protocol: 17, payload: datagram })))
    expect(a.all('Datagram')).toHaveLength(1)
    for (const [to, port] of [
      ['10.0.0.2', 0],
      ['nonsense', 1],
      ['0.0.0.0', 1],
    ] as const)
      a.call(send(1, to, port, hello))
    a.call({ call: 'send', id: 1, data: hello })
    expect(a.all('SoftError').map(({ code }) => code)).toEqual(new Array(4).fill('EINVAL'))
  })
})

describe('a port', () => {
  it('belongs to one socket, unless both share it', () => {
    const { a } = pair()
    a.call(bind(1, 4000), bind(2, 4000), bind(3, 4000, '10.0.0.1'), bind(4, 4001, '10.0.0.1'), bind(5, 4001, 'fd00::1'))
    a.call(bind(6, 4002, undefined, true), bind(7, 4002, undefined, true), bind(8, 4002))
    expect(a.all('Failed').map(({ id, code }) => [id, code])).toEqual([
      [2, 'EADDRINUSE'],
      [3, 'EADDRINUSE'],
      [8, 'EADDRINUSE'],
    ])
    a.call(bind(9, 1, '10.0.0.77'))
    expect(a.all('Failed').at(-1)).toEqual({ _tag: 'Failed', id: 9, code: 'EADDRNOTAVAIL' })
  })

  it('is chosen from the ephemeral range for port 0, and free again after close', () => {
    const { a } = pair()
    a.call(bind(1, 0), bind(2, 0))
    const [one, two] = a.all('Opened').map(({ local }) => local.port)
    expect(one).toBeGreaterThanOrEqual(49_152)
    expect(two).toBe(49_152 + ((one! - 49_152 + 1) % 16_384))
    a.call({ call: 'close', id: 1 }, bind(3, one!))
    expect(a.of(1).at(-1)).toEqual({ _tag: 'Closed', id: 1 })
    expect(a.of(3)).toMatchObject([{ _tag: 'Opened' }])
  })

  it('nobody has is answered with port unreachable, which a connected socket hears (P02)', () => {
    for (const to of ['10.0.0.2', 'fd00::2']) {
      const { segment, a, b } = pair()
      a.call(bind(1, 4000), bind(2, 4001), { call: 'associate', id: 1, remote: { address: to, port: 9 } })
      a.call({ call: 'send', id: 1, data: fill(2000) }, send(2, to, 9, hello))
      segment.run(50)
      expect(b.drops()).toEqual(['udp-no-port', 'udp-no-port'])
      expect(a.all('SoftError')).toEqual([{ _tag: 'SoftError', id: 1, code: 'ECONNREFUSED' }])
      const quote = b.sent.at(-2)!.payload
      expect(quote.length).toBe(to.includes(':') ? 1280 : 576)
      const original = a.sent.find((frame) => frame.payload.length > 2000)!.payload
      const at = to.includes(':') ? 48 : 28
      expect(quote.subarray(at)).toEqual(original.subarray(0, quote.length - at))
    }
  })

  it('prefers the connected socket, then the bound address, then any', () => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000), bind(2, 4001))
    b.call(bind(1, 5000, undefined, true), bind(2, 5000, '10.0.0.2', true), bind(3, 5000, undefined, true))
    b.call({ call: 'associate', id: 3, remote: { address: '10.0.0.1', port: 4001 } })
    a.call(send(1, '10.0.0.2', 5000, hello), send(2, '10.0.0.2', 5000, hello), send(1, 'fd00::2', 5000, hello))
    segment.run(50)
    expect(b.all('Datagram').map(({ id }) => id)).toEqual([2, 3, 1])
  })

  it('of IPv6 alone leaves that of IPv4 to another', () => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000))
    b.call({ call: 'bind', id: 1, port: 5000, ipv6Only: true }, bind(2, 5000, '0.0.0.0'))
    a.call(send(1, '10.0.0.2', 5000, hello), send(1, 'fd00::2', 5000, hello))
    segment.run(50)
    expect(b.all('Failed')).toEqual([])
    expect(b.all('Datagram').map(({ id, to }) => [id, to.address])).toEqual([
      [2, '10.0.0.2'],
      [1, 'fd00::2'],
    ])
  })

  it('whose socket is connected no more is for everybody again', () => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000), bind(2, 4001))
    b.call(bind(1, 5000), { call: 'associate', id: 1, remote: { address: '10.0.0.1', port: 4000 } })
    b.call({ call: 'associate', id: 1 })
    a.call(send(2, '10.0.0.2', 5000, hello))
    segment.run(50)
    expect(b.all('Datagram').map(({ from }) => from.port)).toEqual([4001])
    b.call({ call: 'send', id: 1, data: hello })
    expect(b.all('SoftError').map(({ code }) => code)).toEqual(['EINVAL'])
  })

  it('that is shared spreads remotes over its sockets, each remote always on the same one', () => {
    const { segment, a, b } = pair()
    b.call(...[1, 2, 3, 4].map((id) => bind(id, 5000, undefined, true)))
    const senders = Array.from({ length: 30 }, (_, i) => bind(i + 1, 4000 + i))
    a.call(...senders)
    for (let turn = 0; turn < 2; turn++) {
      a.call(...senders.map(({ id }) => send(id, '10.0.0.2', 5000, hello)))
      segment.run(50)
    }
    const seen = b.all('Datagram').map(({ id, from }) => `${from.port} ${id}`)
    expect(seen).toHaveLength(60)
    expect(new Set(seen).size).toBe(30)
    expect(new Set(b.all('Datagram').map(({ id }) => id)).size).toBe(4)
  })
})

describe('a socket that forbids fragments (P11)', () => {
  it.each([
    { to: '10.0.0.2', most: 2772, headers: 28 },
    { to: 'fd00::2', most: 2752, headers: 48 },
  ])('to $to is refused what does not fit the link, and hears of a smaller path', ({ to, most, headers }) => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000), bind(2, 4001))
    b.call(bind(1, 5000))
    const options = { dontFragment: true }
    a.call({ call: 'configure', id: 1, options }, { call: 'associate', id: 1, remote: { address: to, port: 5000 } })
    a.call(send(1, to, 5000, fill(most + 1)), send(1, to, 5000, fill(most)), send(2, to, 5000, fill(most + 1)))
    segment.run(50)
    expect(a.all('SoftError')).toEqual([{ _tag: 'SoftError', id: 1, code: 'EMSGSIZE' }])
    expect(b.all('Datagram').map(({ data }) => data.length)).toEqual([most, most + 1])
    const quoted = a.sent.find(({ payload }) => payload.length === 2800)!.payload
    const tooBig =
      headers === 28
        ? frame4(a.mac, ipv4({ from: '10.0.0.9', to: '10.0.0.1', protocol: 1, payload: icmp(3, 4, 1400, quoted) }))
        : frame6(
            a.mac,
            ipv6({
              from: 'fd00::9',
              to: 'fd00::1',
              next: 58,
              payload: icmp(2, 0, 1400, quoted, ['fd00::9', 'fd00::1']),
            }),
          )
    a.hear(tooBig)
    expect(a.all('SoftError').at(-1)).toEqual({ _tag: 'SoftError', id: 1, code: 'EMSGSIZE' })
    a.call(send(1, to, 5000, fill(1400 - headers)), send(1, to, 5000, fill(1401 - headers)))
    expect(a.all('SoftError')).toHaveLength(3)
    segment.run(50)
    expect(b.all('Datagram')).toHaveLength(3)
  })
})

it('the traffic class of a socket is on everything it sends', () => {
  const { a } = pair()
  a.call(bind(1, 4000), { call: 'configure', id: 1, options: { tos: 0xb8, broadcast: true } })
  a.call(send(1, '10.0.0.255', 1, hello), send(1, 'ff02::1', 1, hello))
  const [v4, v6] = a.sent.slice(-2).map(({ payload }) => payload)
  expect(v4![1]).toBe(0xb8)
  expect([v6![0], v6![1]! >>> 4]).toEqual([0x6b, 8])
})

describe('broadcast', () => {
  it('needs the socket to allow it, then reaches everybody, here too (G18)', () => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000), bind(2, 5000))
    b.call(bind(1, 5000), bind(2, 5001))
    a.call(send(1, '10.0.0.255', 5000, hello), send(1, '255.255.255.255', 5000, hello))
    expect(a.all('SoftError').map(({ code }) => code)).toEqual(['EACCES', 'EACCES'])
    a.call({ call: 'configure', id: 1, options: { broadcast: true } })
    a.call(send(1, '10.0.0.255', 5000, hello), send(1, '255.255.255.255', 5000, hello), send(1, '10.0.0.255', 9, hello))
    segment.run(50)
    for (const host of [a, b]) {
      expect(host.all('Datagram').map(({ to }) => to.address)).toEqual(['10.0.0.255', '255.255.255.255'])
    }
    expect(a.sent.slice(-3).map(({ to }) => to)).toEqual(new Array(3).fill(0xffff_ffff_ffff))
    // nobody on port 9, and nobody complains about that (P03)
    expect(b.drops()).toEqual(['udp-no-port'])
    expect(b.sent.filter(({ payload }) => payload[9] === 1)).toEqual([])
  })
})

describe('multicast', () => {
  it.each(['239.1.2.3', 'ff02::1:3'])('%s reaches those who joined, here by the loop (G16, G17)', (group) => {
    const { segment, a, b } = pair()
    a.call(bind(1, 4000), bind(2, 5000), bind(3, 5000 + 1))
    b.call(bind(1, 5000, undefined, true), bind(2, 5000, undefined, true), bind(3, 5000, undefined, true))
    const link = { mac: mac(group.includes(':') ? 0x3333_0001_0003 : 0x0100_5e01_0203), adi: 0 }
    const joined = (outputs: ReturnType<typeof a.call>) =>
      outputs.flatMap((output) => (output._tag === 'Groups' ? [output.groups] : []))
    expect(joined(b.call({ call: 'join-group', id: 1, group }))[0]).toContainEqual(link)
    expect(joined(b.call({ call: 'join-group', id: 2, group }))).toEqual([])
    a.call({ call: 'join-group', id: 2, group })
    a.call(send(1, group, 5000, hello))
    segment.run(50)
    expect(b.all('Datagram').map(({ id, to }) => [id, to.address])).toEqual([
      [1, group],
      [2, group],
    ])
    expect(a.all('Datagram').map(({ id }) => id)).toEqual([2])
    const frame = a.sent.at(-1)!
    expect(frame.to).toBe(link.mac)
    expect(frame.payload[group.includes(':') ? 7 : 8]).toBe(1)

    a.call({ call: 'configure', id: 1, options: { multicastLoop: false, multicastTtl: 5 } })
    a.call(send(1, group, 5000, hello))
    expect(a.all('Datagram')).toHaveLength(1)
    expect(a.sent.at(-1)!.payload[group.includes(':') ? 7 : 8]).toBe(5)

    expect(joined(b.call({ call: 'leave-group', id: 1, group }))).toEqual([])
    expect(joined(b.call({ call: 'close', id: 2 }))[0]).not.toContainEqual(link)
  })

  it('refuses what is no group, what was joined already, and what never was', () => {
    const { a } = pair()
    a.call(bind(1, 4000))
    const join = (group: string) => a.call({ call: 'join-group', id: 1, group })
    join('10.0.0.2')
    join('239.1.1.1')
    join('239.1.1.1')
    a.call({ call: 'leave-group', id: 1, group: '239.9.9.9' })
    for (let i = 0; i < 64; i++) join(`239.2.0.${i}`)
    expect(a.all('SoftError').map(({ code }) => code)).toEqual(['EINVAL', 'EADDRINUSE', 'EADDRNOTAVAIL', 'ENOBUFS'])
  })
})

describe('routes', () => {
  it('lead by longest prefix, through a router that is on-link, by metric (G12)', () => {
    const segment = new Segment()
    const routes = [
      route('0.0.0.0/0', '10.0.0.9'),
      route('192.168.0.0/16', '10.0.0.8', 5),
      route('192.168.0.0/16', '10.0.0.7', 1),
      route('192.168.5.0/24', '10.0.0.6'),
      route('172.16.0.0/12', '10.9.9.9'),
      route('172.20.0.0/16'),
    ]
    const a = segment.host({ addresses: ['10.0.0.1/24'], routes })
    segment.run(3000)
    a.call(bind(1, 4000))
    const asked = (to: string) => {
      a.call(send(1, to, 53, hello))
      const { payload } = a.sent.at(-1)!
      return payload.subarray(24, 28).join('.')
    }
    expect(asked('192.168.1.1')).toBe('10.0.0.7')
    expect(asked('192.168.5.1')).toBe('10.0.0.6')
    expect(asked('172.20.1.1')).toBe('172.20.1.1')
    // 10.9.9.9 cannot be reached itself, so the route through it does not count
    expect(asked('172.16.0.1')).toBe('10.0.0.9')
  })
})

describe('an address of another network', () => {
  it('is not ours: packets for it are dropped (G14)', () => {
    const { a } = pair()
    const payload = udp('10.0.0.2', 1, '10.0.1.1', 4000, hello)
    a.hear(frame4(a.mac, ipv4({ from: '10.0.0.2', to: '10.0.1.1', protocol: 17, payload })))
    a.hear(frame4(STRANGER, ipv4({ from: '10.0.0.2', to: '10.0.0.1', protocol: 17, payload })))
    expect(a.drops()).toEqual(['not-for-us', 'not-for-us'])
  })

  it('taken away ends the sockets bound to it', () => {
    const { a } = pair()
    a.call(bind(1, 4000, '10.0.0.1'), bind(2, 4001))
    a.configure(['10.0.0.3/24'])
    expect(a.of(1).at(-1)).toEqual({ _tag: 'Failed', id: 1, code: 'EADDRNOTAVAIL' })
    expect(a.of(2)).toHaveLength(1)
  })
})

it('before it is configured a stack sends nothing and says ENETDOWN', () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24'] })
  a.input({ _tag: 'Configure', mtu: 0, addresses: [], routes: [] })
  a.call(bind(1, 4000), send(1, '10.0.0.2', 1, hello), { call: 'echo', id: 2, to: '127.0.0.1', seq: 1, size: 1 })
  expect(a.all('SoftError').map(({ code }) => code)).toEqual(['ENETDOWN'])
  expect(a.of(2)).toMatchObject([{ code: 'ENETDOWN' }])
})
