import type { Endpoint, LinkDatagram, OutgoingDatagram } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import { isIpv6 } from '../../protocol/kernel/ip.ts'
import type { Machine, Millis, Step } from '../../protocol/kernel/machine.ts'
import { next, type Rng, rng } from '../../protocol/kernel/rng.ts'
import { type DueQueue, dueQueue } from './due-queue.ts'
import { forgetMappings, inbound, type Nat, type NatKind, nat, outbound } from './nat.ts'

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
  /** The segment is behind a router from now on; hosts outside see `address`. */
  | {
      readonly _tag: 'Nat'
      readonly segment: SegmentId
      readonly kind: NatKind
      readonly address: IpAddress
      readonly timeout: Millis
    }
  /** The router of the segment restarts and forgets every mapping. */
  | { readonly _tag: 'ForgetMappings'; readonly segment: SegmentId }
  | { readonly _tag: 'Partition' | 'Heal'; readonly between: readonly [SegmentId, SegmentId] }
  | { readonly _tag: 'Send'; readonly host: HostId; readonly port: number; readonly batch: readonly OutgoingDatagram[] }

export type WireOutput = { readonly _tag: 'Deliver'; readonly host: HostId; readonly batch: readonly LinkDatagram[] }

interface Host {
  readonly id: HostId
  readonly address: IpAddress
  readonly segment: SegmentId
}
interface Segment {
  readonly id: SegmentId
  weather: Weather
  nat: Nat | undefined
  /** When the line is free again, outwards and inwards. */
  readonly freeAt: [out: Millis, into: Millis]
}
interface Flying {
  /** The segment it comes from and the one it goes to. */
  readonly stretch: readonly [from: SegmentId, to: SegmentId]
  readonly to: Endpoint
  readonly from: Endpoint
  readonly data: Uint8Array
}
export interface WireState {
  readonly hosts: Map<HostId, Host>
  readonly byAddress: Map<IpAddress, Host>
  readonly segments: Map<SegmentId, Segment>
  /** Routers by their public address. */
  readonly routers: Map<IpAddress, Segment>
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
    routers: new Map(),
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
      case 'Nat': {
        const segment = segmentOf(state, input.segment)
        segment.nat = nat(input.kind, input.address, input.timeout)
        state.routers.set(input.address, segment)
        break
      }
      case 'ForgetMappings': {
        const router = segmentOf(state, input.segment).nat
        if (router !== undefined) forgetMappings(router)
        break
      }
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
      const host = receiverOf(state, flight, now)
      if (host === undefined) continue
      const datagram = { data: flight.data, from: flight.from, socket: SOCKET }
      const batch = batches.get(host.id)
      if (batch === undefined) batches.set(host.id, [datagram])
      else batch.push(datagram)
    }
    return [state, [...batches].map(([host, batch]) => ({ _tag: 'Deliver', host, batch }))]
  },
})

const send = (state: WireState, from: Host, port: number, { data, to, ttl }: OutgoingDatagram, now: Millis): void => {
  const home = segmentOf(state, from.segment)
  const inside = { address: from.address, port }
  const neighbour = state.byAddress.get(to.address)
  if (neighbour?.segment === home.id) {
    fly(state, [home.id, home.id], inside, to, data, now)
    return
  }
  // a router opens its mapping for what leaves, even for what gets no further
  const source = home.nat === undefined ? inside : outbound(home.nat, inside, to, now)
  if (ttl !== undefined && ttl <= FIRST_HOPS) return
  const router = state.routers.get(to.address)
  const isPublic = neighbour !== undefined && segmentOf(state, neighbour.segment).nat === undefined
  const target = router?.id ?? (isPublic ? neighbour.segment : undefined)
  // routers do not send back in what comes from inside
  if (target !== undefined && target !== home.id) fly(state, [home.id, target], source, to, data, now)
}

const fly = (
  state: WireState,
  stretch: readonly [SegmentId, SegmentId],
  from: Endpoint,
  to: Endpoint,
  data: Uint8Array,
  now: Millis,
): void => {
  if (state.partitions.has(pair(...stretch))) return
  const size = data.length + (isIpv6(to.address) ? 48 : 28)
  const [out, into] = stretch
  let arrivals = pass(state, segmentOf(state, out), 0, size, now)
  if (into !== out) arrivals = arrivals.flatMap((at) => pass(state, segmentOf(state, into), 1, size, at))
  for (const at of arrivals) state.flying.add(at, { stretch, from, to, data: data.slice() })
}

/** Who gets what has arrived: a router decides at that moment. */
const receiverOf = (state: WireState, { stretch: [out, into], from, to }: Flying, now: Millis): Host | undefined => {
  const router = into === out ? undefined : segmentOf(state, into).nat
  if (router === undefined) return state.byAddress.get(to.address)
  const inside = inbound(router, to.port, from, now)
  return inside === undefined ? undefined : state.byAddress.get(inside.address)
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
    segment = { id, weather: {}, nat: undefined, freeAt: [0, 0] }
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
/** A time to live that opens the own router and ends before the next. */
const FIRST_HOPS = 2
/** ms that a datagram may wait for the line. */
const MOST_QUEUED: Millis = 200
