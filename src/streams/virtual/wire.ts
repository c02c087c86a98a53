import type { LinkDatagram, OutgoingDatagram } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import { isIpv6 } from '../../protocol/kernel/ip.ts'
import type { Machine, Millis, Step } from '../../protocol/kernel/machine.ts'
import { next, type Rng, rng } from '../../protocol/kernel/rng.ts'
import { type DueQueue, dueQueue } from './due-queue.ts'

/** What a stretch of network does to datagrams. Times in ms, chances from 0 to 1. */
export interface Weather {
  /** One way. */
  readonly latency?: number
  /** Up to this much is added at random; datagrams may overtake each other by it. */
  readonly jitter?: number
  readonly loss?: number
  readonly duplicate?: number
  /** Chance to be held back by another latency and 10 ms, so that later datagrams come first. */
  readonly reorder?: number
  /** Bytes of the largest IP packet that passes; larger ones vanish. */
  readonly mtu?: number
  /** Bits per second in each direction; what would wait longer than 200 ms vanishes. */
  readonly bandwidth?: number
}

export type SegmentId = number
export type HostId = number

export type WireInput =
  | { readonly _tag: 'Attach'; readonly host: HostId; readonly address: IpAddress; readonly segment: SegmentId }
  | { readonly _tag: 'Detach'; readonly host: HostId }
  | { readonly _tag: 'Weather'; readonly segment: SegmentId; readonly weather: Weather }
  | { readonly _tag: 'Partition' | 'Heal'; readonly between: readonly [SegmentId, SegmentId] }
  | { readonly _tag: 'Send'; readonly host: HostId; readonly port: number; readonly batch: readonly OutgoingDatagram[] }

export type WireOutput = { readonly _tag: 'Deliver'; readonly host: HostId; readonly batch: readonly LinkDatagram[] }

interface Host {
  readonly id: HostId
  readonly address: IpAddress
  readonly segment: SegmentId
}
interface Segment {
  weather: Weather
  /** When the line is free again, outwards and inwards. */
  readonly freeAt: [out: Millis, into: Millis]
}
interface Flying {
  readonly host: HostId
  readonly datagram: LinkDatagram
}
export interface WireState {
  readonly hosts: Map<HostId, Host>
  readonly byAddress: Map<IpAddress, Host>
  readonly segments: Map<SegmentId, Segment>
  readonly partitions: Set<string>
  readonly flying: DueQueue<Flying>
  random: Rng
}

/**
 * A simulated internet as a machine: hosts on segments, every segment with a weather of its own. A datagram meets the
 * weather of the sender's segment, and that of the receiver's if it is another. Same seed and inputs, same deliveries.
 */
export const wire = (seed: number): Machine<WireState, WireInput, WireOutput> => ({
  initial: {
    hosts: new Map(),
    byAddress: new Map(),
    segments: new Map(),
    partitions: new Set(),
    flying: dueQueue(),
    random: rng(seed),
  },
  step: (state, input, now): Step<WireState, WireOutput> => {
    switch (input._tag) {
      case 'Attach': {
        const host = { id: input.host, address: input.address, segment: input.segment }
        state.hosts.set(host.id, host)
        state.byAddress.set(host.address, host)
        break
      }
      case 'Detach': {
        const host = state.hosts.get(input.host)
        state.hosts.delete(input.host)
        if (host !== undefined) state.byAddress.delete(host.address)
        break
      }
      case 'Weather':
        segmentOf(state, input.segment).weather = input.weather
        break
      case 'Partition':
        state.partitions.add(pair(...input.between))
        break
      case 'Heal':
        state.partitions.delete(pair(...input.between))
        break
      case 'Send': {
        const from = state.hosts.get(input.host)
        if (from !== undefined) for (const datagram of input.batch) send(state, from, input.port, datagram, now)
      }
    }
    return [state, nothing]
  },
  deadline: (state) => state.flying.firstAt(),
  tick: (state, now): Step<WireState, WireOutput> => {
    const batches = new Map<HostId, LinkDatagram[]>()
    for (let flight = state.flying.takeDue(now); flight !== undefined; flight = state.flying.takeDue(now)) {
      const batch = batches.get(flight.host)
      if (batch === undefined) batches.set(flight.host, [flight.datagram])
      else batch.push(flight.datagram)
    }
    return [state, [...batches].map(([host, batch]) => ({ _tag: 'Deliver', host, batch }))]
  },
})

const send = (state: WireState, from: Host, port: number, { data, to, ttl }: OutgoingDatagram, now: Millis): void => {
  const host = state.byAddress.get(to.address)
  // a short time to live ends at the first router, and two segments are one router apart
  if (host === undefined || (ttl !== undefined && ttl <= 2 && host.segment !== from.segment)) return
  if (state.partitions.has(pair(from.segment, host.segment))) return
  const size = data.length + (isIpv6(to.address) ? 48 : 28)
  const stretches: readonly (readonly [SegmentId, 0 | 1])[] =
    host.segment === from.segment
      ? [[from.segment, 0]]
      : [
          [from.segment, 0],
          [host.segment, 1],
        ]
  let arrivals: readonly Millis[] = [now]
  for (const [segment, direction] of stretches)
    arrivals = arrivals.flatMap((at) => pass(state, segmentOf(state, segment), direction, size, at))
  for (const at of arrivals)
    state.flying.add(at, {
      host: host.id,
      datagram: { data: data.slice(), from: { address: from.address, port }, socket: SOCKET },
    })
}

/** When a datagram that enters a stretch at `at` leaves it: never, once, or twice. */
const pass = (
  state: WireState,
  { weather, freeAt }: Segment,
  direction: 0 | 1,
  size: number,
  at: Millis,
): readonly Millis[] => {
  const { latency = 0, jitter = 0, loss = 0, duplicate = 0, reorder = 0, mtu, bandwidth } = weather
  if (mtu !== undefined && size > mtu) return []
  if (loss > 0 && draw(state) < loss) return []
  let start = at
  if (bandwidth !== undefined) {
    const begin = Math.max(at, freeAt[direction])
    if (begin - at > MOST_QUEUED) return []
    start = begin + (size * 8000) / bandwidth
    freeAt[direction] = start
  }
  const arrive = (): Millis =>
    start +
    latency +
    (jitter > 0 ? jitter * draw(state) : 0) +
    (reorder > 0 && draw(state) < reorder ? latency + 10 : 0)
  const first = arrive()
  return duplicate > 0 && draw(state) < duplicate ? [first, arrive()] : [first]
}

const segmentOf = (state: WireState, id: SegmentId): Segment => {
  let segment = state.segments.get(id)
  if (segment === undefined) {
    segment = { weather: {}, freeAt: [0, 0] }
    state.segments.set(id, segment)
  }
  return segment
}

const draw = (state: WireState): number => {
  const [value, after] = next(state.random)
  state.random = after
  return value / 0x1_0000_0000
}

const pair = (a: SegmentId, b: SegmentId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

const nothing: readonly WireOutput[] = []
/** Every virtual host has one socket. */
export const SOCKET = 1
/** ms that a datagram may wait for the line. */
const MOST_QUEUED: Millis = 200
