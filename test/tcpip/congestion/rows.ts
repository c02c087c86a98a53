import type { CongestionControl } from '../../../src/tcpip/stack-io.ts'
import type { FlowPlan } from './bottleneck.ts'
import { flowOf, linkOf, type Path, series, timeOf, together } from './measure.ts'

/** The scenarios of the congestion notes §5, as data. `quick` ones run each time, all of them with `LONG_TESTS`. */

/** One BBR flow alone: what it must get, what it may cost. */
export interface Alone {
  readonly path: Path
  /** Least share of the link. */
  readonly u: number
  readonly q95?: number
  /** Percent of segments. */
  readonly loss?: number
  readonly quick?: boolean
  readonly seconds?: number
}

const row = (rate: number, rtt: number, loss: number, bdp: number, rest: Omit<Alone, 'path'>): Alone => ({
  path: { rate, rtt, loss, bdp },
  ...rest,
})

export const aloneRows: readonly Alone[] = [
  row(10, 0.2, 0, 1, { u: 0.95, q95: 25, quick: true }),
  row(10, 0.2, 0.05, 1, { u: 0.9, quick: true }),
  row(10, 20, 0, 1, { u: 0.93, q95: 30, quick: true }),
  row(10, 20, 0.01, 1, { u: 0.85, quick: true }),
  row(10, 20, 0.05, 1, { u: 0.7, quick: true, seconds: 30 }),
  row(10, 100, 0, 1, { u: 0.93, quick: true }),
  row(10, 100, 0, 5, { u: 0.93, q95: 110, loss: 0, quick: true }),
  row(10, 100, 0.01, 1, { u: 0.8, quick: true }),
  row(10, 300, 0.01, 1, { u: 0.8, quick: true }),
  row(100, 0.2, 0, 1, { u: 0.95, loss: 0.1 }),
  row(100, 0.2, 0.05, 1, { u: 0.9 }),
  row(100, 20, 0, 1, { u: 0.93, q95: 18, loss: 0.2, quick: true, seconds: 9 }),
  row(100, 20, 0, 0.5, { u: 0.93, loss: 1 }),
  row(100, 20, 0, 5, { u: 0.93, q95: 18, loss: 0 }),
  row(100, 20, 0.001, 1, { u: 0.88 }),
  row(100, 20, 0.01, 1, { u: 0.8, quick: true, seconds: 9 }),
  row(100, 20, 0.05, 1, { u: 0.6, quick: true, seconds: 9 }),
  row(100, 100, 0.01, 1, { u: 0.8 }),
  row(100, 100, 0.05, 1, { u: 0.6 }),
  row(100, 300, 0, 1, { u: 0.9, seconds: 30 }),
  row(100, 300, 0.01, 1, { u: 0.78, seconds: 30 }),
  row(100, 300, 0.05, 1, { u: 0.55, seconds: 30 }),
  row(1000, 0.2, 0, 1, { u: 0.93, loss: 0.2, seconds: 6 }),
  row(1000, 0.2, 0.01, 1, { u: 0.9, seconds: 6 }),
  row(1000, 20, 0, 1, { u: 0.92, seconds: 6 }),
  row(1000, 20, 0.01, 1, { u: 0.75, seconds: 6 }),
  row(1000, 20, 0.05, 1, { u: 0.5, seconds: 6 }),
  row(1000, 100, 0, 1, { u: 0.9, seconds: 15 }),
  row(1000, 100, 0.01, 1, { u: 0.75, seconds: 15 }),
  row(1000, 300, 0, 1, { u: 0.85, seconds: 30 }),
  row(1000, 300, 0.01, 1, { u: 0.7, seconds: 30 }),
]

/** Several flows on one link: the first starts at once, each other a second later. */
export interface Sharing {
  readonly name: string
  readonly path: Path
  readonly flows: readonly (readonly [CongestionControl, number])[]
  readonly jain?: number
  /** Least share in percent, by position. */
  readonly least?: Readonly<Record<number, number>>
  /** Most Mbit/s, by position. */
  readonly most?: Readonly<Record<number, number>>
  readonly u?: number
  readonly q95?: number
  readonly loss?: number
  readonly quick?: boolean
}

const pair = (a: CongestionControl, b: CongestionControl, rtt: number): Sharing['flows'] => [
  [a, rtt],
  [b, rtt],
]
const share = (
  name: string,
  path: readonly [rate: number, rtt: number, bdp: number, loss?: number],
  flows: Sharing['flows'],
  rest: Partial<Sharing>,
): Sharing => ({
  ...{ name, flows, ...rest },
  path: { rate: path[0], rtt: path[1], bdp: path[2], loss: path[3] ?? 0 },
})

export const sharingRows: readonly Sharing[] = [
  share('cubic/cubic, half a BDP', [50, 20, 0.5], pair('cubic', 'cubic', 20), { jain: 0.9 }),
  share('cubic/cubic', [50, 20, 1], pair('cubic', 'cubic', 20), { jain: 0.9 }),
  share('cubic/cubic, 5 BDP', [50, 20, 5], pair('cubic', 'cubic', 20), { jain: 0.9 }),
  share('bbr/bbr, half a BDP', [50, 20, 0.5], pair('bbr', 'bbr', 20), { jain: 0.9 }),
  share('bbr/bbr', [50, 20, 1], pair('bbr', 'bbr', 20), { jain: 0.9, quick: true }),
  share('bbr/bbr, 5 BDP', [50, 20, 5], pair('bbr', 'bbr', 20), { jain: 0.9, q95: 45, loss: 0 }),
  share('bbr/bbr far, half a BDP', [50, 100, 0.5], pair('bbr', 'bbr', 100), { jain: 0.8 }),
  share('bbr/bbr far', [50, 100, 1], pair('bbr', 'bbr', 100), { jain: 0.8 }),
  share('bbr/bbr far, 5 BDP', [50, 100, 5], pair('bbr', 'bbr', 100), { jain: 0.8 }),
  share('five bbr', [100, 40, 1], new Array(5).fill(['bbr', 40] as const), { jain: 0.9, loss: 2 }),
  share('two bbr, 1 % noise', [100, 20, 1, 0.01], pair('bbr', 'bbr', 20), { jain: 0.85, u: 0.8 }),
  share('two bbr, 5 % noise', [100, 20, 1, 0.05], pair('bbr', 'bbr', 20), { jain: 0.85, u: 0.6 }),
  share('bbr/cubic, half a BDP', [50, 20, 0.5], pair('bbr', 'cubic', 20), { least: { 0: 25, 1: 25 } }),
  share('bbr/cubic', [50, 20, 1], pair('bbr', 'cubic', 20), { least: { 0: 25, 1: 25 }, quick: true }),
  share('bbr/cubic, 5 BDP', [50, 20, 5], pair('bbr', 'cubic', 20), { least: { 0: 25, 1: 25 } }),
  share('bbr/cubic, a tenth of a BDP', [100, 20, 0.1], pair('bbr', 'cubic', 20), { least: { 1: 20 } }),
  share('bbr/cubic, a quarter of a BDP', [100, 20, 0.25], pair('bbr', 'cubic', 20), { least: { 1: 25 } }),
  share('bbr/cubic far, a twentieth of a BDP', [50, 100, 0.05], pair('bbr', 'cubic', 100), { least: { 1: 15 } }),
  share('bbr/cubic far', [50, 100, 1], pair('bbr', 'cubic', 100), { least: { 1: 8 } }),
  share('bbr/cubic far, 5 BDP', [50, 100, 5], pair('bbr', 'cubic', 100), { least: { 1: 25 } }),
  share(
    'one bbr among four cubic',
    [100, 40, 1],
    [['bbr', 40], ...new Array<readonly ['cubic', number]>(4).fill(['cubic', 40])],
    { most: { 0: 60 } },
  ),
  share(
    'cubic near and far',
    [100, 100, 1],
    [
      ['cubic', 20],
      ['cubic', 100],
    ],
    { jain: 0.8 },
  ),
  share(
    'bbr near and far',
    [100, 100, 1],
    [
      ['bbr', 20],
      ['bbr', 100],
    ],
    { least: { 0: 8 } },
  ),
  share(
    'bbr near and far, 5 BDP',
    [100, 100, 5],
    [
      ['bbr', 20],
      ['bbr', 100],
    ],
    { least: { 0: 20 } },
  ),
]

export const shareOut = (s: Sharing, seed: number, from: number, to: number): ReturnType<typeof together> => {
  const plans: FlowPlan[] = s.flows.map(([control, rtt], i) => ({
    ...flowOf(control, { ...s.path, rtt }),
    start: i * 1000,
  }))
  return together(s.path, plans, from, to, { seed })
}

/** Queues that drop before they are full: alone BBR fills them, and beside CUBIC it takes no more than the draft does. */
export const aqmRows: readonly { readonly name: string; readonly path: Path; readonly quick?: boolean }[] = [
  { name: 'PIE, 20 ms', path: { rate: 50, rtt: 20, bdp: 5, aqm: 'pie' } },
  { name: 'PIE, 100 ms', path: { rate: 50, rtt: 100, bdp: 5, aqm: 'pie' } },
  { name: 'PIE, 300 ms', path: { rate: 50, rtt: 300, bdp: 5, aqm: 'pie' } },
  { name: 'PIE at 5 ms, 20 ms', path: { rate: 50, rtt: 20, bdp: 5, aqm: 'pie at 5 ms' } },
  { name: 'PIE at 5 ms, 100 ms', path: { rate: 50, rtt: 100, bdp: 5, aqm: 'pie at 5 ms' } },
  { name: 'CoDel, 20 ms', path: { rate: 50, rtt: 20, bdp: 5, aqm: 'codel' } },
  { name: 'CoDel, 100 ms', path: { rate: 50, rtt: 100, bdp: 5, aqm: 'codel' } },
  { name: 'CoDel, 20 ms, slow', path: { rate: 10, rtt: 20, bdp: 5, aqm: 'codel' }, quick: true },
  { name: 'PIE at 5 ms, 20 ms, slow', path: { rate: 10, rtt: 20, bdp: 5, aqm: 'pie at 5 ms' } },
]

/** Where BBR must leave CUBIC what the draft would: buffers from a twentieth of a BDP, round trips up to 100 ms. */
export const harmlessRows: readonly Path[] = [
  { rate: 50, rtt: 20, bdp: 0.5 },
  { rate: 50, rtt: 20, bdp: 1 },
  { rate: 50, rtt: 20, bdp: 5 },
  { rate: 50, rtt: 100, bdp: 0.05 },
  { rate: 50, rtt: 100, bdp: 1 },
  { rate: 50, rtt: 100, bdp: 5 },
  { rate: 100, rtt: 20, bdp: 0.1 },
  { rate: 100, rtt: 20, bdp: 0.25 },
]

/** Mbit/s of CUBIC beside BBR, with our rule for losses and with the draft's. */
export const besideCubic = (
  path: Path,
  seed: number,
  from: number,
  to: number,
): { readonly ours: number; readonly draft: number } => {
  const share = (more: Partial<FlowPlan>): number =>
    together(path, [flowOf('bbr', path, more), flowOf('cubic', path, { start: 1000 })], from, to, { seed }).shares[1]!
  return { ours: share({}), draft: share({ options: { lossTolerance: 0 } }) }
}

/** Short flows: response time in round trips from SYN, at three percentiles. */
export interface Short {
  readonly name: string
  readonly bytes: number
  readonly path: Path
  /** Most at p50, p90, p99. */
  readonly most: readonly [number, number, number]
  readonly quick?: boolean
}

export const shortRows: readonly Short[] = [
  { name: '10 KB', bytes: 10_000, path: { rate: 100, rtt: 20 }, most: [2.6, 2.6, 2.6], quick: true },
  { name: '10 KB, slow link', bytes: 10_000, path: { rate: 10, rtt: 20 }, most: [2.6, 2.6, 2.6], quick: true },
  { name: '100 KB near', bytes: 100_000, path: { rate: 100, rtt: 20 }, most: [6, 6, 6], quick: true },
  { name: '100 KB far', bytes: 100_000, path: { rate: 100, rtt: 300 }, most: [6, 6, 6], quick: true },
  { name: '100 KB, 1 %', bytes: 100_000, path: { rate: 100, rtt: 100, loss: 0.01 }, most: [6.5, 9, 13], quick: true },
  { name: '100 KB, 5 %', bytes: 100_000, path: { rate: 100, rtt: 100, loss: 0.05 }, most: [9, 14, 22], quick: true },
  { name: '10 KB, 5 %', bytes: 10_000, path: { rate: 100, rtt: 20, loss: 0.05 }, most: [3, 15, 45], quick: true },
  { name: '1 MB', bytes: 1_000_000, path: { rate: 100, rtt: 50 }, most: [12, 12, 12], quick: true },
  { name: '10 MB', bytes: 10_000_000, path: { rate: 100, rtt: 50 }, most: [28, 28, 28] },
  { name: '1 MB, 1 %', bytes: 1_000_000, path: { rate: 100, rtt: 50, loss: 0.01 }, most: [20, 20, 20] },
  { name: '10 MB, 1 %', bytes: 10_000_000, path: { rate: 100, rtt: 50, loss: 0.01 }, most: [40, 40, 40] },
]

export const responseTimes = (s: Short, control: CongestionControl, seeds: number): readonly number[] => {
  const rounds: number[] = []
  for (let seed = 1; seed <= seeds; seed++) rounds.push(timeOf(control, s.path, s.bytes, { seed }) / s.path.rtt)
  return rounds.sort((a, b) => a - b)
}

/** A path that changes under a connection: Mbit/s in each half second after the change. */
export interface Change {
  readonly name: string
  readonly before: Path
  readonly after: Path
  readonly hint: boolean
  readonly steps: number
  /** From this step on (to `until`), at least this rate. */
  readonly least: number
  readonly from: number
  readonly until: number
  readonly buffer?: number
}

const change = (
  name: string,
  before: readonly [number, number],
  after: readonly [number, number],
  hint: boolean,
  bound: readonly [least: number, from: number, until: number],
  buffer?: number,
): Change => ({
  name,
  before: { rate: before[0], rtt: before[1] },
  after: { rate: after[0], rtt: after[1] },
  hint,
  steps: bound[2],
  least: bound[0],
  from: bound[1],
  until: bound[2],
  ...(buffer === undefined ? {} : { buffer }),
})

export const changeRows: readonly Change[] = [
  change('direct to relay, told', [100, 20], [20, 120], true, [15, 2, 16]),
  change('direct to relay, not told', [100, 20], [20, 120], false, [15, 2, 8]),
  change('relay to direct, told', [20, 120], [100, 20], true, [80, 2, 8], 250_000),
  change('relay to direct, not told', [20, 120], [100, 20], false, [80, 6, 12], 250_000),
  change('300 to 20 ms', [100, 300], [100, 20], false, [90, 1, 8]),
  change('20 to 150 ms, told', [100, 20], [100, 150], true, [80, 3, 10]),
  change('20 to 150 ms, not told', [100, 20], [100, 150], false, [80, 24, 30]),
  change('10 to 100 Mbit/s', [10, 40], [100, 40], false, [90, 8, 12]),
  change('100 to 10 Mbit/s', [100, 40], [10, 40], false, [9, 2, 12]),
]

/** Rates per half second after the change at 8 s. The queue holds what the larger of both paths does. */
export const follow = (c: Change, control: CongestionControl, seed: number): readonly number[] => {
  const volume = Math.max(c.before.rate * c.before.rtt, c.after.rate * c.after.rtt) * 125
  const plan = flowOf(control, { rate: 100, rtt: Math.max(c.before.rtt, c.after.rtt) }, { rtt: c.before.rtt })
  const net = linkOf(c.before, [plan], { seed })
  net.link.buffer = c.buffer ?? volume
  const flow = net.flows[0]!
  net.run(8000)
  net.link.rate = c.after.rate * 125
  flow.rtt = c.after.rtt
  if (c.hint) net.hint(flow)
  return series(net, flow, c.steps, 500)
}
