import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/protocol/kernel/frame.ts'
import { mac } from '../../src/protocol/kernel/id.ts'
import { seededRandom } from '../../src/protocol/kernel/rng.ts'
import { ipFrom } from '../../src/tcpip/address.ts'
import { flowOf } from '../../src/tcpip/ip-sender.ts'
import { stack } from '../../src/tcpip/stack.ts'
import type { StackOutput } from '../../src/tcpip/stack-io.ts'
import { tcpCounts } from '../../src/tcpip/tcp/counts.ts'
import type { Tcp, TcpDeps } from '../../src/tcpip/tcp/tcp.ts'
import { advertisement, arpReply, arpRequest, nameOf, STRANGER, solicitation } from './craft.ts'
import { Segment, type TestHost } from './segment.ts'

/** One stack whose peers are played by the test: `alone` with every address long in use. */
const alone = () => {
  const segment = new Segment()
  const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  segment.run(3000)
  const since = a.sent.length
  return { segment, a, frames: () => a.sent.slice(since).map(nameOf) }
}
const ping = (a: TestHost, to: string, seq = 0) => a.call({ call: 'echo', id: 1, to, seq, size: 8 })
const seqs = (frames: readonly Frame[]) =>
  frames.filter(({ payload }) => payload[9] === 1).map(({ payload }) => payload[27])
const silentTcp: Tcp = {
  ...{ input: () => {}, flush: () => {}, call: () => {}, icmpError: () => {}, addressRemoved: () => {} },
  ...{ inspect: () => undefined, counts: () => ({ ...tcpCounts(), connections: 0, timeWaits: 0 }) },
  ...{ owns: () => false, deadline: () => Infinity, tick: () => {}, pathChanged: () => {} },
}
const SOLICITED = 0x4000_0000
const OVERRIDE = 0x2000_0000

describe('a neighbour that is not known', () => {
  it('is asked for once, and what waited is sent when it answers (G01)', () => {
    const { a, frames } = alone()
    ping(a, '10.0.0.2', 1)
    ping(a, '10.0.0.2', 2)
    expect(frames()).toEqual(['ARP who-has 10.0.0.2 broadcast'])
    a.hear(arpReply(STRANGER, '10.0.0.2', a.mac, '10.0.0.1'))
    expect(frames().slice(1)).toEqual(['IPv4 1', 'IPv4 1'])
    expect(seqs(a.sent)).toEqual([1, 2])
    expect(a.all('Neighbour')).toEqual([{ _tag: 'Neighbour', address: '10.0.0.2', mac: STRANGER }])
  })

  it('is asked for by Neighbor Solicitation over IPv6 (G01)', () => {
    const { a, frames } = alone()
    ping(a, 'fd00::2', 1)
    expect(frames()).toEqual(['NS …2 group'])
    a.hear(advertisement(STRANGER, 'fd00::2', 'fd00::1', SOLICITED | OVERRIDE, a.mac))
    expect(frames().slice(1)).toEqual(['IPv6 58'])
    expect(a.sent.at(-1)?.to).toBe(STRANGER)
  })

  it('keeps the 32 newest packets (G02)', () => {
    const { a } = alone()
    for (let seq = 0; seq < 33; seq++) ping(a, '10.0.0.2', seq)
    expect(a.drops()).toEqual(['neighbour-queue'])
    a.hear(arpReply(STRANGER, '10.0.0.2', a.mac, '10.0.0.1'))
    expect(seqs(a.sent)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
  })

  it('is asked for five times, a second apart, then its packets fail (G03)', () => {
    const { segment, a, frames } = alone()
    ping(a, '10.0.0.2')
    segment.run(4999)
    expect(frames()).toEqual(new Array(5).fill('ARP who-has 10.0.0.2 broadcast'))
    expect(a.of(1)).toEqual([])
    segment.run(1)
    expect(a.of(1)).toEqual([{ _tag: 'EchoFailed', id: 1, seq: 0, code: 'EHOSTUNREACH' }])
    expect(a.state.sizes().neighbours).toBe(0)
    ping(a, '10.0.0.2')
    expect(frames()).toHaveLength(6)
  })

  it('is not created by what third parties say to each other (G04)', () => {
    const { a } = alone()
    a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.3'))
    a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.2'))
    a.hear(arpReply(STRANGER, '10.0.0.2', a.mac, '10.0.0.1'))
    a.hear(advertisement(STRANGER, 'fd00::2', 'ff02::1', OVERRIDE, mac(0x3333_0000_0001)))
    expect(a.state.sizes().neighbours).toBe(0)
  })

  it('is known after it asked for us, and answered', () => {
    const { a, frames } = alone()
    a.hear(arpRequest(STRANGER, '10.0.0.2', '10.0.0.1'))
    a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
    expect(frames()).toEqual(['ARP is-at 10.0.0.1 unicast', 'NA …1 unicast 110'])
    ping(a, '10.0.0.2')
    ping(a, 'fd00::2')
    expect(frames().slice(2)).toEqual(['IPv4 1', 'IPv6 58'])
  })

  it('stays unknown when 513 of them are asked for: the first gives way', () => {
    const { a } = alone()
    for (let i = 0; i < 513; i++) ping(a, `fd00::1:${i.toString(16)}`, i)
    expect(a.of(1)).toEqual([{ _tag: 'EchoFailed', id: 1, seq: 0, code: 'EHOSTUNREACH' }])
    expect(a.state.sizes().neighbours).toBe(512)
    expect(a.drops()).toEqual(['neighbour-limit'])
  })
})

describe('a neighbour that is known', () => {
  const known = () => {
    const world = alone()
    ping(world.a, '10.0.0.2')
    world.a.hear(arpReply(STRANGER, '10.0.0.2', world.a.mac, '10.0.0.1'))
    const since = world.a.sent.length
    return { ...world, frames: () => world.a.sent.slice(since).map(nameOf) }
  }

  it('is probed by unicast five seconds after its first use when stale, and forgotten after three probes (G06)', () => {
    const { segment, a, frames } = known()
    segment.run(50_000)
    ping(a, '10.0.0.2')
    expect(frames()).toEqual(['IPv4 1'])
    segment.run(4999)
    expect(frames()).toHaveLength(1)
    segment.run(1)
    expect(frames().slice(1)).toEqual(['ARP who-has 10.0.0.2 unicast'])
    segment.run(2000)
    expect(frames().slice(1)).toEqual(new Array(3).fill('ARP who-has 10.0.0.2 unicast'))
    ping(a, '10.0.0.2')
    expect(frames().at(-1)).toBe('IPv4 1')
    segment.run(1000)
    expect(a.state.sizes().neighbours).toBe(0)
    ping(a, '10.0.0.2')
    expect(frames().at(-1)).toBe('ARP who-has 10.0.0.2 broadcast')
  })

  it('is reachable again when a probe is answered (G06)', () => {
    const { segment, a, frames } = known()
    segment.run(50_000)
    ping(a, '10.0.0.2')
    segment.run(5000)
    a.hear(arpReply(STRANGER, '10.0.0.2', a.mac, '10.0.0.1'))
    segment.run(14_000)
    ping(a, '10.0.0.2')
    segment.run(6000)
    expect(frames()).toEqual(['IPv4 1', 'ARP who-has 10.0.0.2 unicast', 'IPv4 1'])
  })

  it('moves when it says so, and packets follow at once', () => {
    const { a } = known()
    const moved = mac(STRANGER + 1)
    a.hear(arpRequest(moved, '10.0.0.2', '10.0.0.2'))
    ping(a, '10.0.0.2')
    expect(a.sent.at(-1)?.to).toBe(moved)
    expect(a.all('Neighbour').map((news) => news.mac)).toEqual([STRANGER, moved])
  })

  it('keeps its address against an advertisement that does not override (G08)', () => {
    const { a } = alone()
    ping(a, 'fd00::2')
    a.hear(advertisement(STRANGER, 'fd00::2', 'fd00::1', SOLICITED, a.mac))
    const other = mac(STRANGER + 1)
    a.hear(advertisement(other, 'fd00::2', 'fd00::1', SOLICITED, a.mac))
    ping(a, 'fd00::2')
    expect(a.sent.at(-1)?.to).toBe(STRANGER)
    a.hear(advertisement(other, 'fd00::2', 'fd00::1', SOLICITED | OVERRIDE, a.mac))
    ping(a, 'fd00::2')
    expect(a.sent.at(-1)?.to).toBe(other)
  })

  it('may answer before the solicitation has left (G09)', () => {
    const { a } = alone()
    const outputs = ping(a, 'fd00::2')
    expect(outputs.map(({ _tag }) => _tag)).toEqual(['Frames'])
    const then = a.hear(advertisement(STRANGER, 'fd00::2', 'fd00::1', SOLICITED | OVERRIDE, a.mac))
    expect(then.map(({ _tag }) => _tag)).toEqual(['Neighbour', 'Frames'])
  })
})

it('progress of a transport confirms a neighbour without a probe (G07)', () => {
  let deps: TcpDeps | undefined
  const machine = stack({ mac: mac(0x0200_0000_0001), random: seededRandom(1) }, (given) => {
    deps = given
    return silentTcp
  })
  const state = machine.initial
  const addresses = [{ address: '10.0.0.1', bits: 24 }]
  machine.step(state, { _tag: 'Configure', mtu: 2800, addresses, routes: [] }, 0)
  machine.tick(state, 2000)
  const { ip } = deps!
  const flow = flowOf(ipFrom('10.0.0.1'), ipFrom('10.0.0.2'), 6)
  const send = (now: number): readonly string[] => {
    ip.send(flow, ip.allocate(flow, 20))
    const [, outputs] = machine.step(state, { _tag: 'Frames', frames: [] }, now)
    return outputs.flatMap((output) => (output._tag === 'Frames' ? output.frames.map(nameOf) : []))
  }
  expect(send(3000)).toEqual(['ARP who-has 10.0.0.2 broadcast'])
  machine.step(
    state,
    { _tag: 'Frames', frames: [arpReply(STRANGER, '10.0.0.2', mac(0x0200_0000_0001), '10.0.0.1')] },
    3001,
  )
  for (let now = 50_000; now < 200_000; now += 4000) {
    expect(send(now)).toEqual(['IPv4 6'])
    ip.confirm(flow)
    expect(machine.tick(state, now)[1]).toEqual([])
  }
  expect(machine.deadline(state)).toBe(Infinity)
})

it('a transport that hears nothing has a neighbour probed at once, and asked for anew when it is silent', () => {
  let deps: TcpDeps | undefined
  const segment = new Segment()
  const machine = stack({ mac: mac(0x0200_0000_0001), random: seededRandom(1) }, (given) => {
    deps = given
    return silentTcp
  })
  const state = machine.initial
  const named = (outputs: readonly StackOutput[]): readonly string[] =>
    outputs.flatMap((output) => (output._tag === 'Frames' ? output.frames.map(nameOf) : []))
  const addresses = [{ address: '10.0.0.1', bits: 24 }]
  machine.step(state, { _tag: 'Configure', mtu: 2800, addresses, routes: [] }, segment.now)
  machine.tick(state, segment.now + 3000)
  const { ip } = deps!
  const flow = flowOf(ipFrom('10.0.0.1'), ipFrom('10.0.0.2'), 6)
  ip.doubt(flow)
  ip.send(flow, ip.allocate(flow, 20))
  const answer = arpReply(STRANGER, '10.0.0.2', mac(0x0200_0000_0001), '10.0.0.1')
  let now = segment.now + 4000
  machine.step(state, { _tag: 'Frames', frames: [answer] }, now)
  ip.doubt(flow)
  ip.doubt(flow)
  const probes = [...named(machine.step(state, { _tag: 'Frames', frames: [] }, now)[1])]
  for (let second = 0; second < 3; second++) {
    now += 1000
    probes.push(...named(machine.tick(state, now)[1]))
  }
  expect(probes).toEqual(new Array(3).fill('ARP who-has 10.0.0.2 unicast'))
  ip.send(flow, ip.allocate(flow, 20))
  expect(named(machine.step(state, { _tag: 'Frames', frames: [] }, now)[1])).toEqual(['ARP who-has 10.0.0.2 broadcast'])
})

describe('an address that somebody else claims', () => {
  it('is reported each time, defended at most every ten seconds, and kept (G05)', () => {
    const { segment, a, frames } = alone()
    for (let second = 0; second < 12; second++) {
      a.hear(arpRequest(STRANGER, '10.0.0.1', '10.0.0.7'))
      segment.run(1000)
    }
    expect(a.all('Conflict')).toEqual(new Array(12).fill({ _tag: 'Conflict', address: '10.0.0.1', mac: STRANGER }))
    expect(frames()).toEqual(new Array(2).fill('ARP who-has 10.0.0.1 broadcast'))
    a.hear(arpRequest(mac(STRANGER + 1), '10.0.0.2', '10.0.0.1'))
    expect(frames().at(-1)).toBe('ARP is-at 10.0.0.1 unicast')
  })

  it('is noticed when two hosts start with it (G10)', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    segment.run(5000)
    const b = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    segment.run(5000)
    expect(new Set(a.all('Conflict').map(({ address }) => address))).toContain('10.0.0.1')
    expect(new Set(b.all('Conflict').map(({ address }) => address))).toContain('fd00::1')
    expect(a.call({ call: 'echo', id: 1, to: 'fd00::1', seq: 1, size: 1 })).toMatchObject([{ _tag: 'Echo' }])
  })

  it('is announced once when added: ARP at once, a DAD solicitation within a second', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1/64'] })
    expect(a.sent.map(nameOf)).toEqual(['MLD report', 'ARP who-has 10.0.0.1 broadcast'])
    segment.run(1000)
    expect(a.sent.slice(2).map(nameOf).sort()).toEqual(['MLD report', 'NS …1 group', 'NS …1 group'])
    segment.run(100_000)
    a.configure(['10.0.0.1/24', 'fd00::1/64'])
    segment.run(10_000)
    expect(a.sent).toHaveLength(5)
  })

  it('does not override while it is tentative', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['fd00::1/64'] })
    a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
    segment.run(3000)
    a.hear(solicitation(STRANGER, 'fd00::2', 'ff02::1:ff00:1', 'fd00::1'))
    a.hear(solicitation(STRANGER, '::', 'ff02::1:ff00:1', 'fd00::1'))
    const answers = a.sent.map(nameOf).filter((name) => name.startsWith('NA'))
    expect(answers).toEqual(['NA …1 unicast 100', 'NA …1 unicast 110', 'NA …1 group 10'])
  })
})

describe('ARP that is not to be believed', () => {
  it('is dropped and learned nothing from', () => {
    const { a } = alone()
    const lie = arpRequest(STRANGER, '10.0.0.2', '10.0.0.1')
    a.hear({ ...lie, from: mac(STRANGER + 1) })
    a.hear(arpRequest(mac(0x0100_5e00_0001), '10.0.0.2', '10.0.0.1'))
    a.hear(arpRequest(STRANGER, '224.0.0.1', '10.0.0.1'))
    a.hear(arpRequest(STRANGER, '127.0.0.1', '10.0.0.1'))
    a.hear(arpRequest(STRANGER, '10.0.0.255', '10.0.0.1'))
    expect(a.drops()).toEqual(new Array(5).fill('arp-spoofed'))
    expect(a.state.sizes().neighbours).toBe(0)
  })

  it('is answered as a probe without learning a sender', () => {
    const { a, frames } = alone()
    a.hear(arpRequest(STRANGER, '0.0.0.0', '10.0.0.1'))
    expect(frames()).toEqual(['ARP is-at 10.0.0.1 unicast'])
    expect(a.state.sizes().neighbours).toBe(0)
  })
})

describe('groups', () => {
  it('are published before the first frame: ARP groups, solicited nodes, all hosts, all nodes', () => {
    const segment = new Segment()
    const a = segment.host({ addresses: ['10.0.0.1/24', 'fd00::1:2/64'] })
    expect(a.outputs[0]).toEqual({
      _tag: 'Groups',
      groups: [
        { mac: 0x0100_5e00_0001, adi: 0 },
        { mac: 0x3333_0000_0001, adi: 0 },
        { mac: 0x3333_ff00_0001, adi: 0 },
        { mac: 0x3333_ff01_0002, adi: 0 },
        { mac: 0xffff_ffff_ffff, adi: 0x0a00_0001 },
      ],
    })
  })
})
