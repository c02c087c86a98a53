import { describe, expect, it } from 'vitest'
import { type Controller, type RateSample, rateSample } from '../../../src/tcpip/tcp/congestion/controller.ts'
import { cubic } from '../../../src/tcpip/tcp/congestion/cubic.ts'
import { begin, proportional, windowAfter } from '../../../src/tcpip/tcp/congestion/proportional.ts'
import { reno } from '../../../src/tcpip/tcp/congestion/reno.ts'
import { wire } from './wire.ts'

const SMSS = 1000
const RTT = 100
const start = (c: Controller, segments = 10): Controller => {
  c.init({
    now: 0,
    smss: SMSS,
    initialCwnd: segments * SMSS,
    srtt: RTT,
    sack: true,
    timestamps: true,
    random: () => 0.5,
  })
  return c
}
let delivered = 0
const ack = (c: Controller, now: number, bytes: number, more: Partial<RateSample> = {}): void => {
  delivered += bytes
  c.onAck({
    ...rateSample(),
    now,
    newlyAcked: bytes,
    rtt: RTT,
    srtt: RTT,
    cwndLimited: true,
    advanced: true,
    priorDelivered: delivered - bytes,
    totalDelivered: delivered,
    inflight: c.cwnd,
    ...more,
  })
}

describe.each([
  ['reno', reno],
  ['cubic', cubic],
] as const)('%s', (_name, make) => {
  it('C02 doubles in a round of slow start, with an ACK for every second segment', () => {
    const c = start(make())
    for (let i = 0; i < 5; i++) ack(c, 100, 2 * SMSS)
    expect(c.cwnd).toBe(20 * SMSS)
  })

  it('C03 grows by bytes, not by ACKs', () => {
    const c = start(make())
    for (let i = 0; i < SMSS; i++) ack(c, 100, 1)
    expect(c.cwnd).toBe(11 * SMSS)
  })

  it('C10 does not grow while something else limits sending', () => {
    const c = start(make())
    for (let i = 0; i < 10; i++) ack(c, 100, 2 * SMSS, { cwndLimited: false })
    expect(c.cwnd).toBe(10 * SMSS)
  })

  it('C11 starts again from the initial window after idle, and remembers its threshold', () => {
    const c = start(make())
    for (let i = 0; i < 10; i++) ack(c, 100, 2 * SMSS)
    const { ssthresh } = c
    c.onSend(100, SMSS, 0, false)
    c.onSend(10_000, SMSS, 0, true)
    expect(c.cwnd).toBe(10 * SMSS)
    expect(c.ssthresh).toBe(ssthresh)
  })

  it('C12 a timeout leaves one segment, and the threshold falls once per flight', () => {
    const c = start(make(), 100)
    c.onRto(0, 100 * SMSS, true, 0)
    const { ssthresh } = c
    expect(c.cwnd).toBe(SMSS)
    c.onRto(1000, 0, false, 0)
    expect(c.ssthresh).toBe(ssthresh)
    expect(ssthresh).toBeGreaterThanOrEqual(50 * SMSS)
  })

  it('C13 a needless reduction is taken back', () => {
    const c = start(make(), 50)
    c.onRecovery(true, 0, 50 * SMSS)
    ack(c, 10, SMSS, { inflight: 40 * SMSS })
    expect(c.cwnd).toBeLessThan(50 * SMSS)
    c.onUndo(20)
    expect(c.cwnd).toBe(50 * SMSS)
    expect(c.ssthresh).toBe(Infinity)
  })

  it('a narrower path keeps the number of segments', () => {
    const c = start(make(), 20)
    c.onMss(0, 500)
    expect(c.cwnd).toBe(10_000)
  })
})

it('C06 a reduction is spread over the round: what leaves is in proportion to what arrives', () => {
  const p = proportional()
  begin(p, 50 * SMSS, 100 * SMSS)
  let inflight = 99 * SMSS
  let sent = 0
  for (let i = 0; i < 50; i++) {
    inflight -= SMSS
    const window = windowAfter(p, SMSS, inflight, SMSS, false)
    for (; inflight + SMSS <= window; inflight += SMSS) {
      sent++
      p.sent += SMSS
    }
    expect(sent).toBeLessThanOrEqual(Math.ceil((i + 1) / 2))
  }
  expect(sent).toBeGreaterThanOrEqual(24)
})

it('C07 CUBIC after a loss at 100 segments: 70, back at 100 after 4.2 s, 103.2 two seconds later', () => {
  const c = start(cubic(), 100)
  c.onLoss({
    ...{ now: 0, length: SMSS, rtt: RTT, delivered: 0, lost: 0, queueLost: 0, flightWhenSent: 0 },
    ...{ from: 0, to: SMSS, appLimited: false, totalLost: SMSS, totalQueueLost: 0, totalDelivered: 0 },
  })
  c.onRecovery(true, 0, 100 * SMSS)
  c.onRecovery(false, 0, 100 * SMSS)
  expect(c.cwnd).toBe(70 * SMSS)
  const at = (until: number, from: number): number => {
    for (let now = from; now < until; now += 10) ack(c, now, c.cwnd / 10)
    return c.cwnd / SMSS
  }
  expect(at(4217, 1)).toBeCloseTo(100, 0)
  expect(at(6217, 4217)).toBeGreaterThan(102.5)
})

it('C08 CUBIC gives way faster after a second loss below the first', () => {
  const c = start(cubic(), 100)
  c.onRecovery(true, 0, 100 * SMSS)
  c.onRecovery(false, 0, 0)
  c.onRecovery(true, 100, 70 * SMSS)
  c.onRecovery(false, 100, 0)
  expect(c.cwnd).toBe(49 * SMSS)
  // the curve now aims at 0.85 · 70
  for (let now = 101; now < 6000; now += 10) {
    ack(c, now, c.cwnd / 10)
    if (now > 1500 && now < 2000) expect(c.cwnd / SMSS).toBeLessThan(62)
  }
})

it('C09 HyStart++ leaves slow start when the round-trip time rises', () => {
  const c = start(cubic(), 10)
  let now = 0
  for (let round = 0; round < 12 && c.ssthresh === Infinity; round++) {
    const rtt = round < 3 ? RTT : RTT * 1.2
    const prior = delivered
    for (let i = 0; i < 10; i++) {
      now += 10
      ack(c, now, c.cwnd / 10, { rtt, priorDelivered: i === 0 ? prior : prior + 1 })
    }
  }
  expect(c.ssthresh).toBeLessThan(Infinity)
})

/** Bytes per ms of a bulk stream in the last two thirds of `ms`. */
const bulk = (weather: Parameters<typeof wire>[1], ms: number): number => {
  let got = 0
  const data = new Uint8Array(262_144)
  const w = wire(
    1,
    weather,
    (net, host, o) => {
      if (o._tag === 'Data') {
        got += o.data.length
        net.call(host, { call: 'consume', id: o.id, bytes: o.data.length })
      } else if (
        (o._tag === 'Wrote' && o.bytes > 0) ||
        o._tag === 'Writable' ||
        (o._tag === 'Opened' && host === net.a)
      )
        net.call(net.a, { call: 'write', id: 1, data })
    },
    false,
  )
  w.call(w.b, { call: 'listen', id: 100, port: 80, backlog: 5, options: {}, nextId: () => 101 })
  const remote = { address: '10.0.0.2', port: 80 }
  w.call(w.a, { call: 'connect', id: 1, remote, options: {}, deadline: Infinity })
  const begun = w.now()
  w.run(begun + ms / 3)
  const before = got
  w.run(begun + ms)
  return (got - before) / ((ms * 2) / 3)
}

it.each([
  ['10 Mbit/s, 20 ms', 1250, 20, 0, 0.95],
  ['100 Mbit/s, 20 ms', 12_500, 20, 0, 0.95],
  ['10 Mbit/s, 20 ms, 1 % of datagrams lost', 1250, 20, 0.0199, 0.6],
  ['100 Mbit/s, 0.2 ms, 1 % of datagrams lost', 12_500, 0.2, 0.0199, 0.9],
] as const)('a stream uses a link of %s', (_name, rate, rtt, loss, share) => {
  expect(bulk({ delay: rtt / 2, rate, buffer: Math.max(55_000, rate * rtt), loss }, 6000) / rate).toBeGreaterThan(share)
})

it('N12 the receive window grows to what a long fast path needs', () => {
  // 300 Mbit/s · 100 ms = 3.75 MB
  const rate = 37_500
  expect(bulk({ delay: 50, rate, buffer: rate * 100 }, 9000) / rate).toBeGreaterThan(0.9)
})
