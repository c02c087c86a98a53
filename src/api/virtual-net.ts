import type { Observable, VirtualTimeScheduler } from 'rxjs'
import { isLocallyValid, printIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import { seededRandom } from '../protocol/kernel/rng.ts'
import { ArgumentError } from '../streams/error.ts'
import { memoryStore } from '../streams/store.ts'
import { fixtureIdentities } from '../streams/virtual/fixture-identities.ts'
import { type VirtualDatagram, VirtualInternet } from '../streams/virtual/internet.ts'
import type { NatKind } from '../streams/virtual/nat.ts'
import { VirtualClock } from '../streams/virtual/virtual-clock.ts'
import type { Weather } from '../streams/virtual/wire.ts'
import { type Controller, createController } from './controller.ts'
import { createNodeOn } from './create-node.ts'
import { parseIdentity, secretIdentity } from './identity.ts'
import type { VirtualNode, ZtNode } from './node.ts'
import type { NodeOptions } from './node-options.ts'
import { newSigningKey, type RootSpec, type SigningKey, signedWorld } from './planet.ts'
import type { Platform } from './platform.ts'

export type { VirtualDatagram } from '../streams/virtual/internet.ts'
export type { NatKind } from '../streams/virtual/nat.ts'
export type { Weather } from '../streams/virtual/wire.ts'

/** A stretch of network with a weather of its own; nodes are plugged into it. */
export interface Segment {
  readonly id: number
  /** What it does to datagrams from now on. */
  set(weather: Weather): void
}
export interface NatSegment extends Segment {
  /** The router restarts: every mapping is lost, new ones get other ports. */
  restart(): void
}
export interface NatOptions extends Weather {
  /** ms without traffic from inside after which a mapping is gone, default 60 000. */
  readonly timeout?: number
}
export type VirtualNodeOptions = NodeOptions & { readonly on?: Segment }
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
  /** Nothing passes between the two from now on. Returns what heals it. */
  partition(a: Segment, b: Segment): () => void
  /** Lets time pass. Promises that settle on the way run at the moment they settle. */
  advance(ms: number): Promise<void>
  /** Lets time pass until `promise` is settled; fails with what happened last if that takes over `limitMs` (60 000). */
  until<T>(promise: Promise<T>, limitMs?: number): Promise<T>
  /** Every datagram as it is put on the wire. */
  readonly wire$: Observable<VirtualDatagram>
}

export interface VirtualNetOptions {
  readonly seed?: number
}

export const virtualNetWith =
  (crypto: () => Crypto) =>
  ({ seed = 1 }: VirtualNetOptions = {}): VirtualNet =>
    new SimulatedNet(crypto(), seed)

class SimulatedNet implements VirtualNet {
  readonly scheduler: VirtualClock
  readonly internet: Segment
  readonly wire$: Observable<VirtualDatagram>
  readonly #seed: number
  readonly #crypto: Crypto
  readonly #internet: VirtualInternet
  readonly #createNode: (options?: NodeOptions) => Promise<VirtualNode>
  readonly #key: SigningKey
  readonly #nodes: ZtNode[] = []
  readonly #roots: RootSpec[] = []
  readonly #history: string[] = []
  #planet: Uint8Array | undefined
  #segments = 0
  #hosts = 0

  constructor(crypto: Crypto, seed: number) {
    this.#seed = seed
    this.#crypto = crypto
    this.scheduler = new VirtualClock()
    this.#internet = new VirtualInternet(seed, this.scheduler)
    this.wire$ = this.#internet.wire$
    this.internet = this.segment({ latency: 1 })
    this.#createNode = createNodeOn(this.#platform())
    this.#key = newSigningKey(crypto, seededRandom(seed))
  }

  get now(): number {
    return this.scheduler.now()
  }

  segment(weather: Weather = { latency: 1 }): Segment {
    const id = this.#segments++
    const set = (next: Weather): void => this.#internet.tell({ _tag: 'Weather', segment: id, weather: next })
    set(weather)
    return { id, set }
  }

  nat(kind: NatKind, { timeout = NAT_TIMEOUT, ...weather }: NatOptions = { latency: 1 }): NatSegment {
    const segment = this.segment(weather)
    this.#internet.tell({ _tag: 'Nat', segment: segment.id, kind, address: `44.0.${segment.id}.1`, timeout })
    return { ...segment, restart: () => this.#internet.tell({ _tag: 'ForgetMappings', segment: segment.id }) }
  }

  async root({ on = this.internet, ...options }: VirtualNodeOptions = {}): Promise<VirtualRoot> {
    const host = this.#host(on)
    const identity = options.identity ?? this.#identity(host.index)
    const text = printIdentity(secretIdentity(identity))
    this.#roots.push({ identity: text, endpoints: [{ address: host.address, port: PORT }] })
    const timestamp = BigInt(Math.floor(this.now)) + BigInt(this.#roots.length)
    const planet = signedWorld(this.#crypto, 'planet', {
      id: PLANET,
      timestamp,
      roots: this.#roots,
      signingKey: this.#key,
    })
    this.#planet = planet
    return { node: await this.#start({ ...options, identity, planet }, host), planet }
  }

  async controller(options: VirtualNodeOptions = {}): Promise<VirtualController> {
    const node = await this.node(options)
    return Object.assign(createController(node), { node })
  }

  async node({ on = this.internet, ...options }: VirtualNodeOptions = {}): Promise<ZtNode> {
    if (this.#planet === undefined && options.planet === undefined) await this.root()
    const host = this.#host(on)
    const identity = options.identity ?? (options.store === undefined ? this.#identity(host.index) : undefined)
    const planet = options.planet ?? this.#planet
    return this.#start(
      { ...options, ...(identity === undefined ? {} : { identity }), ...(planet === undefined ? {} : { planet }) },
      host,
    )
  }

  partition(a: Segment, b: Segment): () => void {
    const between = [a.id, b.id] as const
    this.#internet.tell({ _tag: 'Partition', between })
    return () => this.#internet.tell({ _tag: 'Heal', between })
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms
    await turn()
    for (let next = this.scheduler.next; next !== undefined && next <= end; next = this.scheduler.next) {
      this.scheduler.runTo(next)
      await turn()
    }
    this.scheduler.runTo(end)
    await turn()
  }

  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    const end = this.now + limitMs
    await turn()
    while (!settled) {
      const next = this.scheduler.next
      if (next === undefined || next > end) throw this.#stuck(limitMs, next)
      this.scheduler.runTo(next)
      await turn()
    }
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close({ graceMs: 0 })))
    this.#internet.end()
  }

  async #start(options: NodeOptions, host: Host): Promise<ZtNode> {
    const node = await this.#createNode({
      link: this.#internet.plug(host.address, PORT, host.segment),
      scheduler: this.scheduler,
      random: seededRandom(Math.imul(this.#seed, 0x9e37_79b1) + host.index),
      ...options,
    })
    this.#nodes.push(node)
    node.running.events.aside$.subscribe((event) => this.#remember(node.id, event.type, event.at))
    return node
  }

  #host(on: Segment): Host {
    const index = this.#hosts++
    // shared address space: private for VL1, and nobody's virtual network
    return { index, segment: on.id, address: `100.64.${on.id}.${index + 1}` }
  }

  #identity(index: number): string {
    const identity = fixtureIdentities[index]
    if (identity !== undefined) return identity
    const most = fixtureIdentities.length
    throw new ArgumentError(
      'ERR_ZT_INVALID_OPTION',
      `there are only ${most} fixture identities — pass an identity of your own`,
    )
  }

  #platform(): Platform {
    const crypto = this.#crypto
    const known = new Map<string, boolean>(fixtureIdentities.map((text) => [parseIdentity(text).public, true]))
    return {
      crypto: () => crypto,
      clock: () => {
        throw new ArgumentError(
          'ERR_ZT_INVALID_OPTION',
          'scheduler is missing — nodes of a virtual network use its own',
        )
      },
      random: () => seededRandom(this.#seed),
      link: () => {
        throw new ArgumentError('ERR_ZT_INVALID_OPTION', 'link is missing — nodes of a virtual network use its own')
      },
      store: () => memoryStore(),
      identities: () => ({
        generate: () =>
          Promise.reject(
            new ArgumentError('ERR_ZT_INVALID_OPTION', 'identity is missing — pass one of fixtures.identities'),
          ),
        validate: (identity) => {
          const text = printIdentity(identity)
          const valid = known.get(text) ?? isLocallyValid(crypto, identity)
          known.set(text, valid)
          return valid
        },
        close: () => Promise.resolve(),
      }),
    }
  }

  #remember(node: string, type: string, at: number): void {
    this.#history.push(`${(at - this.scheduler.start).toFixed(1)} ms  ${node}  ${type}`)
    if (this.#history.length > HISTORY) this.#history.shift()
  }

  #stuck(limitMs: number, next: number | undefined): Error {
    const why = next === undefined ? 'nothing is left to happen' : `nothing came of it in ${limitMs} ms`
    return new Error(`the promise did not settle: ${why}\n${this.#history.join('\n')}`)
  }
}

interface Host {
  readonly index: number
  readonly segment: number
  readonly address: IpAddress
}

/** Lets every promise job run that can. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })

const PORT = 9993
const PLANET = 0x7278_7a74n
const NAT_TIMEOUT = 60_000
const HISTORY = 60
