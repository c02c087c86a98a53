import { describe, expect, it } from 'vitest'
import { alone, linkOf, percentile } from './measure.ts'
import {
  aloneRows,
  aqmRows,
  besideCubic,
  changeRows,
  follow,
  harmlessRows,
  responseTimes,
  shareOut,
  sharingRows,
  shortRows,
} from './rows.ts'

/**
 * The scenarios of the congestion notes §5, over real TCPs in virtual time. The short ones run each time; with
 * `LONG_TESTS=1` all of them, with several seeds (about half an hour).
 */
const long = process.env['LONG_TESTS'] !== undefined
const seeds = long ? [1, 2, 3] : [1]
const chosen = <T extends { readonly quick?: boolean }>(rows: readonly T[]): readonly T[] =>
  long ? rows : rows.filter((row) => row.quick)
const median = (values: readonly number[]): number => percentile(values, 0.5)

describe('one flow of BBR', () => {
  it.each(chosen(aloneRows).map((row) => [row.path, row] as const))(
    'gets its share of %o',
    (path, { u, q95, loss, ...row }) => {
      const seconds = row.seconds ?? (long ? 15 : 9)
      const shares = seeds.map((seed) => alone('bbr', path, { seed, seconds }))
      expect(median(shares.map((s) => s.u))).toBeGreaterThanOrEqual(u)
      expect(median(shares.map((s) => s.q95))).toBeLessThanOrEqual(q95 ?? Infinity)
      expect(median(shares.map((s) => s.loss))).toBeLessThanOrEqual(loss ?? 100)
    },
    600_000,
  )

  it('without the classification of losses does as the draft', () => {
    const { u } = alone('bbr', { rate: 100, rtt: 20, loss: 0.01 }, { seconds: 24, plan: STRICT })
    expect(u).toBeGreaterThan(0.25)
    expect(u).toBeLessThan(0.7)
  })
})

describe('the other controllers', () => {
  it('fill a link without loss, and its queue', () => {
    for (const control of ['cubic', 'reno'] as const) {
      const { u, q95 } = alone(control, { rate: 10, rtt: 20 }, { seconds: 9 })
      expect(u).toBeGreaterThan(0.95)
      expect(q95).toBeGreaterThan(30)
    }
  })

  it('CUBIC keeps what its formula says of a noisy link', () => {
    const { u } = alone('cubic', { rate: 100, rtt: 20, loss: 0.01 }, { seconds: 15 })
    expect(u).toBeGreaterThan(0.06)
    expect(u).toBeLessThan(0.14)
  })
})

describe('several flows', () => {
  it.each(chosen(sharingRows).map((row) => [row.name, row] as const))(
    'share: %s',
    (_name, row) => {
      const { shares, jain, q95, loss } = long ? shareOut(row, 1, 30, 90) : shareOut(row, 1, 8, 20)
      const sum = shares.reduce((a, b) => a + b, 0)
      expect(jain).toBeGreaterThanOrEqual(row.jain ?? 0)
      expect(q95).toBeLessThanOrEqual(row.q95 ?? Infinity)
      expect(loss).toBeLessThanOrEqual(row.loss ?? 100)
      expect(sum).toBeGreaterThanOrEqual((row.u ?? 0) * row.path.rate * PAYLOAD)
      for (const [i, percent] of Object.entries(row.least ?? {}))
        expect((100 * shares[Number(i)]!) / sum).toBeGreaterThanOrEqual(percent)
      for (const [i, most] of Object.entries(row.most ?? {})) expect(shares[Number(i)]).toBeLessThanOrEqual(most)
    },
    600_000,
  )
})

describe('BBR takes no more from CUBIC than the draft does', () => {
  it.each(long ? harmlessRows : harmlessRows.slice(1, 2))(
    'at %o',
    (path) => {
      const runs = seeds.map((seed) => (long ? besideCubic(path, seed, 30, 90) : besideCubic(path, seed, 5, 12)))
      expect(median(runs.map((run) => run.ours))).toBeGreaterThan(0.9 * median(runs.map((run) => run.draft)))
    },
    600_000,
  )

  it.each(chosen(aqmRows).map((row) => [row.name, row.path] as const))(
    'and fills a queue that drops early: %s',
    (_name, path) => {
      expect(alone('bbr', path, { seconds: long ? 30 : 12 }).u).toBeGreaterThanOrEqual(0.85)
      const runs = seeds.map((seed) => (long ? besideCubic(path, seed, 20, 60) : besideCubic(path, seed, 10, 25)))
      expect(median(runs.map((run) => run.ours))).toBeGreaterThan(0.8 * median(runs.map((run) => run.draft)))
    },
    600_000,
  )
})

describe('the start', () => {
  it('B06 fills a far link soon, at hardly any loss', () => {
    const net = linkOf({ rate: 100, rtt: 100 }, [{ control: 'bbr', rtt: 100 }])
    const flow = net.flows[0]!
    net.run(2500)
    expect(flow.sender()!.cc.phase).not.toBe('startup')
    net.run(5000)
    expect(flow.lost / flow.sent).toBeLessThanOrEqual(0.005)
    expect(flow.received / 5000 / 12_500 / PAYLOAD).toBeGreaterThanOrEqual(0.8)
  })
})

describe('short flows', () => {
  it.each(chosen(shortRows).map((row) => [row.name, row] as const))(
    'arrive in few round trips: %s',
    (_name, row) => {
      const times = responseTimes(row, 'bbr', row.path.loss === undefined ? 1 : long ? 200 : 40)
      for (const [i, p] of [0.5, 0.9, 0.99].entries()) expect(percentile(times, p)).toBeLessThanOrEqual(row.most[i]!)
    },
    600_000,
  )
})

describe('a path that changes', () => {
  it.skipIf(!long).each(changeRows.map((row) => [row.name, row] as const))(
    'is followed: %s',
    (_name, row) => {
      // whole seconds; one of them may hold a ProbeRTT
      const rates = follow(row, 'bbr', 1).slice(row.from, row.until)
      const perSecond = rates.flatMap((rate, i) => (i % 2 === 1 ? [(rate + rates[i - 1]!) / 2] : []))
      const [, second] = [...perSecond].sort((a, b) => a - b)
      expect(second).toBeGreaterThanOrEqual(row.least * PAYLOAD)
    },
    600_000,
  )

  it('B49 is measured anew after a hint, to no harm where nothing changed', () => {
    const net = linkOf({ rate: 20, rtt: 60 }, [{ control: 'bbr', rtt: 60 }])
    const flow = net.flows[0]!
    for (net.run(3000); flow.sender()!.cc.phase !== 'cruise'; ) net.run(net.now() + 10)
    net.hint(flow)
    expect(flow.sender()!.cc.phase).toBe('startup')
    const hinted = net.now()
    while (['startup', 'drain'].includes(flow.sender()!.cc.phase)) net.run(net.now() + 10)
    expect(net.now() - hinted).toBeLessThanOrEqual(8 * 2 * 60)
    const before = flow.received
    net.run(net.now() + 5000)
    expect((flow.received - before) / 5000 / 2500 / PAYLOAD).toBeGreaterThanOrEqual(0.93)
  })

  it('comes back at once after two seconds without it', () => {
    const net = linkOf({ rate: 20, rtt: 20 }, [{ control: 'bbr', rtt: 20 }])
    const flow = net.flows[0]!
    net.run(3000)
    net.link.dead = true
    net.run(5000)
    net.link.dead = false
    const before = flow.received
    while (flow.received === before && net.now() < 20_000) net.run(net.now() + 10)
    net.run(net.now() + 1000)
    const then = flow.sender()!.delivery.delivered
    net.run(net.now() + 500)
    expect((flow.sender()!.delivery.delivered - then) / 500 / 125).toBeGreaterThan(18 * PAYLOAD)
  })

  it('is no worse for ACKs that come in bundles', () => {
    const net = linkOf({ rate: 20, rtt: 20 }, [{ control: 'bbr', rtt: 20 }])
    net.link.ackEvery = 20
    net.run(3000)
    const before = net.flows[0]!.received
    net.run(9000)
    expect((net.flows[0]!.received - before) / 6000 / 125).toBeGreaterThan(18 * PAYLOAD)
  })

  it('does not take for a queue what ACKs in bundles waited for', () => {
    const net = linkOf({ rate: 40, rtt: 20, loss: 0.01 }, [{ control: 'bbr', rtt: 20 }])
    net.link.ackEvery = 10
    net.run(2000)
    const before = net.flows[0]!.received
    net.run(5000)
    expect((net.flows[0]!.received - before) / 3000 / 125).toBeGreaterThan(0.85 * 40 * PAYLOAD)
  })

  it.skipIf(!long)('holds to a policer with a deep bucket', () => {
    const net = linkOf({ rate: 1000, rtt: 20 }, [{ control: 'bbr', rtt: 20 }])
    const flow = net.flows[0]!
    net.link.policer = { rate: 2500, depth: 500_000 }
    net.run(10_000)
    const before = { ...flow }
    net.run(30_000)
    expect((flow.received - before.received) / 20_000 / 125).toBeGreaterThan(17 * PAYLOAD)
    expect((flow.lost - before.lost) / (flow.sent - before.sent)).toBeLessThan(0.12)
  })

  it('holds to a policer that drops without delaying, at a bearable loss', () => {
    const net = linkOf({ rate: 100, rtt: 20, bdp: 5 }, [{ control: 'bbr', rtt: 20 }])
    const flow = net.flows[0]!
    net.link.policer = { rate: 2500, depth: 50_000 }
    net.run(3000)
    const before = { ...flow }
    net.run(9000)
    expect((flow.received - before.received) / 6000 / 125).toBeGreaterThan(17 * PAYLOAD)
    expect((flow.lost - before.lost) / (flow.sent - before.sent)).toBeLessThan(0.12)
  })

  it('is the same run for the same seed, and another for another', () => {
    const trace = (seed: number): number => {
      const net = linkOf({ rate: 10, rtt: 20, loss: 0.01 }, [{ control: 'bbr', rtt: 20 }], { seed })
      net.run(3000)
      return net.trace()
    }
    expect(trace(1)).toBe(trace(1))
    expect(trace(2)).not.toBe(trace(1))
  })
})

const STRICT = { options: { lossTolerance: 0 } }
const PAYLOAD = 2748 / 2800
