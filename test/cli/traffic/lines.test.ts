import { describe, expect, it } from 'vitest'
import { explainPath, gatewayTo, type PathFacts } from '../../../src/cli/traffic/echo/explain-path.ts'
import { EchoCounter, replyLine, summaryLines } from '../../../src/cli/traffic/echo/round-trips.ts'
import { frameLine } from '../../../src/cli/traffic/tap/frame-line.ts'
import { forwardSpec, listenSpec } from '../../../src/cli/traffic/tunnel/place.ts'
import type { FrameTrace, Mac, NodeId, Peer, Route } from '../../../src/index.node.ts'

const reply = (seq: number, rtt: number) => ({ seq, bytes: 56, rtt, ttl: 64, from: '10.1.1.1' })

describe('what ping says', () => {
  it('has lines as iputils writes them', () => {
    expect(replyLine(reply(0, 1.234))).toBe('64 bytes from 10.1.1.1: icmp_seq=1 ttl=64 time=1.23 ms')
    expect(replyLine(reply(9, 45.67))).toBe('64 bytes from 10.1.1.1: icmp_seq=10 ttl=64 time=45.7 ms')
    expect(replyLine({ seq: 2, lost: true, reason: 'unreachable' })).toBe('no answer to icmp_seq=3 (unreachable)')
  })

  it('adds up minimum, mean, maximum and deviation, and what was lost', () => {
    const counter = new EchoCounter()
    for (const rtt of [2, 4, 4, 4, 5, 5, 7, 9]) counter.add(reply(0, rtt))
    counter.add({ seq: 8, lost: true, reason: 'timeout' })
    expect(counter.result).toMatchObject({ sent: 9, received: 8, loss: 1 / 9, min: 2, avg: 5, max: 9, mdev: 2 })
    expect(summaryLines(counter.result, 8009.6)).toEqual([
      '9 packets transmitted, 8 received, 11.1111% packet loss, time 8010ms',
      'rtt min/avg/max/mdev = 2.000/5.000/9.000/2.000 ms',
    ])
    expect(summaryLines(new EchoCounter().result, 0)).toEqual([
      '0 packets transmitted, 0 received, 0% packet loss, time 0ms',
    ])
  })
})

describe('what trace says', () => {
  const path = { preferred: false, expired: false, tunneled: false }
  const endpoint = { address: '192.0.2.7', port: 9993 }
  const peer: Peer = {
    ...{ id: '89e92ceee5' as NodeId, role: 'leaf', version: '1.14.1', latency: 12, link: 'direct', tunneled: false },
    paths: [
      { ...path, endpoint },
      { ...path, endpoint, preferred: true, latency: 12, lastReceive: 9_000, lastSend: 9_500 },
    ],
  }
  const trips = { sent: 2, received: 2, loss: 0, min: 1, avg: 2, max: 3, mdev: 1 }
  const facts: PathFacts = {
    ...{
      address: '10.1.1.1',
      member: peer.id,
      gateway: undefined,
      peer,
      roots: [],
      reason: undefined,
      trips,
      now: 10_000,
    },
  }

  it('tells of a direct path each endpoint once, by what is known best', () => {
    expect(explainPath(facts)).toEqual([
      '10.1.1.1: node 89e92ceee5, version 1.14.1',
      '  echoes   2 of 2 answered: min/avg/max 1.0/2.0/3.0 ms',
      '  link     direct',
      '  latency  12 ms, by HELLO',
      '  path     192.0.2.7:9993, preferred, 12.0 ms, heard 1.0 s ago, sent 0.5 s ago',
    ])
  })

  it('tells who relays, and why', () => {
    const root: Peer = { ...peer, id: '1111111111' as NodeId, role: 'planet', latency: 30 }
    const relayed: Peer = { ...peer, link: 'relay', paths: [] }
    const reason = 'endpoints were tried and do not answer'
    expect(explainPath({ ...facts, peer: relayed, roots: [root], reason }).slice(2)).toEqual([
      '  link     relayed by root 1111111111 (30 ms)',
      '  latency  12 ms, by HELLO',
      '  why      endpoints were tried and do not answer',
    ])
  })

  it('says of an address that is nobody’s that it is', () => {
    const nobody = { ...facts, member: undefined, peer: undefined, trips: { sent: 2, received: 0, loss: 1 } }
    expect(explainPath(nobody)).toEqual([
      '10.1.1.1: a host of which no member is known',
      '  echoes   0 of 2 answered',
      '  nobody on the segment has answered for this address',
    ])
  })

  it('finds the gateway by the longest route', () => {
    const route = (bits: number, via?: string): Route => ({
      ...{ target: { address: '10.0.0.0', bits, family: 4 }, flags: 0, metric: 0 },
      ...(via === undefined ? {} : { via }),
    })
    const routes = [route(8, '10.9.9.9'), route(24)]
    expect(gatewayTo(routes, () => true)).toBeUndefined()
    expect(gatewayTo(routes, ({ target }) => target.bits === 8)).toBe('10.9.9.9')
  })
})

describe('what dump says', () => {
  const frame = (etherType: number, hex: string): FrameTrace => ({
    ...{
      at: 1_735_689_600_123,
      dir: 'out',
      from: '02:00:00:00:00:01' as Mac,
      to: '02:00:00:00:00:02' as Mac,
      etherType,
    },
    payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
  })
  const v4 = (protocol: string, length: string, body: string) =>
    `4500${length}00000000 40${protocol}0000 0a010101 0a010102 ${body}`
  const v6 = (next: string, length: string, body: string) =>
    `60000000 ${length} ${next} 40 ${'fd'.padEnd(30, '0')}01 ${'fd'.padEnd(30, '0')}02 ${body}`
  it.each([
    [
      0x0800,
      v4('06', '0028', 'c000 0050 00000001 00000000 5002 ffff 0000 0000'),
      '10.1.1.1:49152 → 10.1.1.2:80 TCP SYN, seq 1, ack 0, 0 bytes',
    ],
    [0x0800, v4('11', '001e', 'c000 0035 000a 0000 abcd'), '10.1.1.1:49152 → 10.1.1.2:53 UDP, 2 bytes'],
    [0x0800, v4('01', '001c', '0800 0000 0007 0003'), '10.1.1.1 → 10.1.1.2 ICMP echo request id 7 seq 3, 8 bytes'],
    [0x0800, v4('2f', '0018', '00000000'), '10.1.1.1 → 10.1.1.2 protocol 47, 4 bytes'],
    [
      0x0800,
      '4500001c 0000 2001 4011 0000 0a010101 0a010102 0000000000000000',
      '10.1.1.1 → 10.1.1.2 fragment at 8, 8 bytes',
    ],
    [
      0x86dd,
      v6('06', '0014', 'c000 0050 00000001 00000002 5011 ffff 0000 0000'),
      '[fd00::1]:49152 → [fd00::2]:80 TCP FIN ACK, seq 1, ack 2, 0 bytes',
    ],
    [
      0x86dd,
      v6('3a', '0018', `8700 0000 00000000 ${'fd'.padEnd(30, '0')}02`),
      'fd00::1 → fd00::2 ICMPv6 who has fd00::2',
    ],
    [0x0806, '0001 0800 06 04 0001 020000000001 0a010101 000000000000 0a010102', 'ARP who has 10.1.1.2? tell 10.1.1.1'],
    [0x88cc, '0102', '02:00:00:00:00:01 → 02:00:00:00:00:02 type 88cc, 2 bytes'],
    [0x0800, '45', '02:00:00:00:00:01 → 02:00:00:00:00:02 type 0800, 1 bytes'],
  ])('type %i, %s', (etherType, hex, line) => {
    expect(frameLine(frame(etherType, hex))).toBe(`00:00:00.123 out ${line}`)
  })
})

describe('places on the command line', () => {
  it.each([
    ['8080:10.1.1.1:80', undefined, 8080, '10.1.1.1', 80],
    ['0.0.0.0:0:db.corp:5432', '0.0.0.0', 0, 'db.corp', 5432],
    ['[::1]:8080:[fd00::2]:80', '::1', 8080, 'fd00::2', 80],
    ['*:8080:host:80', '0.0.0.0', 8080, 'host', 80],
  ])('%s', (text, bind, port, host, toPort) => {
    expect(forwardSpec(text)).toEqual({ bind, port, to: { host, port: toPort } })
  })
  it.each([
    '',
    '80',
    '80:host',
    'x:host:80',
    '80:host:0',
    '80::80',
    'a:b:80:host:80',
    '80:[fd00::1:80',
    '80:fd00::1:80',
  ])('refuses %s, and says what to write', (text) => {
    expect(() => forwardSpec(text)).toThrow(expect.objectContaining({ code: 2, cure: expect.any(String) }))
  })
  it('listens on this machine alone unless told', () => {
    expect(listenSpec('1080')).toEqual({ host: '127.0.0.1', port: 1080 })
    expect(listenSpec('[::]:1080')).toEqual({ host: '::', port: 1080 })
    for (const text of ['', 'host:1', '::1:1', '1:2:3'])
      expect(() => listenSpec(text)).toThrow(/no place|no IP|no port/)
  })
})
