import type { CongestionControl } from '../../../src/tcpip/stack-io.ts'
import { type Aqm, codel, pie } from './aqm.ts'
import { type Flow, type FlowPlan, type Net, network } from './bottleneck.ts'

/** What a flow got of the link, how long its queue was and what was lost. */
export interface Share {
  /** Payload rate over what the link can carry after headers. */
  readonly u: number
  /** 95th percentile of the queue delay, ms. */
  readonly q95: number
  /** Of segments, noise included, percent. */
  readonly loss: number
}

export interface Path {
  /** Mbit/s and ms. */
  readonly rate: number
  readonly rtt: number
  /** Of datagrams. */
  readonly loss?: number
  /** Of the buffer, in bandwidth-delay products. */
  readonly bdp?: number
  readonly aqm?: 'pie' | 'pie at 5 ms' | 'codel'
}

export interface Setting {
  readonly seed?: number
  readonly seconds?: number
  readonly timerGrid?: number
  readonly plan?: Partial<FlowPlan>
}

/** One endless flow over `path`; the first third of the time is not counted. */
export const alone = (control: CongestionControl, path: Path, setting: Setting = {}): Share => {
  const seconds = setting.seconds ?? 15
  const net = linkOf(path, [flowOf(control, path, setting.plan)], setting)
  const [flow] = net.flows
  net.run((seconds * 1000) / 3)
  const before = { received: flow!.received, sent: flow!.sent, lost: flow!.lost }
  net.mark()
  net.run(seconds * 1000)
  const ms = (seconds * 2000) / 3
  return {
    u: (flow!.received - before.received) / ms / (net.link.rate * PAYLOAD_SHARE),
    q95: percentile(net.delays, 0.95),
    loss: (100 * (flow!.lost - before.lost)) / (flow!.sent - before.sent),
  }
}

/** Several endless flows; Mbit/s of each, counted from `from` to `to` seconds. */
export const together = (
  path: Path,
  plans: readonly FlowPlan[],
  from: number,
  to: number,
  setting: Setting = {},
): { readonly shares: readonly number[]; readonly jain: number; readonly q95: number; readonly loss: number } => {
  const net = linkOf(path, plans, setting)
  net.run(from * 1000)
  net.mark()
  const before = net.flows.map((f) => ({ ...f }))
  net.run(to * 1000)
  const shares = net.flows.map((f, i) => (f.received - before[i]!.received) / (to - from) / 125_000)
  const sum = shares.reduce((a, b) => a + b, 0)
  const squares = shares.reduce((a, b) => a + b * b, 0)
  const count = (key: 'sent' | 'lost'): number => net.flows.reduce((n, f, i) => n + f[key] - before[i]![key], 0)
  return {
    shares,
    jain: (sum * sum) / (shares.length * squares),
    q95: percentile(net.delays, 0.95),
    loss: (100 * count('lost')) / count('sent'),
  }
}

/** ms from SYN until the reader has all `bytes`. */
export const timeOf = (control: CongestionControl, path: Path, bytes: number, setting: Setting = {}): number => {
  const net = linkOf(path, [flowOf(control, path, { bytes, ...setting.plan })], setting)
  const [flow] = net.flows
  for (let t = 1000; flow!.doneAt === Infinity && t < 120_000; t += 1000) net.run(t)
  return flow!.doneAt
}

/** Mbit/s that arrive of a flow, in order or not, in each of `count` steps of `step` ms from now on. */
export const series = (net: Net, flow: Flow, count: number, step: number): number[] => {
  const rates: number[] = []
  for (let i = 0; i < count; i++) {
    const before = flow.sender()?.delivery.delivered ?? 0
    net.run(net.now() + step)
    rates.push(((flow.sender()?.delivery.delivered ?? 0) - before) / step / 125)
  }
  return rates
}

export const linkOf = (path: Path, plans: readonly FlowPlan[], setting: Setting = {}): Net => {
  const rate = path.rate * 125
  const buffer = Math.max(SMALLEST_BUFFER, (path.bdp ?? 1) * rate * path.rtt)
  const seed = setting.seed ?? 1
  const link = { rate, buffer, loss: path.loss ?? 0, ...(path.aqm === undefined ? {} : { aqm: aqmOf(path.aqm, seed) }) }
  return network(seed, link, plans, setting.timerGrid ?? 1)
}

const aqmOf = (name: NonNullable<Path['aqm']>, seed: number): Aqm =>
  name === 'codel' ? codel(5) : pie(name === 'pie' ? 15 : 5, seed)

/** Buffers at the ends never limit: beyond the default of 4 MiB they are asked for. */
export const flowOf = (control: CongestionControl, path: Path, more: Partial<FlowPlan> = {}): FlowPlan => {
  const volume = path.rate * 125 * path.rtt
  if (4 * volume < 4_000_000) return { control, rtt: path.rtt, ...more }
  const options = { sendBuffer: 128 << 20, ...more.options }
  return { control, rtt: path.rtt, receive: 128 << 20, ...more, options }
}

export const percentile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0
}

/** Of a frame of 2800 bytes, TCP's payload with timestamps. */
const PAYLOAD_SHARE = 2748 / 2800
/** 20 segments. */
const SMALLEST_BUFFER = 55_000
