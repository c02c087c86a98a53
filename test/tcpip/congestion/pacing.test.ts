import { describe, expect, it } from 'vitest'
import { optionsOf } from '../../../src/tcpip/tcp/birth.ts'
import { bbr } from '../../../src/tcpip/tcp/congestion/bbr/bbr.ts'
import { type Connection, connection } from '../../../src/tcpip/tcp/connection.ts'
import { afford, refill, spend, waitForCredit } from '../../../src/tcpip/tcp/pacer.ts'
import { receivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { ip } from '../tcp/wire.ts'
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
