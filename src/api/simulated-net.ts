import type { Observable } from 'rxjs'
import { printIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import { canonicalIp, type IpAddress } from '../protocol/kernel/ip.ts'
import { seededRandom } from '../protocol/kernel/rng.ts'
import { ArgumentError } from '../streams/error.ts'
import { atLeast, checkOptions, isRecord, refuse } from '../streams/option.ts'
import type { RelayLink } from '../streams/relay-link.ts'
import { fixtureIdentities } from '../streams/virtual/fixture-identities.ts'
import { HostClock } from '../streams/virtual/host-clock.ts'
import { type Plug, type PluggedLink, type VirtualDatagram, VirtualInternet } from '../streams/virtual/internet.ts'
import { memoryRelay } from '../streams/virtual/memory-relay.ts'
import type { NatKind } from '../streams/virtual/nat.ts'
import { Timeline } from '../streams/virtual/timeline.ts'
import { VirtualClock } from '../streams/virtual/virtual-clock.ts'
import type { Weather } from '../streams/virtual/wire.ts'
import { createController } from './controller.ts'
import { createNodeOn } from './create-node.ts'
import { secretIdentity } from './identity.ts'
import type { VirtualNode, ZtNode } from './node.ts'
import type { NodeOptions } from './node-options.ts'
import { newSigningKey, type RootSpec, type SigningKey, signedWorld } from './planet.ts'
import type {
  NatOptions,
  NatSegment,
  Segment,
  VirtualController,
  VirtualNet,
  VirtualNodeOptions,
  VirtualPlace,
  VirtualRoot,
  VirtualTcpRelay,
} from './virtual-net.ts'
import { natKind, natRules, relayRules, weatherRules } from './virtual-net-rules.ts'
import { virtualPlatform } from './virtual-platform.ts'

/** The wire, the clock and the nodes of a virtual network. */
export class SimulatedNet implements VirtualNet {
  readonly scheduler: VirtualClock
  readonly internet: Segment
  readonly wire$: Observable<VirtualDatagram>
  readonly #seed: number
  readonly #crypto: Crypto
  readonly #internet: VirtualInternet
  readonly #createNode: (options?: NodeOptions) => Promise<VirtualNode>
  readonly #key: SigningKey
  /** Nodes that run, and by what they do. */
  readonly #links = new Map<ZtNode, PluggedLink>()
  readonly #relays = new Map<IpAddress, number>()
  readonly #roots: RootSpec[] = []
  readonly #timeline: Timeline
  #planet: Uint8Array | undefined
  #segments = 0
  #hosts = 0
  #connections = 0
  #moves = 0

  constructor(crypto: Crypto, seed: number, proven: readonly string[]) {
    this.#seed = seed
    this.#crypto = crypto
    this.scheduler = new VirtualClock()
    this.#timeline = new Timeline(this.scheduler.start)
    this.#internet = new VirtualInternet(seed, this.scheduler)
    this.wire$ = this.#internet.wire$
    this.internet = this.segment({ latency: 1 })
    this.#createNode = createNodeOn(virtualPlatform(crypto, seed, proven, (endpoint) => this.#relayLink(endpoint)))
    this.#key = newSigningKey(crypto, seededRandom(seed))
  }

  get now(): number {
    return this.scheduler.now()
  }
  get timeline(): string {
    return this.#timeline.toString()
  }

  segment(weather: Weather = { latency: 1 }): Segment {
    checkOptions('segment()', weather, weatherRules)
    const id = this.#segments++
    const set = (next: Weather, inward = next): void => {
      checkOptions('set()', next, weatherRules)
      checkOptions('set()', inward, weatherRules)
      this.#internet.tell({ _tag: 'Weather', segment: id, weather: next, inward })
    }
    set(weather)
    return { id, set }
  }

  nat(kind: NatKind, options: NatOptions = { latency: 1 }): NatSegment {
    if (!natKind.is(kind)) refuse('kind', kind, natKind.cure)
    checkOptions('nat()', options, natRules)
    const { timeout = NAT_TIMEOUT, behind, hairpin = false, ...weather } = options
    if (behind !== undefined) this.#known(behind)
    const segment = this.segment(weather)
    const address = behind === undefined ? `44.0.${segment.id}.1` : `100.64.${behind.id}.${INNER_ROUTERS + segment.id}`
    const router = { segment: segment.id, kind, address, timeout, hairpin }
    this.#internet.tell({ _tag: 'Nat', ...router, ...(behind === undefined ? {} : { behind: behind.id }) })
    return { ...segment, restart: () => this.#internet.tell({ _tag: 'ForgetMappings', segment: segment.id }) }
  }

  tcpRelay(options: { readonly latency?: number } = {}): VirtualTcpRelay {
    checkOptions('tcpRelay()', options, relayRules)
    const { latency = 20 } = options
    const address = `44.1.${this.#relays.size}.1`
    this.#relays.set(address, latency)
    return { endpoint: { address, port: 443 } }
  }

  async root(given: VirtualNodeOptions = {}): Promise<VirtualRoot> {
    const { on, addresses, ...options } = nodeOptions(given)
    const host = this.#host({ on, addresses })
    const identity = options.identity ?? this.#identity(host.index)
    const text = printIdentity(secretIdentity(identity))
    this.#roots.push({ identity: text, endpoints: host.plugs.map(({ address }) => ({ address, port: PORT })) })
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

  async node(given: VirtualNodeOptions = {}): Promise<ZtNode> {
    const { on, addresses, ...options } = nodeOptions(given)
    if (this.#planet === undefined && options.planet === undefined) await this.root()
    const host = this.#host({ on, addresses })
    const identity = options.identity ?? (options.store === undefined ? this.#identity(host.index) : undefined)
    const planet = options.planet ?? this.#planet
    return this.#start(
      { ...options, ...(identity === undefined ? {} : { identity }), ...(planet === undefined ? {} : { planet }) },
      host,
    )
  }

  move(node: ZtNode, place: VirtualPlace): void {
    const link = this.#links.get(node)
    if (link === undefined)
      throw new ArgumentError('ERR_ZT_INVALID_OPTION', 'node is not of this network, or closed — pass one that it made')
    link.move(this.#plugs(place, MOVED + this.#moves++))
  }

  clock(): HostClock {
    return new HostClock(this.scheduler)
  }

  partition(a: Segment, b: Segment): () => void {
    const between = [this.#known(a).id, this.#known(b).id] as const
    this.#internet.tell({ _tag: 'Partition', between })
    return () => this.#internet.tell({ _tag: 'Heal', between })
  }

  async advance(ms: number): Promise<void> {
    if (!atLeast(0).is(ms)) refuse('ms', ms, 'use a time of 0 or more')
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
    if (!atLeast(0).is(limitMs)) refuse('limitMs', limitMs, 'use a time of 0 or more')
    let settled = false
    const settle = (): void => {
      settled = true
    }
    Promise.resolve(promise).then(settle, settle)
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
    await Promise.all([...this.#links.keys()].map((node) => node.close({ graceMs: 0 })))
    this.#internet.end()
  }

  async #start(options: NodeOptions, host: Host): Promise<ZtNode> {
    const link = this.#internet.plug(PORT, host.plugs)
    const node = await this.#createNode({
      link,
      scheduler: this.scheduler,
      random: seededRandom(Math.imul(this.#seed, 0x9e37_79b1) + host.index),
      ...options,
    })
    this.#links.set(node, link)
    node.closed.catch(() => undefined).finally(() => this.#links.delete(node))
    node.running.events.aside$.subscribe((event) => this.#timeline.add(this.now, node.id, event))
    return node
  }

  #host(place: VirtualPlace): Host {
    const index = this.#hosts++
    return { index, plugs: this.#plugs(place, index + 1) }
  }

  #plugs({ on = this.internet, addresses }: VirtualPlace, number: number): readonly Plug[] {
    // shared address space: private for VL1, and nobody's virtual network
    this.#known(on)
    const known = addresses ?? [`100.${64 + ((number >> 8) & 63)}.${on.id}.${number & 255}`]
    return known.map((text) => ({ segment: on.id, address: checkedAddress(text) }))
  }

  #known(segment: Segment): Segment {
    if (isRecord(segment) && Number.isInteger(segment.id) && segment.id < this.#segments) return segment
    return refuse('segment', segment, 'pass what segment(), nat() or internet of this network gave')
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

  #relayLink({ address }: Endpoint): RelayLink {
    const latency = this.#relays.get(address)
    const plug = (): PluggedLink => this.#internet.plug(PORT, [this.#relayPlug(address)])
    return memoryRelay(latency === undefined ? undefined : plug, latency ?? 0, this.scheduler)
  }

  /** Every connection of a relay speaks from an address of its own, next to that of the relay. */
  #relayPlug(relay: IpAddress): Plug {
    return { segment: this.internet.id, address: `${relay.slice(0, -1)}${2 + this.#connections++}` }
  }

  #stuck(limitMs: number, next: number | undefined): Error {
    const why = next === undefined ? 'nothing is left to happen' : `nothing came of it in ${limitMs} ms`
    return new Error(`the promise did not settle: ${why}\n${this.timeline}`)
  }
}

interface Host {
  readonly index: number
  readonly plugs: readonly Plug[]
}

/** What is in them is checked where they are used. */
const nodeOptions = (options: VirtualNodeOptions): VirtualNodeOptions =>
  isRecord(options) ? options : refuse('options', options, 'pass an object like { on: net.segment() }')

const checkedAddress = (text: string): IpAddress => {
  const address = canonicalIp(text)
  if (address !== undefined) return address
  throw new ArgumentError('ERR_ZT_INVALID_OPTION', `addresses "${text}" is no IP address — write one like 44.2.0.1`)
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
/** Last numbers of addresses, above those of hosts: of routers behind routers, of hosts that have moved. */
const INNER_ROUTERS = 100
const MOVED = 200
