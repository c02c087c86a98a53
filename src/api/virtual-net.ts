import type { Observable, VirtualTimeScheduler } from 'rxjs'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { checkOptions } from '../streams/option.ts'
import type { HostClock } from '../streams/virtual/host-clock.ts'
import type { VirtualDatagram } from '../streams/virtual/internet.ts'
import type { NatKind } from '../streams/virtual/nat.ts'
import type { Weather } from '../streams/virtual/wire.ts'
import type { Controller } from './controller.ts'
import type { ZtNode } from './node.ts'
import type { NodeOptions } from './node-options.ts'
import { SimulatedNet } from './simulated-net.ts'
import { virtualNetRules } from './virtual-net-rules.ts'

export type { HostClock } from '../streams/virtual/host-clock.ts'
export type { VirtualDatagram } from '../streams/virtual/internet.ts'
export type { NatKind } from '../streams/virtual/nat.ts'
export type { Weather } from '../streams/virtual/wire.ts'

/** A stretch of network with a weather of its own; nodes are plugged into it. */
export interface Segment {
  readonly id: number
  /** What it does to datagrams from now on; `inward` to those that come in from other segments, if that differs. */
  set(weather: Weather, inward?: Weather): void
}
export interface NatSegment extends Segment {
  /** The router restarts: every mapping is lost, new ones get other ports. */
  restart(): void
}
export interface NatOptions extends Weather {
  /** ms without traffic from inside after which a mapping is gone, default 60 000. */
  readonly timeout?: number
  /** The router has its public address on this segment, behind another router (carrier-grade NAT). */
  readonly behind?: Segment
  /** Whether hosts inside reach each other by the public address (default false). */
  readonly hairpin?: boolean
}
/** Where a host is. */
export interface VirtualPlace {
  readonly on?: Segment | undefined
  /** Its physical addresses, IPv4 and IPv6; default one IPv4 address of the shared space. IPv6 passes no NAT. */
  readonly addresses?: readonly IpAddress[] | undefined
}
export type VirtualNodeOptions = NodeOptions & VirtualPlace
export interface VirtualTcpRelay {
  /** For `tcpRelay.endpoint` of nodes. */
  readonly endpoint: Endpoint
}
export type VirtualController = Controller & { readonly node: ZtNode }
export interface VirtualRoot {
  readonly node: ZtNode
  /** The planet as of this root: of later ones, nodes learn in-band. */
  readonly planet: Uint8Array
}

/**
 * A whole network in one process and in virtual time: roots, controllers and nodes of the real code on a simulated
 * internet. The same seed gives the same bytes on the wire.
 */
export interface VirtualNet extends AsyncDisposable {
  readonly scheduler: VirtualTimeScheduler
  readonly now: number
  /** Where roots, controllers and nodes are that name no segment of their own. */
  readonly internet: Segment
  segment(weather?: Weather): Segment
  /** A segment behind a router that translates addresses. */
  nat(kind: NatKind, options?: NatOptions): NatSegment
  root(options?: VirtualNodeOptions): Promise<VirtualRoot>
  controller(options?: VirtualNodeOptions): Promise<VirtualController>
  /** A node that knows the planet of this network; the first root is made with it if there is none. */
  node(options?: VirtualNodeOptions): Promise<ZtNode>
  /** The host of a node has other addresses from now on, as one that roams from one network to another. */
  move(node: ZtNode, place: VirtualPlace): void
  /**
   * A TCP relay on the internet, `latency` ms (20) from every node by TCP; for each that connects it speaks from an
   * address of its own. It carries to addresses of global scope only.
   */
  tcpRelay(options?: { readonly latency?: number }): VirtualTcpRelay
  /** A clock for the `scheduler` of one node, or of several: it can be put forward. */
  clock(): HostClock
  /** Nothing passes between the two from now on. Returns what heals it. */
  partition(a: Segment, b: Segment): () => void
  /** Lets time pass. Promises that settle on the way run at the moment they settle. */
  advance(ms: number): Promise<void>
  /** Lets time pass until `promise` is settled; fails with what happened last if that takes over `limitMs` (60 000). */
  until<T>(promise: Promise<T>, limitMs?: number): Promise<T>
  /** The last events of all nodes, one a line: what a failing `until` shows. */
  readonly timeline: string
  /** Every datagram as it is put on the wire. */
  readonly wire$: Observable<VirtualDatagram>
}

export interface VirtualNetOptions {
  readonly seed?: number
  /** Identities that count as proven though nobody did the work for them: two with one address make a collision. */
  readonly proven?: readonly string[]
}

export const virtualNetWith =
  (crypto: () => Crypto) =>
  (options: VirtualNetOptions = {}): VirtualNet => {
    checkOptions('virtualNet()', options, virtualNetRules)
    return new SimulatedNet(crypto(), options.seed ?? 1, options.proven ?? [])
  }
