import type { Endpoint } from '../datagram.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { OutPacket } from '../vl1-io.ts'
import type { Path } from './path.ts'
import { type Bucket, bucket } from './rate-gate.ts'

/** A packet that cannot be opened before its sender's identity is known. */
export interface Held {
  readonly source: Address
  readonly packet: Uint8Array
  readonly path: Path
  readonly since: Millis
  /** A HELLO, which brings its identity along: it waits for that of the root only as long as one answer takes. */
  readonly hello: boolean
}

/** A packet for which there is no identity or no path yet, unsealed. */
export interface Unsent {
  readonly packet: OutPacket
  readonly since: Millis
}

/** An address whose identity we ask for. */
export interface Sought {
  readonly since: Millis
  /** Until when somebody waits for it. */
  until: Millis
  askedAt: Millis
  asked: number
  /** We want to know it ourselves. */
  ours: boolean
}

/** An endpoint a root named for a peer we do not know yet. */
export interface Called {
  readonly endpoint: Endpoint
  readonly socket: number
  readonly since: Millis
}

/** A first contact that is tried again if nothing came of it. */
export interface Probe {
  readonly peer: Address
  readonly endpoint: Endpoint
  readonly socket: number | undefined
  readonly at: Millis
  /** How long after the try before. */
  readonly delay: Millis
}

/**
 * What waits for an identity, a path or a second try (`docs/protocol/vl1.md`, receive and send pipelines). All bounded,
 * and nothing waits for longer than `PATIENCE`.
 */
export interface Waiting {
  held: Held[]
  unsent: Unsent[]
  readonly sought: Map<Address, Sought>
  readonly called: Map<Address, Called>
  probes: Probe[]
  /** What WHOIS requests are paid from: a flood of unknown sources is not passed on to the root. */
  readonly asks: Bucket
  /** What is paid from whenever peers are told that we have moved. */
  readonly moves: Bucket
}

export const waiting = (): Waiting => ({
  held: [],
  unsent: [],
  sought: new Map(),
  called: new Map(),
  probes: [],
  asks: bucket(ASKS_BURST),
  moves: bucket(MOVES_BURST),
})

/** Puts `item` behind the others; what had to go for it, if anything. */
export const enqueue = <A>(queue: A[], item: A, most: number): A | undefined => {
  queue.push(item)
  return queue.length > most ? queue.shift() : undefined
}

/** Takes out what `wanted` says, in order. */
export const extract = <A>(queue: A[], wanted: (item: A) => boolean): readonly A[] => {
  const taken = queue.filter(wanted)
  if (taken.length > 0) queue.splice(0, queue.length, ...queue.filter((item) => !wanted(item)))
  return taken
}

export const isEmpty = (w: Waiting): boolean =>
  w.held.length === 0 && w.unsent.length === 0 && w.sought.size === 0 && w.called.size === 0 && w.probes.length === 0

/** Packets received from unknown sources, and packets that cannot leave. */
export const MOST_HELD = 32
export const MOST_UNSENT = 32
/** Addresses asked for at once. */
export const MOST_SOUGHT = 256
export const MOST_CALLED = 32
export const MOST_PROBES = 64
/** How long anything waits. */
export const PATIENCE: Millis = 5_000
/** Between two questions for one address, and between two looks at the queues. */
export const RETRY: Millis = 500
/** A first contact is tried again after so long, and then after twice as long up to the last: NATs and gates may be shut. */
export const PROBE_AGAIN: Millis = 1_000
export const LAST_PROBE: Millis = 4_000
/** After so many questions without an answer, one is asked only as often as anything is given up. */
export const HASTY_ASKS = 10
export const ASKS_BURST = 128
export const ASKS_PER_SECOND = 64
/** Moves that are told at once, then per second: peers refuse eight pushes in a row. */
export const MOVES_BURST = 4
export const MOVES_PER_SECOND = 0.1
/** So many of a burst are kept for what we want to know ourselves. */
export const ASKS_KEPT = 64
