import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/protocol/kernel/rng.ts'
import type { StackOutput } from '../../../src/tcpip/stack-io.ts'
import { optionsOf } from '../../../src/tcpip/tcp/birth.ts'
import { bbr } from '../../../src/tcpip/tcp/congestion/bbr/bbr.ts'
import { type Connection, connection } from '../../../src/tcpip/tcp/connection.ts'
import { createTcp, tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import { emitAck } from '../../../src/tcpip/tcp/emit.ts'
import { afford, refill, spend, waitForCredit } from '../../../src/tcpip/tcp/pacer.ts'
import { receivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { fakeIp, ip } from '../tcp/wire.ts'
import { linkOf } from './measure.ts'

const SMSS = 2748

/** A connection whose controller says `rate` bytes per ms. */
const paced = (rate: number, minRtt = 20): Connection => {
  const flow = { local: ip('10.0.0.1'), remote: ip('10.0.0.2'), protocol: 6, ttl: 64, tos: 0, cache: undefined }
  const c = connection({
    ...{ id: 1, flow, localPort: 1, remotePort: 2, key: 0, listener: undefined, iss: 0, tsOffset: 0 },
    options: optionsOf({}),
    ...{ sendLimit: 0, receiveBuffer: 1000, receiveMost: 1000, receivePool: receivePool(), cc: bbr() },
  })
  c.snd.mss = SMSS
  Object.assign(c.cc, { pacingRate: rate, minRtt, quantum: Math.min(65_536, Math.max(2 * SMSS, rate)) })
  return c
}

/** Segments that may go at `now`, all of them sent. */
const burst = (c: Connection, now: number): number => {
  refill(c, now)
  let n = 0
  for (; afford(c, SMSS) && n < 100; n++) spend(c, SMSS)
  if (n < 100) waitForCredit(c, now)
  return n
}

describe('the token bucket', () => {
  it('Z01 at 1000 bytes per ms lets two segments go, and two more a portion later', () => {
    const c = paced(1000)
    expect(burst(c, 1000)).toBe(2)
    const next = c.at.pace
    expect(next - 1000).toBeLessThanOrEqual(5.5)
    expect(burst(c, next)).toBe(2)
    expect(c.at.pace - next).toBeCloseTo(5.496, 3)
  })

  it('Z02 Z04 at 25 000 lets 18 go, and not more when a timer is late', () => {
    const c = paced(25_000)
    expect(burst(c, 1000)).toBe(18)
    expect(c.at.pace - 1000).toBeLessThanOrEqual(1)
    expect(burst(c, 1006)).toBe(18)
  })

  it('Z03 Z13 never saves up more than 128 KiB, idle or not', () => {
    const c = paced(125_000)
    expect(burst(c, 1000)).toBe(47)
    expect(burst(c, 11_000)).toBe(47)
  })

  it('Z07 Z08 stands aside on paths shorter than half a ms, until they are longer than one', () => {
    const c = paced(1000, 0.3)
    expect(burst(c, 1000)).toBe(100)
    expect(c.at.pace).toBe(Infinity)
    Object.assign(c.cc, { minRtt: 0.8 })
    expect(burst(c, 1000)).toBe(100)
    Object.assign(c.cc, { minRtt: 2 })
    expect(burst(c, 1001)).toBeLessThan(4)
  })

  it('Z09 a probe may borrow, and later data pays it back', () => {
    const c = paced(1000)
    burst(c, 1000)
    const { pace } = c.at
    spend(c, SMSS)
    waitForCredit(c, 1000)
    expect(c.at.pace - pace).toBeCloseTo(SMSS / 1000, 3)
  })

  it('Z12 a rate that falls makes an old deadline find too little', () => {
    const c = paced(25_000)
    burst(c, 1000)
    const { pace } = c.at
    Object.assign(c.cc, { pacingRate: 250, quantum: 2 * SMSS })
    expect(burst(c, pace)).toBe(0)
    expect(c.at.pace).toBeGreaterThan(pace)
  })
})

it('Z05 an ACK before the deadline fills the bucket, and the deadline is found anew', () => {
  const c = paced(1000)
  expect(burst(c, 1000)).toBe(2)
  expect(c.at.pace).toBeCloseTo(1004.496)
  expect(burst(c, 1003)).toBe(1)
  expect(c.at.pace).toBeCloseTo(1003 + (5496 - 1252) / 1000)
})

it('Z10 an ACK without data goes whatever the bucket holds', () => {
  const c = paced(1000)
  c.snd.credit = 0
  c.snd.creditAt = 7
  const sent: Uint8Array[] = []
  const own = ip('10.0.0.1')
  const env = tcpEnv({
    ip: fakeIp(
      own,
      () => 2800,
      (_remote, segment) => sent.push(segment),
    ),
    ...{ random: (n: number) => new Uint8Array(n), out: () => undefined, trustLink: true },
  })
  emitAck(env, c, 7)
  expect([sent.length, c.snd.credit]).toEqual([1, 0])
})

it('Z11 three hundred connections at 1 Mbit/s share one timer of 1 ms, and each gets its rate', () => {
  const own = [ip('10.0.0.1'), ip('10.0.0.2')] as const
  const flying: { readonly at: number; readonly to: number; readonly segment: Uint8Array }[] = []
  const sent = new Map<number, number>()
  let now = 0
  let landed = 0
  const hosts = [0, 1].map((i) => {
    const deps = {
      ip: fakeIp(
        own[i]!,
        () => 1000,
        (_remote, segment) => {
          const port = (segment[0]! << 8) | segment[1]!
          if (i === 0) sent.set(port, (sent.get(port) ?? 0) + Math.max(0, segment.length - 32))
          flying.push({ at: now + 10, to: 1 - i, segment })
        },
      ),
      ...{ random: seededRandom(i + 1), trustLink: true },
      out: (o: StackOutput) => {
        if (o._tag === 'Accepted') hosts[1]!.tcp.call({ call: 'accept', id: o.listener }, now)
        if (o._tag === 'Data') hosts[1]!.tcp.call({ call: 'consume', id: o.id, bytes: o.data.length }, now)
      },
    }
    const env = tcpEnv(deps)
    return { env, tcp: createTcp(deps, env) }
  })
  const [near, far] = [hosts[0]!, hosts[1]!]
  let next = 0
  far.tcp.call({ call: 'listen', id: 1, port: 80, backlog: 5, options: {}, nextId: () => 10_000 + next++ }, now)
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end; ) {
      now++
      for (; landed < flying.length && flying[landed]!.at <= now; landed++) {
        const { to, segment } = flying[landed]!
        hosts[to]!.tcp.input(own[to]!, own[1 - to]!, segment, now)
      }
      // whatever is due goes in this one turn
      for (const { tcp } of hosts)
        if (tcp.deadline() <= now) tcp.tick(now)
        else tcp.flush(now)
    }
  }
  const remote = { address: '10.0.0.2', port: 80 }
  for (let id = 0; id < 300; id++) {
    near.tcp.call({ call: 'connect', id, remote, options: { sendBuffer: 100_000 }, deadline: Infinity }, now)
    if (id % 100 === 99) pass(25)
  }
  expect(near.env.byId.size).toBe(300)
  for (const [id, { cc }] of near.env.byId) {
    Object.defineProperty(cc, 'pacingRate', { get: () => 125, set: () => undefined })
    near.tcp.call({ call: 'write', id, data: new Uint8Array(90_000) }, now)
  }
  pass(200)
  sent.clear()
  pass(400)
  for (const bytes of sent.values()) expect(Math.abs(bytes / 50_000 - 1)).toBeLessThanOrEqual(0.05)
  expect(sent.size).toBe(300)
})

it('Z14 exact timers and those of 1 ms come to the same, and each repeats itself', () => {
  const run = (timerGrid: number) => {
    const net = linkOf({ rate: 10, rtt: 20 }, [{ control: 'bbr', rtt: 20 }], { timerGrid })
    net.run(2000)
    const before = net.flows[0]!.received
    net.run(6000)
    return { u: (net.flows[0]!.received - before) / 4000 / 1250, trace: net.trace() }
  }
  const [exact, again, coarse] = [run(0), run(0), run(1)]
  expect(again.trace).toBe(exact.trace)
  expect(Math.abs(exact.u - coarse.u)).toBeLessThan(0.03)
})

it('Z06 timers of 1 ms lose nothing of 10 Mbit/s, and let no more than two buckets out in 2 ms', () => {
  const net = linkOf({ rate: 100, rtt: 20, bdp: 5 }, [{ control: 'bbr', rtt: 20 }])
  const flow = net.flows[0]!
  net.run(100)
  const { cc } = flow.sender()!
  Object.defineProperty(cc, 'pacingRate', { get: () => 1250, set: () => undefined })
  net.run(1000)
  const from = flow.sent
  let most = 0
  for (let last = flow.sent; net.now() < 4500; last = flow.sent) {
    net.run(net.now() + 2)
    most = Math.max(most, flow.sent - last)
  }
  expect(((flow.sent - from) * SMSS) / 3500 / 1250).toBeCloseTo(1, 1.7)
  expect(most * SMSS).toBeLessThanOrEqual(4 * (2 * SMSS + 1250))
})
