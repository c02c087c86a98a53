import { describe, expect, it } from 'vitest'
import { type Controller, type RateSample, rateSample } from '../../../src/tcpip/tcp/congestion/controller.ts'
import { cubic } from '../../../src/tcpip/tcp/congestion/cubic.ts'
import { reno } from '../../../src/tcpip/tcp/congestion/reno.ts'

/** CUBIC (RFC 9438), HyStart++ (RFC 9406) and Reno (RFC 5681), told by hand what the network does. */
const SMSS = 2748

/** A controller with a window of so many segments and nothing lost yet. */
const started = (make: () => unknown, segments: number, rtt = 100): Controller => {
  const w = make() as Controller
  w.init({
    ...{ now: 0, smss: SMSS, initialCwnd: segments * SMSS, srtt: rtt, sack: true, timestamps: true },
    random: () => 0.5,
  })
  return w
}
/** The same behind slow start: a loss at `segments`, fully repaired. */
const afterLoss = (make: () => unknown, segments: number, rtt = 100): Controller => {
  const w = started(make, segments, rtt)
  w.onRecovery(true, 0, segments * SMSS)
  w.onRecovery(false, 0, segments * SMSS)
  return w
}
const size = (w: Controller): number => w.cwnd / SMSS

let delivered = 0
const ack = (w: Controller, now: number, bytes: number, given: Partial<RateSample> = {}): void => {
  delivered += bytes
  w.onAck({
    ...rateSample(),
    ...{ now, newlyAcked: bytes, rtt: 100, srtt: 100, cwndLimited: true, advanced: true },
    ...{ priorDelivered: delivered - bytes, totalDelivered: delivered, inflight: w.cwnd },
    ...given,
  })
}
/** A round trip in which everything of the window is acknowledged, two segments at a time. */
const round = (w: Controller, now: number, rtt = 100): void => {
  const begin = delivered
  let left = w.cwnd
  for (let i = 0; left > 0; i++) {
    const bytes = Math.min(left, 2 * SMSS)
    left -= bytes
    ack(w, now + (rtt * i) / 1000, bytes, { rtt, srtt: rtt, priorDelivered: begin })
  }
}

describe('CUBIC', () => {
  it('U01 U02 falls to 0.7 and is back after K, first ever slower, then ever faster', () => {
    // with a round trip of 200 ms Reno would be slower all the time
    const w = afterLoss(cubic, 100, 200)
    expect(w.ssthresh / SMSS).toBeCloseTo(70)
    const K = Math.cbrt(75)
    expect(K).toBeCloseTo(4.2172, 3)
    let now = 0
    for (; now < K * 1000; now += 200) round(w, now, 200)
    expect(Math.abs(size(w) - 100)).toBeLessThan(0.5)
    for (; now < (K + 2) * 1000; now += 200) round(w, now, 200)
    expect(Math.abs(size(w) - 103.2)).toBeLessThan(0.7)
  })

  it('U03 a loss below the last one leaves room to others', () => {
    const w = afterLoss(cubic, 100, 300)
    w.cwnd = 80 * SMSS
    w.onRecovery(true, 0, w.cwnd)
    w.onRecovery(false, 0, w.cwnd)
    expect(size(w)).toBeCloseTo(56)
    // W_max is 68 now: that is where the curve flattens
    const K = Math.cbrt(12 / 0.4)
    let now = 0
    for (; now < K * 1000; now += 300) round(w, now, 300)
    expect(Math.abs(size(w) - 68)).toBeLessThan(0.7)
  })

  it('U04 on a short path it grows as Reno would', () => {
    const w = afterLoss(cubic, 10 / 0.7, 10)
    const before = size(w)
    for (let i = 0; i < 5; i++) round(w, i * 10, 10)
    expect((size(w) - before) / 5).toBeCloseTo(0.53, 1)
  })

  it('U05 the curve stands still while the application pauses', () => {
    const paused = afterLoss(cubic, 100)
    const steady = afterLoss(cubic, 100)
    for (let now = 0; now < 2000; now += 100) for (const w of [paused, steady]) round(w, now)
    for (const w of [paused, steady]) w.onSend(2000, SMSS, w.cwnd, false)
    paused.onSend(7000, SMSS, 0, true)
    paused.cwnd = steady.cwnd
    for (let now = 2000; now < 3000; now += 100) {
      round(steady, now)
      round(paused, now + 5000)
    }
    expect(size(paused)).toBeCloseTo(size(steady), 1)
  })

  it('U06 one ACK for many segments lets it grow by half at most', () => {
    const w = afterLoss(cubic, 100)
    ack(w, 0, SMSS)
    const before = w.cwnd
    ack(w, 60_000, 64 * SMSS)
    expect(w.cwnd).toBeLessThanOrEqual(1.5 * before)
    expect(w.cwnd).toBeGreaterThan(1.2 * before)
  })

  it('U07 an undone reduction leaves no trace', () => {
    const kept = afterLoss(cubic, 100)
    const undone = afterLoss(cubic, 100)
    for (let now = 0; now < 1000; now += 100) for (const w of [kept, undone]) round(w, now)
    const { cwnd, ssthresh } = kept
    undone.onRecovery(true, 1000, undone.cwnd)
    expect(undone.ssthresh).toBeLessThan(cwnd)
    undone.onUndo(1010)
    expect([undone.cwnd, undone.ssthresh]).toEqual([cwnd, Math.max(ssthresh, 0)])
    for (let now = 1100; now < 6000; now += 100) for (const w of [kept, undone]) round(w, now)
    expect(undone.cwnd).toBeCloseTo(kept.cwnd)
  })
})

describe('HyStart++', () => {
  /** Rounds with these RTTs, ten segments each; how much each of them grew. */
  const growths = (rtts: readonly number[]): { readonly w: Controller; readonly by: readonly number[] } => {
    const w = started(cubic, 20)
    const by = rtts.map((rtt, i) => {
      const before = w.cwnd
      round(w, i * 100, rtt)
      return w.cwnd / before - 1
    })
    return { w, by }
  }

  it('U08 an RTT that rises by an eighth slows the growth to a quarter, after eight samples', () => {
    const { by } = growths([100, 100, 113])
    expect(by[1]).toBeCloseTo(1)
    expect(by[2]).toBeLessThan(0.65)
    expect(by[2]).toBeGreaterThan(0.25)
  })

  it('U09 less is no reason', () => {
    const { by } = growths([100, 103, 107])
    for (const growth of by) expect(growth).toBeCloseTo(1)
  })

  it('U10 nor is less than 4 ms, but those are', () => {
    expect(growths([20, 23.9, 23.9]).by.at(-1)).toBeCloseTo(1)
    expect(growths([20, 24, 24]).by.at(-1)).toBeCloseTo(0.25)
  })

  it('U11 an RTT that falls again makes it a false alarm', () => {
    const { by } = growths([100, 100, 113, 105, 105])
    expect(by.at(-1)).toBeCloseTo(1)
  })

  it('U12 five slow rounds end slow start', () => {
    const { w, by } = growths([100, 100, 113, 113, 113, 113, 113, 113])
    expect(w.ssthresh).toBeLessThan(Infinity)
    expect(w.phase).toBe('avoidance')
    expect(by.slice(3, 7).every((growth) => Math.abs(growth - 0.25) < 0.01)).toBe(true)
  })
})

describe('slow start and Reno', () => {
  it.each([
    ['cubic', cubic],
    ['reno', reno],
  ] as const)('U13 many small ACKs let %s grow by no more than one for their sum', (_name, make) => {
    const [many, one] = [started(make, 10), started(make, 10)]
    for (let i = 0; i < SMSS; i++) ack(many, 0, 1, { priorDelivered: 0 })
    ack(one, 0, SMSS, { priorDelivered: 0 })
    expect(many.cwnd).toBeCloseTo(one.cwnd)
  })

  it('U14 Reno is back where it was after as many rounds as it lost segments', () => {
    const w = afterLoss(reno, 10)
    expect(size(w)).toBeCloseTo(5)
    for (let i = 0; i < 5; i++) round(w, i * 100)
    expect(Math.abs(size(w) - 10)).toBeLessThanOrEqual(1)
  })

  it.each([
    ['cubic', cubic],
    ['reno', reno],
  ] as const)('U15 %s starts again from the initial window after idle, and remembers its threshold', (_name, make) => {
    const w = started(make, 5)
    w.cwnd = 100 * SMSS
    w.ssthresh = 70 * SMSS
    w.onSend(0, SMSS, SMSS, false)
    w.onSend(10_000, SMSS, 0, true)
    expect([size(w), w.ssthresh / SMSS]).toEqual([5, 70])
  })

  it('U16 is paced at twice the window per round trip, in avoidance at 1.2 times', () => {
    const w = started(reno, 10, 20)
    expect(w.pacingRate).toBeCloseTo(2748)
    w.ssthresh = w.cwnd
    ack(w, 20, 1, { srtt: 20, cwndLimited: false })
    expect(w.pacingRate).toBeCloseTo(1648.8)
  })
})
