import type { Endpoint, LinkDatagram, OutgoingDatagram } from '../../protocol/datagram.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import { isIpv6 } from '../../protocol/kernel/ip.ts'
import type { Machine, Millis, Step } from '../../protocol/kernel/machine.ts'
import { next, type Rng, rng } from '../../protocol/kernel/rng.ts'
import { type DueQueue, dueQueue } from './due-queue.ts'
import { forgetMappings, inbound, type Nat, type NatKind, nat, outbound } from './nat.ts'
import { type Line, pass, type Weather } from './weather.ts'

export type { Weather } from './weather.ts'

export type SegmentId = number
export type HostId = number

export type WireInput =
  /** The host has one address more, by a socket of its own. */
  | {
      readonly _tag: 'Attach'
      readonly host: HostId
      readonly address: IpAddress
      readonly segment: SegmentId
      /** `SOCKET` for a host that has no other. */
      readonly socket?: number
    }
  /** The host loses the address of one socket, or without `socket` all. */
  | { readonly _tag: 'Detach'; readonly host: HostId; readonly socket?: number }
  /** `inward` is for what comes in from other segments, if that is not the same. */
  | { readonly _tag: 'Weather'; readonly segment: SegmentId; readonly weather: Weather; readonly inward?: Weather }
  /** IPv4 of the segment is behind a router from now on; hosts outside see `address`. */
  | {
      readonly _tag: 'Nat'
      readonly segment: SegmentId
      readonly kind: NatKind
      readonly address: IpAddress
      readonly timeout: Millis
      /** The segment that `address` is in, itself behind a router (carrier-grade NAT); the internet if absent. */
      readonly behind?: SegmentId
      /** Whether hosts inside reach each other by `address`. */
      readonly hairpin?: boolean
    }
  /** The router of the segment restarts and forgets every mapping. */
  | { readonly _tag: 'ForgetMappings'; readonly segment: SegmentId }
  | { readonly _tag: 'Partition' | 'Heal'; readonly between: readonly [SegmentId, SegmentId] }
  | { readonly _tag: 'Send'; readonly host: HostId; readonly port: number; readonly batch: readonly OutgoingDatagram[] }

export type WireOutput = { readonly _tag: 'Deliver'; readonly host: HostId; readonly batch: readonly LinkDatagram[] }

/** One address of a host. */
interface Place {
  readonly host: HostId
  readonly socket: number
  readonly address: IpAddress
  readonly segment: SegmentId
}
interface Router extends Nat {
  readonly behind: SegmentId | undefined
  readonly hairpin: boolean
}
interface Segment {
  readonly id: SegmentId
  readonly out: Line
  readonly into: Line
  nat: Router | undefined
}
interface Flying {
  /** The segment it arrives at. */
  readonly into: SegmentId
  /** Whether it comes from outside, so that a router decides about it. */
  readonly gated: boolean
  readonly to: Endpoint
  readonly from: Endpoint
  readonly data: Uint8Array
}
export interface WireState {
  readonly hosts: Map<HostId, Map<number, Place>>
  readonly byAddress: Map<IpAddress, Place>
  readonly segments: Map<SegmentId, Segment>
  /** Segments by the public address of their router. */
  readonly routers: Map<IpAddress, Segment>
  readonly partitions: Set<string>
  readonly flying: DueQueue<Flying>
  random: Rng
}

/**
 * A simulated internet as a machine: hosts on segments, every segment with a weather of its own. A datagram meets the
 * weather of each segment on its way: out of the sender's and of those its routers are in, into the receiver's. Same seed
 * and inputs, same deliveries.
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
    change(state, input, now)
    return [state, nothing]
  },
  deadline: (state) => state.flying.firstAt(),
  tick: (state, now): Step<WireState, WireOutput> => {
    const batches = new Map<HostId, LinkDatagram[]>()
    for (let flight = state.flying.takeDue(now); flight !== undefined; flight = state.flying.takeDue(now)) {
      const place = arrive(state, flight, now)
      if (place === undefined) continue
      const datagram = { data: flight.data, from: flight.from, socket: place.socket }
      const batch = batches.get(place.host)
      if (batch === undefined) batches.set(place.host, [datagram])
      else batch.push(datagram)
    }
    return [state, [...batches].map(([host, batch]) => ({ _tag: 'Deliver', host, batch }))]
  },
})

const change = (state: WireState, input: WireInput, now: Millis): void => {
  switch (input._tag) {
    case 'Attach': {
      const { host, address, segment, socket = SOCKET } = input
      const place = { host, socket, address, segment }
      const places = state.hosts.get(host)
      if (places === undefined) state.hosts.set(host, new Map([[socket, place]]))
      else places.set(socket, place)
      state.byAddress.set(address, place)
      return
    }
    case 'Detach': {
      const places = state.hosts.get(input.host)
      for (const [socket, place] of places ?? [])
        if (input.socket === undefined || input.socket === socket) {
          places?.delete(socket)
          if (state.byAddress.get(place.address) === place) state.byAddress.delete(place.address)
        }
      if (places?.size === 0) state.hosts.delete(input.host)
      return
    }
    case 'Weather': {
      const { out, into } = segmentOf(state, input.segment)
      out.weather = input.weather
      into.weather = input.inward ?? input.weather
      return
    }
    case 'Nat': {
      const segment = segmentOf(state, input.segment)
      const { behind, hairpin = false } = input
      segment.nat = { ...nat(input.kind, input.address, input.timeout), behind, hairpin }
      state.routers.set(input.address, segment)
      return
    }
    case 'ForgetMappings': {
      const router = segmentOf(state, input.segment).nat
      if (router !== undefined) forgetMappings(router)
      return
    }
    case 'Partition':
      state.partitions.add(pair(...input.between))
      return
    case 'Heal':
      state.partitions.delete(pair(...input.between))
      return
    case 'Send':
      for (const datagram of input.batch)
        for (const place of state.hosts.get(input.host)?.values() ?? [])
          if (leavesBy(place, datagram)) send(state, place, input.port, datagram, now)
  }
}

const leavesBy = ({ address, socket }: Place, datagram: OutgoingDatagram): boolean =>
  isIpv6(address) === isIpv6(datagram.to.address) && (datagram.socket ?? socket) === socket

/** Out through router after router, until the destination is in sight. */
const send = (state: WireState, from: Place, port: number, { data, to, ttl }: OutgoingDatagram, now: Millis): void => {
  const v6 = isIpv6(to.address)
  const place = state.byAddress.get(to.address)
  const router = state.routers.get(to.address)
  const way: Segment[] = []
  let source: Endpoint = { address: from.address, port }
  for (let at: SegmentId | undefined = from.segment; at !== undefined; ) {
    const here = segmentOf(state, at)
    const exit: Router | undefined = v6 ? undefined : here.nat
    way.push(here)
    const inner = router?.nat?.behind === here.id ? router : undefined
    const near = place?.segment === here.id ? here : inner
    if (near !== undefined) {
      fly(state, way, near, { gated: near !== here, from: source, to, data }, now)
      return
    }
    // a router opens its mapping for what leaves, even for what gets no further
    if (exit !== undefined) source = outbound(exit, source, to, now)
    if (ttl !== undefined && ttl <= FIRST_HOPS) return
    if (router === here) {
      if (exit?.hairpin === true) fly(state, way, here, { gated: true, from: source, to, data }, now)
      return
    }
    at = exit?.behind
  }
  const isPublic = place !== undefined && (v6 || segmentOf(state, place.segment).nat === undefined)
  const target = isPublic ? segmentOf(state, place.segment) : router?.nat?.behind === undefined ? router : undefined
  if (target !== undefined) fly(state, way, target, { gated: true, from: source, to, data }, now)
}

/** Sets off, along the segments of `way` and then into `target`. */
const fly = (
  state: WireState,
  way: readonly Segment[],
  target: Segment,
  flight: Omit<Flying, 'into'>,
  now: Millis,
): void => {
  let arrivals: readonly Millis[] = [now]
  const size = sizeOf(flight)
  for (const [i, segment] of way.entries()) {
    if (state.partitions.has(pair(segment.id, (way[i + 1] ?? target).id))) return
    arrivals = arrivals.flatMap((at) => pass(segment.out, size, at, () => draw(state)))
  }
  if (flight.gated) arrivals = arrivals.flatMap((at) => pass(target.into, size, at, () => draw(state)))
  for (const at of arrivals) state.flying.add(at, { ...flight, into: target.id, data: flight.data.slice() })
}

/** Who gets what has arrived: a router decides at that moment, and may pass it on to one behind it. */
const arrive = (state: WireState, flight: Flying, now: Millis): Place | undefined => {
  const here = segmentOf(state, flight.into)
  const router = flight.gated && !isIpv6(flight.to.address) ? here.nat : undefined
  const to = router === undefined ? flight.to : inbound(router, flight.to.port, flight.from, now)
  if (to === undefined) return undefined
  const inner = state.routers.get(to.address)
  if (inner === undefined || inner.nat?.behind !== here.id) {
    const place = state.byAddress.get(to.address)
    return place?.segment === here.id ? place : undefined
  }
  if (!state.partitions.has(pair(here.id, inner.id)))
    for (const at of pass(inner.into, sizeOf(flight), now, () => draw(state)))
      state.flying.add(at, { ...flight, to, into: inner.id })
  return undefined
}

const segmentOf = (state: WireState, id: SegmentId): Segment => {
  let segment = state.segments.get(id)
  if (segment === undefined) {
    segment = { id, out: { weather: {}, freeAt: 0 }, into: { weather: {}, freeAt: 0 }, nat: undefined }
    state.segments.set(id, segment)
  }
  return segment
}

const draw = (state: WireState): number => {
  const [value, after] = next(state.random)
  state.random = after
  return value / 0x1_0000_0000
}

const sizeOf = ({ to, data }: Pick<Flying, 'to' | 'data'>): number => data.length + (isIpv6(to.address) ? 48 : 28)
const pair = (a: SegmentId, b: SegmentId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

const nothing: readonly WireOutput[] = []
/** The first socket of a virtual host. */
export const SOCKET = 1
/** A time to live that opens the own router and ends before the next. */
const FIRST_HOPS = 2
