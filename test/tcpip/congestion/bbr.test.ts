import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bbr } from '../../../src/tcpip/tcp/congestion/bbr/bbr.ts'
import { evidence, isTooHigh, showsQueue } from '../../../src/tcpip/tcp/congestion/bbr/loss.ts'
import { nextCycle } from '../../../src/tcpip/tcp/congestion/bbr/model.ts'
import { type BbrState, enter } from '../../../src/tcpip/tcp/congestion/bbr/state.ts'
import { bdpOf, budget, setRate } from '../../../src/tcpip/tcp/congestion/bbr/volume.ts'
import { type Loss, type RateSample, rateSample } from '../../../src/tcpip/tcp/congestion/controller.ts'

const SMSS = 2748
const IW = 14_600
type Bbr = ReturnType<typeof bbr>

const started = (srtt = 20, options: { sack?: boolean; random?: () => number; tolerance?: number } = {}): Bbr => {
  const b = bbr(options.tolerance)
  b.init({
    ...{ now: 0, smss: SMSS, initialCwnd: IW, srtt, sack: options.sack ?? true, timestamps: true },
    random: options.random ?? (() => 0.5),
  })
  return b
}

/** One ACK. By default a full round: everything known so far was delivered before its base left. */
const ack = (b: Bbr, now: number, given: Partial<RateSample> = {}): void => {
  const newlyAcked = given.newlyAcked ?? SMSS
  const sample: RateSample = {
    ...rateSample(),
    ...{ now, newlyAcked, rtt: 20, srtt: 20, sentAt: now - 20, rate: 1000, delivered: newlyAcked },
    ...{ priorDelivered: b.delivered, totalDelivered: b.delivered + newlyAcked, inflight: b.cwnd, advanced: true },
    ...given,
  }
  b.onAck(sample)
}

const lose = (b: Bbr, given: Partial<Loss> = {}): boolean => {
  lostSoFar += SMSS
  return b.onLoss({
    ...{ now: 0, length: SMSS, from: 2 * lostSoFar, to: 2 * lostSoFar + SMSS, rtt: 20, delivered: 0 },
    ...{ lost: 0, queueLost: 0, flightWhenSent: 100 * SMSS, appLimited: false, totalLost: SMSS, totalQueueLost: 0 },
    ...{ totalDelivered: b.delivered },
    ...given,
  })
}
let lostSoFar = 0

/** In a phase of ProbeBW on a path of 1000 B/ms and 20 ms, unless said. */
const probing = (phase: BbrState['phase'], given: Partial<BbrState> = {}): Bbr => {
  const b = started()
  Object.assign(b, {
    ...{ maxBw: 1000, presentBw: 1000, bw: 1000, minRtt: 20, probeRttMin: 20, fullBwReached: true, cwnd: 40_000 },
    ...{ delivered: 1_000_000, roundEnd: 1_000_000, lossRoundEnd: 1_000_000, probeWait: 1e9, rounds: 100 },
    ...given,
  })
  enter(b, phase)
  setRate(b)
  return b
}

describe('the start', () => {
  it('B01 sends the initial window in the first round trip', () => {
    const b = started(20)
    expect([b.phase, b.cwnd, b.quantum]).toEqual(['startup', IW, 2 * SMSS])
    expect(b.pacingRate).toBeCloseTo(2024.3, 0)
  })

  it('B02 guesses 1 ms without a sample, until there is one', () => {
    const b = started(0)
    expect(b.pacingRate).toBeCloseTo(40_486, 0)
    ack(b, 20, { rate: 0 })
    expect(b.pacingRate).toBeCloseTo(2024.3, 0)
  })

  it('B03 leaves when three rounds in a row bring less than a quarter more', () => {
    const b = started()
    const phases = [100, 130, 170, 175, 180, 185].map((rate, i) => {
      ack(b, 20 * (i + 1), { rate, inflight: 1e6 })
      return b.phase
    })
    expect(phases).toEqual(['startup', 'startup', 'startup', 'startup', 'startup', 'drain'])
    expect(b.fullBw).toBe(170)
  })

  it('B04 does not judge by a round that the application limited', () => {
    const b = started()
    for (const [i, rate] of [100, 130, 170, 175, 180, 185].entries())
      ack(b, 20 * (i + 1), { rate, appLimited: rate === 175 })
    expect([b.fullBwCount, b.phase]).toEqual([2, 'startup'])
  })

  it('B05 never slows down before the pipe is full', () => {
    const b = started()
    ack(b, 20, { rate: 5000 })
    const { pacingRate } = b
    ack(b, 40, { rate: 100 })
    expect(b.pacingRate).toBe(pacingRate)
  })

  it('B07 B08 drains until a round trip is in flight, or for three rounds', () => {
    const b = probing('drain', { drainRound: 100 })
    ack(b, 20, { inflight: 30_000 })
    expect(b.phase).toBe('drain')
    ack(b, 40, { inflight: 19_000 })
    // DOWN, and out of it at once: there is nothing left to drain
    expect([b.cycleAt, b.phase]).toEqual([40, 'cruise'])
    const slow = probing('drain', { drainRound: 100 })
    for (let i = 1; i <= 4; i++) {
      expect(slow.phase).toBe('drain')
      ack(slow, 20 * i, { inflight: 50_000 })
    }
    expect(slow.phase).toBe('down')
  })
})

describe('the rate', () => {
  it('B09 believes an application-limited sample only if it is higher', () => {
    const b = probing('cruise', { maxBw: 400, presentBw: 400, bw: 400 })
    ack(b, 20, { rate: 300, appLimited: true })
    expect(b.maxBw).toBe(400)
    ack(b, 40, { rate: 500, appLimited: true })
    expect(b.maxBw).toBe(500)
  })

  it('B10 forgets a rate two probe cycles later', () => {
    const b = probing('cruise')
    nextCycle(b)
    ack(b, 20, { rate: 600 })
    expect(b.maxBw).toBe(1000)
    nextCycle(b)
    expect(b.maxBw).toBe(600)
  })

  it('B35 keeps four segments in flight where the path holds less than one', () => {
    const b = probing('cruise', { maxBw: 8, presentBw: 8, bw: 8 })
    ack(b, 20, { rate: 8 })
    expect(b.cwnd).toBe(4 * SMSS)
    expect(b.pacingRate).toBeCloseTo(8 * 0.99)
  })

  it('B36 lets the window grow by what ACKs bring at once, for ten rounds', () => {
    const b = probing('cruise', { extraAt: 0 })
    ack(b, 10, { newlyAcked: 1000, priorDelivered: 0, rate: 0 })
    ack(b, 20, { newlyAcked: 40_000, priorDelivered: 0, rate: 0 })
    expect(b.extraAcked).toBeGreaterThan(25_000)
    expect(b.extraAcked).toBeLessThanOrEqual(40_000)
    for (let i = 0; i <= 11; i++) ack(b, 1000 * (i + 1), { rate: 0 })
    expect(b.extraAcked).toBeLessThan(5000)
  })

  it.each([
    [100, 5496],
    [1000, 5496],
    [125_000, 65_536],
  ])('B37 at %i bytes per ms a portion is %i bytes', (rate, quantum) => {
    const b = probing('cruise', { bw: rate / 0.99 })
    expect(b.quantum).toBe(quantum)
  })

  it('B38 lets a portion fly where the path holds less', () => {
    const b = probing('cruise', { bw: 125_000 / 0.99, minRtt: 0.1 })
    expect(budget(b, bdpOf(b, b.bw, 2))).toBe(65_536)
  })
})

describe('the cycle', () => {
  it('B11 tries for more after 62 or 63 rounds where the path holds as many segments', () => {
    const b = probing('down', { bw: 12_300, maxBw: 12_300, presentBw: 12_300, cwnd: 500_000 })
    b.probeWait = 2500
    b.roundsSinceUp = 1
    let now = 0
    for (; b.phase !== 'refill' && now < 5000; now += 20) ack(b, now + 20, { rate: 12_300, inflight: 100_000 })
    expect(now).toBeGreaterThanOrEqual(1240)
    expect(now).toBeLessThanOrEqual(1260)
  })

  it('B12 tries as often as a Reno flow of the same size would', () => {
    const b = probing('down', { bw: (10 * SMSS) / 20, maxBw: (10 * SMSS) / 20, presentBw: (10 * SMSS) / 20 })
    let rounds = 0
    for (; b.phase !== 'refill'; rounds++) ack(b, 20 * rounds, { rate: (10 * SMSS) / 20, inflight: 1e6 })
    expect(rounds).toBe(10)
  })

  it('B13 B15 fills the pipe for a round, then goes up until three rounds bring nothing', () => {
    const b = probing('refill')
    ack(b, 20)
    expect([b.phase, b.probeSample, b.fullBw]).toEqual(['up', true, 1000])
    for (let i = 2; i <= 4; i++) {
      expect(b.phase).toBe('up')
      ack(b, 20 * i)
    }
    expect([b.phase, b.prevTooHigh]).toEqual(['down', false])
  })

  it('B14 raises the long bound by 1, 2, 4, 8 segments in successive rounds', () => {
    const b = probing('refill', { inflightLong: 50_000, cwnd: 50_000, bw: 2500, maxBw: 2500, presentBw: 2500 })
    ack(b, 20, { rate: 2500 })
    const grown = [1, 2, 3, 4].map((round) => {
      const from = b.inflightLong
      const acks = 18
      const newlyAcked = b.cwnd / acks
      for (let i = 0; i < acks; i++)
        ack(b, 20 * round + i + 1, {
          newlyAcked,
          ...{ rate: 2500 * 1.3 ** round, cwndLimited: true, priorDelivered: i === acks - 1 ? b.delivered : 0 },
        })
      return (b.inflightLong - from) / SMSS
    })
    for (const [i, n] of [1, 2, 4, 8].entries()) expect(Math.abs(grown[i]! - n)).toBeLessThanOrEqual(1)
  })

  it('B20 after a probe that was too much the next one stops at its bound, and the one after follows at once', () => {
    const b = probing('up', { prevTooHigh: true, inflightLong: 50_000, ackPhase: 'feedback' })
    ack(b, 20, { inflight: 50_000, priorDelivered: 0 })
    expect([b.phase, b.prevCautious]).toEqual(['down', true])
    ack(b, 40)
    expect(b.phase).toBe('refill')
  })

  it('B30 after 5 s without a lower RTT little flies for 200 ms and a round', () => {
    const b = probing('cruise', { cwnd: 40_000, probeRttMinAt: 0, minRttAt: 0 })
    ack(b, 5001, { inflight: 30_000 })
    expect([b.phase, b.cwnd, b.restrained]).toEqual(['probe-rtt', 4 * SMSS, true])
    ack(b, 5020, { inflight: 10_000 })
    ack(b, 5040, { inflight: 10_000 })
    ack(b, 5200, { inflight: 10_000 })
    expect(b.phase).toBe('probe-rtt')
    ack(b, 5221, { inflight: 10_000 })
    expect(b.phase).toBe('cruise')
    expect(b.cwnd).toBeGreaterThan(35_000)
  })

  it('B31 returns to where it was if the pipe was not full yet', () => {
    const b = probing('startup', { fullBwReached: false })
    ack(b, 5001, { inflight: 30_000, rate: 0 })
    ack(b, 5020, { inflight: 0, rate: 0 })
    ack(b, 5221, { inflight: 0, rate: 0 })
    expect(b.phase).toBe('startup')
  })

  it('B32 B33 idleness is a ProbeRTT of its own, and does not raise the smallest RTT', () => {
    const b = probing('cruise')
    b.onSend(0, SMSS, 10_000, false)
    b.onSend(30_000, SMSS, 0, true)
    expect(b.pacingRate).toBeCloseTo(990)
    expect(b.cwnd).toBeLessThanOrEqual(Math.max(IW, 20_000))
    ack(b, 30_070, { rtt: 70, priorDelivered: 1_000_000, appLimited: true, rate: 100 })
    expect([b.phase, b.minRtt, b.maxBw]).toEqual(['cruise', 20, 1000])
  })
})

it('B34 asking and answering now and then is no reason for ProbeRTT, nor to think less of the path', () => {
  for (const b of [probing('cruise'), started()]) {
    const { phase, maxBw } = b
    for (let now = 100; now < 60_000; now += 100) {
      b.onSend(now, 1000, 0, true)
      ack(b, now + 20, { newlyAcked: 1000, rate: 50, appLimited: true, inflight: 0 })
      expect(b.phase).not.toBe('probe-rtt')
    }
    if (phase === 'startup') expect([b.phase, b.fullBwReached]).toEqual(['startup', false])
    else expect(b.maxBw).toBe(maxBw)
  }
})

describe('loss', () => {
  it('B16 a probe that overflows a queue ends, and teaches how much may fly', () => {
    const b = probing('up', { probeSample: true, ackPhase: 'feedback' })
    const at = [1, 2, 3].map((n) => {
      lose(b, { rtt: 25, totalLost: n * SMSS, totalQueueLost: (n - 1) * SMSS })
      return b.phase
    })
    expect(at).toEqual(['up', 'up', 'down'])
    expect(b.inflightLong / SMSS).toBeCloseTo(98.98, 2)
    expect([b.prevTooHigh, b.probeSample]).toEqual([true, false])
  })

  it('B17 B18 B19 without a queue much more may be lost, by what chance explains', () => {
    const b = probing('up', { probeSample: true })
    for (let n = 1; n <= 3; n++) expect(lose(b, { rtt: 20.2, totalLost: n * SMSS })).toBe(false)
    expect(b.phase).toBe('up')
    expect(isTooHigh(b, 100 * SMSS, 22 * SMSS, 0)).toBe(false)
    expect(isTooHigh(b, 100 * SMSS, 23 * SMSS, 0)).toBe(true)
    expect(isTooHigh(b, 10 * SMSS, 3 * SMSS, 0)).toBe(false)
    expect(isTooHigh(b, 10 * SMSS, 4 * SMSS, 0)).toBe(true)
  })

  it('B21 B22 B25 a round with queue loss lowers the short bounds until the next probe, noise does not', () => {
    const quiet = probing('cruise')
    lose(quiet, { rtt: 20 })
    ack(quiet, 20, { rate: 900 })
    ack(quiet, 40, { rate: 900 })
    expect(quiet.bwShort).toBe(Infinity)
    const b = probing('cruise')
    lose(b, { rtt: 30 })
    ack(b, 20, { rate: 900, priorDelivered: 0 })
    ack(b, 40, { rate: 800, delivered: 5000 })
    expect(b.bwShort).toBe(900)
    expect(b.inflightShort).toBeCloseTo(0.7 * (40_000 + SMSS))
    b.probeWait = 0
    ack(b, 60)
    expect([b.phase, b.bwShort, b.inflightShort]).toEqual(['refill', Infinity, Infinity])
  })

  it('B23 a round counts when most of its losses show a queue', () => {
    const boundAfter = (queue: number, noise: number): number => {
      const b = probing('cruise')
      for (let i = 0; i < noise; i++) lose(b, { rtt: 20 })
      for (let i = 0; i < queue; i++) lose(b, { rtt: 30 })
      ack(b, 20, { priorDelivered: 0, newlyAcked: 200 * SMSS, rate: 900 })
      ack(b, 40, { rate: 900 })
      return b.bwShort
    }
    expect(boundAfter(2, 3)).toBe(Infinity)
    expect(boundAfter(3, 2)).toBe(900)
  })

  it('B24 falls by no more than three tenths a round', () => {
    const b = probing('drain', { drainRound: 1000 })
    for (let i = 0; i < 10; i++) {
      lose(b, { rtt: 30 })
      ack(b, 40 * i, { rate: 1, delivered: 1, priorDelivered: 0, inflight: 1e6 })
      ack(b, 40 * i + 20, { rate: 1, delivered: 1, inflight: 1e6 })
    }
    expect(b.bwShort).toBeCloseTo(1000 * 0.7 ** 10)
  })

  it('B26 a timeout leaves one segment, but what is known of the path stays', () => {
    const b = probing('cruise')
    b.onRto(0, 40_000, true, 0)
    expect([b.cwnd, b.maxBw, b.minRtt]).toEqual([SMSS, 1000, 20])
    b.onRecovery(false, 100, 0)
    expect(b.cwnd).toBe(40_000)
  })

  it('B27 B28 B29 takes back what needless repair did, but not a ProbeRTT', () => {
    const up = probing('up', { probeSample: true })
    for (let n = 1; n <= 3; n++) lose(up, { rtt: 25, totalLost: n * SMSS, totalQueueLost: (n - 1) * SMSS })
    up.onRecovery(true, 0, 0)
    up.onUndo(0)
    expect([up.phase, up.inflightLong]).toEqual(['refill', Infinity])

    const first = probing('drain', { undoPhase: 'startup' })
    first.onUndo(0)
    expect([first.phase, first.fullBwReached]).toEqual(['startup', false])

    const dip = probing('probe-rtt', { undoPhase: 'startup' })
    dip.onUndo(0)
    expect(dip.phase).toBe('probe-rtt')
  })

  it('B43 B44 B45 takes jitter for noise, up to a point; knows no noise if told so; a timer shows no RTT', () => {
    const b = probing('cruise', { jitter: 10 })
    expect(evidence(b)).toBe(6)
    expect(showsQueue(b, -1)).toBe(true)
    const strict = started(20, { tolerance: 0 })
    expect(showsQueue(strict, 20)).toBe(true)
    expect(isTooHigh(strict, 100 * SMSS, 2 * SMSS, 2 * SMSS)).toBe(false)
    expect(isTooHigh(strict, 100 * SMSS, 3 * SMSS, 3 * SMSS)).toBe(true)
  })
})

describe('ends that are busy', () => {
  it('see no more jitter for reading many ACKs at once', () => {
    const apart = probing('cruise')
    const together = probing('cruise')
    for (let turn = 1; turn <= 200; turn++) {
      const rtt = turn % 2 === 0 ? 20 : 23
      ack(apart, 5 * turn, { rtt })
      for (let i = 0; i < 8; i++) ack(together, 5 * turn, { rtt: rtt - 0.1 * i })
    }
    expect(apart.jitter).toBeGreaterThan(2.5)
    expect(together.jitter).toBeCloseTo(apart.jitter, 5)
  })

  it('take what an ACK waited with others for no queue, up to half a round trip', () => {
    const b = probing('cruise')
    /** ACKs of two segments come 5.5 ms apart; the next is `late`. */
    const isQueue = (late: number, rtt: number): boolean => {
      const now = b.ackAt + (2 * SMSS) / 1000 + late
      const answer = lose(b, { now, rtt })
      ack(b, now, { rtt: 20 })
      return answer
    }
    expect(isQueue(0, 22)).toBe(true)
    expect(isQueue(1, 27)).toBe(true)
    expect(isQueue(8, 27)).toBe(false)
    expect(isQueue(8, 30)).toBe(true)
    expect(isQueue(40, 29)).toBe(false)
    expect(isQueue(40, 32)).toBe(true)
  })

  it('have more in flight, as long as their pauses and no longer than 25 ms', () => {
    const windowAt = (jitter: number): number => {
      const b = probing('cruise', { jitter })
      for (let turn = 1; turn <= 60; turn++) ack(b, turn, { rtt: 20, newlyAcked: SMSS })
      return b.cwnd
    }
    const [still, busy, asleep] = [0, 5, 100].map(windowAt)
    expect((busy! - still!) / 1000).toBeGreaterThan(5)
    expect((busy! - still!) / 1000).toBeLessThanOrEqual(20)
    expect(asleep! - still!).toBeCloseTo(25 * 1000)
  })

  it('go on with a start that still grows, unless more is lost than noise explains', () => {
    const phaseAt = (lost: number, tolerance?: number): string => {
      const b = started(20, tolerance === undefined ? {} : { tolerance })
      ack(b, 20, { rate: 100 })
      b.onRecovery(true, 20, 0)
      for (let i = 0; i < lost; i++) lose(b, { now: 40, rtt: 30 })
      ack(b, 40, { rate: 200, newlyAcked: (100 - lost) * SMSS })
      return b.phase
    }
    expect(phaseAt(8)).toBe('startup')
    expect(phaseAt(30)).not.toBe('startup')
    expect(phaseAt(8, 0)).not.toBe('startup')
  })
})

describe('a path that changes', () => {
  it('B39 B40 ignores what was sent before the hint', () => {
    const b = probing('cruise')
    b.onPathHint(100)
    ack(b, 101, { sentAt: 90, rtt: 11, priorDelivered: 0 })
    expect([b.minRtt, b.phase]).toEqual([Infinity, 'startup'])
    ack(b, 252, { sentAt: 102, rtt: 150, priorDelivered: 0 })
    expect(b.minRtt).toBe(150)
  })

  it('B41 takes one hint a second', () => {
    const b = probing('cruise')
    b.onPathHint(5000)
    ack(b, 5200, { sentAt: 5180 })
    b.onPathHint(5500)
    expect(b.minRtt).toBe(20)
    b.onPathHint(6001)
    expect(b.minRtt).toBe(Infinity)
  })

  it('B48 forgets the rate with the first round of the new path, and keeps the window until then', () => {
    const b = probing('cruise')
    b.onPathHint(100)
    ack(b, 110, { sentAt: 95, rate: 900 })
    expect(b.maxBw).toBe(1000)
    ack(b, 120, { sentAt: 103, rate: 300 })
    expect(b.maxBw).toBe(300)
    expect(b.cwnd).toBeGreaterThanOrEqual(40_000)
  })

  it('B46 a smaller segment moves the floor, not the volumes', () => {
    const b = probing('cruise', { inflightLong: 60_000 })
    b.onMss(0, 1348)
    expect([b.cwnd, b.inflightLong]).toEqual([40_000, 60_000])
    ack(b, 20, { rate: 8 })
    Object.assign(b, { maxBw: 8, presentBw: 8, previousBw: 0 })
    ack(b, 40, { rate: 8 })
    expect(b.cwnd).toBe(5392)
  })
})

it('B47 whatever the ACKs say, window and rate stay numbers that make sense', () => {
  const step = fc.record({
    ...{ rtt: fc.double({ min: -1, max: 500, noNaN: true }), rate: fc.double({ min: 0, max: 1e5, noNaN: true }) },
    ...{ gap: fc.double({ min: 0, max: 3000, noNaN: true }), acked: fc.integer({ min: 0, max: 1_000_000 }) },
    ...{ what: fc.integer({ min: 0, max: 20 }), limited: fc.boolean(), round: fc.boolean() },
    inflight: fc.integer({ min: 0, max: 1_000_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const b = started()
      let now = 0
      let lost = 0
      for (const s of steps) {
        now += s.gap
        const floor = b.cwnd < 4 * SMSS ? 0 : 4 * SMSS
        lost += SMSS
        if (s.what < 3) lose(b, { rtt: s.rtt, totalLost: lost, totalDelivered: b.delivered, now })
        else if (s.what === 3) b.onRecovery(s.round, now, s.inflight)
        else if (s.what === 4) b.onUndo(now)
        else if (s.what === 5) b.onPathHint(now)
        else if (s.what === 6) b.onSend(now, SMSS, s.limited ? 0 : s.inflight, s.limited)
        else
          ack(b, now, {
            ...{ rtt: s.rtt, rate: s.rate, newlyAcked: s.acked, appLimited: s.limited, cwndLimited: !s.limited },
            ...{ inflight: s.inflight, flightWhenSent: s.inflight, priorDelivered: s.round ? b.delivered : 0 },
          })
        expect(b.cwnd).toBeGreaterThanOrEqual(floor)
        expect(b.pacingRate).toBeGreaterThan(0)
        expect(b.pacingRate).toBeLessThan(Infinity)
        expect(b.bw).toBeLessThanOrEqual(Math.max(b.maxBw, b.bw))
        expect(Object.values(b).some(Number.isNaN)).toBe(false)
      }
    }),
    { numRuns: 200, seed: 1 },
  )
})
