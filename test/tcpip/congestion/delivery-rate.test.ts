import { describe, expect, it } from 'vitest'
import { acknowledge } from '../../../src/tcpip/tcp/acknowledge.ts'
import { optionsOf } from '../../../src/tcpip/tcp/birth.ts'
import { type RateSample, rateSample } from '../../../src/tcpip/tcp/congestion/controller.ts'
import { cubic } from '../../../src/tcpip/tcp/congestion/cubic.ts'
import { type Connection, connection } from '../../../src/tcpip/tcp/connection.ts'
import { tcpEnv } from '../../../src/tcpip/tcp/create-tcp.ts'
import { beginProgress, deliver, finishSample, progress } from '../../../src/tcpip/tcp/delivered.ts'
import { tsClock } from '../../../src/tcpip/tcp/emit.ts'
import { receivePool } from '../../../src/tcpip/tcp/receive-pool.ts'
import { onTimeout } from '../../../src/tcpip/tcp/recovery.ts'
import { segment } from '../../../src/tcpip/tcp/segment.ts'
import { enqueue, markAppLimited, resend, sendNew } from '../../../src/tcpip/tcp/send.ts'
import { FLAGS, SACKED, WIDTH } from '../../../src/tcpip/tcp/send-queue.ts'
import { fakeIp, ip } from '../tcp/wire.ts'

const SMSS = 2748

/** A connection that sends when told, and takes in what is said to have arrived; the sample is the answer. */
const sender = (lifetimeRtt = 0.1) => {
  const own = ip('10.0.0.1')
  const deps = {
    ip: fakeIp(
      own,
      () => 2800,
      () => undefined,
    ),
    random: (n: number) => new Uint8Array(n),
    ...{ out: () => undefined, trustLink: true },
  }
  const env = tcpEnv(deps)
  const flow = { local: own, remote: ip('10.0.0.2'), protocol: 6, ttl: 64, tos: 0, cache: undefined }
  const c: Connection = connection({
    ...{ id: 1, flow, localPort: 1, remotePort: 2, key: 0, listener: undefined, iss: -1, tsOffset: 0 },
    options: optionsOf({}),
    ...{ sendLimit: 1_000_000, receiveBuffer: 1000, receiveMost: 1000, receivePool: receivePool(), cc: cubic() },
  })
  const start = { now: 0, smss: SMSS, initialCwnd: 60_000, srtt: 20, sack: true, timestamps: true }
  c.cc.init({ ...start, random: () => 0 })
  Object.assign(c, { state: 3 })
  Object.assign(c.snd, { una: 0, nxt: 0, tail: 0, mss: SMSS, wnd: 1_000_000 })
  Object.assign(c.loss, { sack: true, fack: 0 })
  c.ts.on = true
  c.rtt.smallest = lifetimeRtt
  return {
    c,
    env,
    send: (now: number, count = 1): void => {
      const { appLimited } = c.delivery
      enqueue(env, c, new Uint8Array(count * SMSS))
      c.delivery.appLimited = appLimited
      for (let i = 0; i < count; i++) sendNew(env, c, SMSS, false, now)
    },
    resend: (now: number, slot: number): void => {
      c.delivery.inflight -= SMSS
      c.snd.queue.ints[slot * WIDTH + FLAGS]! &= ~1
      resend(env, c, slot, now)
    },
    /** Segments by their slots; `bytes` of each. `echo`: when the copy left whose timestamp came back. */
    arrived: (now: number, slots: readonly number[], echo = now, bytes = SMSS): RateSample => {
      const p = progress()
      beginProgress(p, c.loss.fack)
      for (const slot of slots) {
        const i = slot * WIDTH + FLAGS
        if ((c.snd.queue.ints[i]! & SACKED) !== 0) continue
        deliver(c, p, slot, bytes, tsClock(c, echo), true, now)
        if (bytes === SMSS) c.snd.queue.ints[i] = (c.snd.queue.ints[i]! & ~1) | SACKED
      }
      finishSample(env, c, p, 0, 0, now)
      return { ...rateSample(), ...env.sample }
    },
  }
}

describe('the delivery rate', () => {
  it('V01 V02 is what was delivered over the longer of sending and acknowledging it', () => {
    const t = sender()
    t.send(0, 5)
    expect(t.arrived(20, [0, 1])).toMatchObject({ delivered: 5496, rate: 274.8 })
    expect(t.arrived(21, [2, 3]).rate).toBeCloseTo(523.43, 2)
    expect(t.arrived(22, [4]).rate).toBeCloseTo(624.55, 2)
  })

  it('V03 takes the time of the ACKs where that is longer', () => {
    const t = sender()
    for (let i = 0; i < 10; i++) t.send(i)
    expect(t.arrived(30, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toMatchObject({ rate: 916 })
  })

  it.each([
    [1, 3000],
    [40, 0],
  ])('V04 V05 does not believe what came faster than it was sent, nor than %i ms ever took', (smallest, rate) => {
    const t = sender(smallest)
    t.send(56)
    t.c.snd.queue.reals.set([56, 20, 55, 100_000])
    t.c.delivery.delivered = 208_000 - SMSS
    expect(t.arrived(60, [0]).rate).toBe(rate)
  })

  it('V06 V07 counts a segment once, and measures by the one that was sent last', () => {
    const t = sender()
    t.send(0, 5)
    expect(t.arrived(20, [2]).newlyAcked).toBe(SMSS)
    expect(t.arrived(21, [0, 1, 2, 3, 4])).toMatchObject({ newlyAcked: 4 * SMSS, rtt: 21, delivered: 5 * SMSS })
    const order = sender()
    order.send(0, 2)
    expect(order.arrived(20, [1, 0]).flightWhenSent).toBe(2 * SMSS)
  })

  it('V08 counts part of a segment, and later the rest', () => {
    const t = sender()
    t.send(0)
    expect(t.arrived(20, [0], 20, 1000).newlyAcked).toBe(1000)
    expect(t.c.delivery.inflight).toBe(1748)
  })

  it('V09 V10 V13 tells by the timestamp which copy of a segment arrived', () => {
    const original = sender(10)
    original.send(0, 2)
    original.resend(50, 0)
    expect(original.arrived(70, [0], 0)).toMatchObject({ newlyAcked: SMSS, rate: 0, rtt: -1 })
    const copy = sender(10)
    copy.send(0, 2)
    copy.resend(50, 0)
    const sample = copy.arrived(70, [0], 50)
    expect(sample.rtt).toBe(20)
    expect(sample.rate).toBeGreaterThan(0)

    const idle = sender(10)
    idle.send(0)
    idle.arrived(20, [0])
    idle.send(1020)
    expect(idle.arrived(1040, [1]).rate).toBeCloseTo(SMSS / 20)
  })

  it('V11 a peer that takes back what it reported changes nothing that was counted', () => {
    const t = sender()
    t.send(0, 3)
    t.arrived(20, [0, 1])
    t.c.loss.sacked = 2
    const { delivered } = t.c.delivery
    onTimeout(t.env, t.c, 300)
    expect(t.c.delivery.delivered).toBe(delivered)
    expect([t.c.delivery.inflight, t.c.loss.sacked, t.c.loss.pending]).toEqual([0, 0, 3])
  })

  it('V12 a duplicate that is reported counts as delivered and gives no sample', () => {
    const t = sender()
    t.send(0, 2)
    let samples = 0
    Object.assign(t.c.cc, { onAck: () => samples++ })
    const before = t.c.delivery.delivered
    const s = segment()
    s.edges.set([-SMSS, 0])
    acknowledge(t.env, t.c, Object.assign(s, { ack: 0, flags: 16, window: 1000, blocks: 1 }), 30)
    expect([t.c.delivery.delivered - before, samples]).toEqual([SMSS, 0])
  })

  it.each([2 ** 31 / 1000 - 5, 2 ** 32 / 1000 - 5, 1_795_000_000_000.5])('V19 measures across %d ms', (start) => {
    const t = sender()
    t.send(start, 2)
    expect(t.arrived(start + 20, [0, 1]).rate).toBeCloseTo((2 * SMSS) / 20, 5)
    t.send(start + 20)
    expect(t.arrived(start + 40, [2]).rtt).toBeCloseTo(20, 5)
  })

  it('V14 knows what the application limited, until it has passed', () => {
    const t = sender()
    t.send(0, 4)
    markAppLimited(t.env, t.c)
    expect(t.c.delivery.appLimited).toBe(4 * SMSS)
    t.send(1)
    expect(t.arrived(20, [0, 1, 2, 3]).appLimited).toBe(false)
    expect(t.arrived(21, [4]).appLimited).toBe(true)
    expect(t.c.delivery.appLimited).toBe(0)
  })

  it('V15 V17 is not limited by the application while something waits to be sent', () => {
    const lost = sender()
    lost.send(0, 4)
    lost.c.loss.pending = 1
    markAppLimited(lost.env, lost.c)
    expect(lost.c.delivery.appLimited).toBe(0)
    const closed = sender()
    enqueue(closed.env, closed.c, new Uint8Array(10_000))
    closed.c.delivery.appLimited = 0
    closed.c.snd.wnd = 0
    markAppLimited(closed.env, closed.c)
    expect(closed.c.delivery.appLimited).toBe(0)
  })

  it('V16 nor while something waits for its neighbour', () => {
    const t = sender()
    t.send(0, 4)
    const waiting = { ...t.env, ip: { ...t.env.ip, waits: () => true } }
    markAppLimited(waiting, t.c)
    expect(t.c.delivery.appLimited).toBe(0)
    markAppLimited(t.env, t.c)
    expect(t.c.delivery.appLimited).toBe(4 * SMSS)
  })

  it('V18 measures a tenth of a ms', () => {
    const t = sender(0.1)
    t.send(5)
    const { rtt, rate } = t.arrived(5.1, [0])
    expect(rtt).toBeCloseTo(0.1)
    expect(rate).toBeCloseTo(27_480, -1)
  })
})
