import { describe, expect, it } from 'vitest'
import { statistics } from '../../src/tcpip/statistics.ts'
import { membersOfUnion } from '../support/union.ts'
import { Segment } from './segment.ts'

const pair = () => {
  const net = new Segment()
  const a = net.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  const b = net.host({ addresses: ['10.0.0.2/24', 'fd00::2/64'] })
  net.run(3000)
  return { net, a, b }
}

describe('the counts of a stack', () => {
  it('say what left one host and reached the other, protocol by protocol', () => {
    const { net, a, b } = pair()
    const before = b.state.counts()
    a.call({ call: 'bind', id: 1, port: 4000 })
    b.call({ call: 'bind', id: 1, port: 5000 })
    a.call({ call: 'send', id: 1, to: { address: '10.0.0.2', port: 5000 }, data: new Uint8Array(6000) })
    a.call({ call: 'echo', id: 2, to: 'fd00::2', seq: 1, size: 8 })
    net.run(100)
    const got = b.state.counts()
    const grown = (name: string): number => (got[name] ?? 0) - (before[name] ?? 0)
    // 6008 bytes of UDP leave in three pieces
    expect(grown('fragment4/received')).toBe(3)
    expect(grown('udp/received')).toBe(1)
    expect(grown('ip4/received')).toBe(3)
    expect(grown('arp/received')).toBe(1)
    expect([grown('icmp6/received'), grown('icmp6/sent')]).toEqual([1, 1])
    expect(grown('nd/received')).toBe(1)
    expect(grown('link/received')).toBe(3 + 1 + 1 + 1)
    // ARP, ND and the echo with IP's 40 bytes in front of it, and the pieces
    expect(grown('link/receivedBytes')).toBe(28 + 72 + 56 + 6008 + 3 * 20)
  })

  it('blame each drop on a protocol and a reason', () => {
    const { net, a, b } = pair()
    a.call({ call: 'bind', id: 1, port: 4000 })
    a.call({ call: 'send', id: 1, to: { address: 'fd00::2', port: 9 }, data: new Uint8Array(5) })
    net.run(100)
    expect(b.state.counts()).toMatchObject({ 'udp/dropped': 1, 'udp/protocolErrors': 1, 'icmp6/sent': 1 })
    const [frame] = a.sent.filter(({ payload }) => payload[6] === 17)
    b.hear({ ...frame!, payload: frame!.payload.slice(0, 41) })
    expect(b.state.counts()).toMatchObject({ 'ip6/dropped': 1, 'ip6/lengthErrors': 1 })
  })

  it('sum up the errors of each protocol, whatever is wrong', () => {
    const one = statistics()
    one.dropped('tcp-checksum')
    one.dropped('tcp-malformed')
    one.dropped('tcp-backlog')
    one.dropped('tcp-window')
    expect(one.counts()).toEqual({
      ...{ 'tcp/dropped': 4, 'tcp/errors': 3 },
      ...{ 'tcp/checksumErrors': 1, 'tcp/lengthErrors': 1, 'tcp/memoryErrors': 1 },
    })
  })

  it('say how often the next hop was known, and nobody had to be asked', () => {
    const { net, a } = pair()
    const hits = () => ['arp/cacheHits', 'nd/cacheHits'].map((name) => a.state.counts()[name] ?? 0)
    expect(hits()).toEqual([0, 0])
    for (const to of ['10.0.0.2', 'fd00::2'])
      for (let seq = 1; seq <= 3; seq++) {
        a.call({ call: 'echo', id: seq, to, seq, size: 8 })
        net.run(100)
      }
    // the first of each waits for an answer
    expect(hits()).toEqual([2, 2])
  })

  it('know of TCP what happened to its connections', () => {
    const { net, a, b } = pair()
    b.call({ call: 'listen', id: 1, port: 80, backlog: 5, options: {}, nextId: () => 2 })
    for (const [id, port] of [
      [1, 80],
      [2, 81],
    ] as const)
      a.call({ call: 'connect', id, remote: { address: '10.0.0.2', port }, options: {}, deadline: net.now + 9000 })
    net.run(100)
    expect(a.state.counts()).toMatchObject({ 'tcp/activeOpens': 2, 'tcp/failedOpens': 1, 'tcp/connections': 1 })
    expect(b.state.counts()).toMatchObject({ 'tcp/passiveOpens': 1, 'tcp/protocolErrors': 1 })
    expect(a.state.tcpInfo(1)).toMatchObject({
      ...{ state: 'ESTABLISHED', congestionControl: 'bbr', phase: 'startup', mss: 2748, cwnd: 14_600 },
      ...{ sack: true, timestamps: true, retransmits: 0, timeouts: 0, inFlight: 0, unsent: 0, unread: 0 },
    })
    expect(a.state.tcpInfo(2)).toBeUndefined()
  })

  it('a packet to oneself is of every protocol but the link', () => {
    const { net, a } = pair()
    const before = a.state.counts()
    a.call({ call: 'bind', id: 1, port: 4000 })
    a.call({ call: 'send', id: 1, to: { address: '10.0.0.1', port: 4000 }, data: new Uint8Array(5) })
    net.run(1)
    const after = a.state.counts()
    expect([after['udp/sent'], after['udp/received'], after['ip4/received']]).toEqual([1, 1, 1])
    expect(after['link/sent']).toBe(before['link/sent'])
  })

  it('have a place for every reason', () => {
    for (const reason of membersOfUnion('src/tcpip/stack-io.ts', 'StackDropReason')) {
      const one = statistics()
      one.dropped(reason as Parameters<typeof one.dropped>[0])
      expect(Object.entries(one.counts()).filter(([name]) => name.endsWith('/dropped'))).toMatchObject([[{}, 1]])
    }
  })
})
