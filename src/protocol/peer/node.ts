import type { SecretIdentity } from '../crypto/identity.ts'
import type { Crypto } from '../crypto/suite.ts'
import type { Endpoint, LocalSocket, OutgoingDatagram, Via } from '../datagram.ts'
import type { Address } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import type { Random } from '../kernel/rng.ts'
import { type Reassembly, reassembly } from '../packet/reassembly.ts'
import type { DropReason, Message, Vl1Output } from '../vl1-io.ts'
import { type Upstreams, upstreamsOf } from '../world/upstreams.ts'
import type { World } from '../world/world.ts'
import type { Bonding } from './bond.ts'
import type { Contacted } from './contacted.ts'
import type { PathPolicy } from './endpoint.ts'
import { type LocalRules, noRules, problemIn } from './local-rules.ts'
import { type PacketIds, packetIds } from './packet-ids.ts'
import { type Path, type PathTable, pathTable } from './path.ts'
import type { Peer } from './peer.ts'
import type { PeerRecord } from './peer-record.ts'
import { type ReplyFilter, replyFilter } from './reply-filter.ts'
import { type Surface, surface } from './surface.ts'
import { type Traffic, traffic } from './traffic.ts'
import { type Validations, validations } from './validation.ts'
import { type Waiting, waiting } from './waiting.ts'

/** What a node is told once, when it is made. */
export interface Vl1Config {
  readonly identity: SecretIdentity
  readonly crypto: Crypto
  readonly random: Random
  readonly planet: World
  readonly moons?: readonly World[]
  /** What we say of ourselves; 1.14.1 unless told otherwise. */
  readonly version?: { readonly major: number; readonly minor: number; readonly revision: number }
  /** On for embedded networks: 127.0.0.1 may be a path (off by default, as native nodes never learn it). */
  readonly allowLoopback?: boolean
  /** HELLO from one socket only, and a fifth of the periodic work. */
  readonly lowBandwidth?: boolean
  /** Records of `peers.d`: identities and versions hold, each endpoint gets a HELLO when the peer is first needed. */
  readonly knownPeers?: readonly PeerRecord[]
  /** What the owner says of the physical network; nothing by default. What is wrong in it (`problemIn`) voids all of it. */
  readonly rules?: LocalRules
  /** Several paths to one leaf at once; one by default. */
  readonly bonding?: Bonding
  /** Without a word from an upstream for this long the node is offline; 30 s by default. */
  readonly onlineWindow?: Millis
}

/** When each kind of work is next due; `Infinity` for not at all. */
export interface Schedule {
  /** Keepalives, contact with upstreams, online state. */
  ping: Millis
  /** Unanswered first HELLOs. */
  bootstrap: Millis
  /** Queues and WHOIS. */
  queue: Millis
  housekeeping: Millis
  /** ECHO and reports of bonds. */
  bond: Millis
  /** Paths that wait for a sign of life. */
  doubt: Millis
}

/** Everything VL1 remembers: a mutable accumulator, one per node, moved only by the machine in `vl1.ts`. */
export interface Node {
  readonly config: Vl1Config
  readonly self: Address
  now: Millis
  /** Counts the steps of the machine: what was chosen in this one need not be chosen again. */
  turn: number
  started: boolean
  readonly peers: Map<Address, Peer>
  readonly paths: PathTable
  readonly assembly: Reassembly
  readonly filter: ReplyFilter
  readonly ids: PacketIds
  planet: World
  readonly moons: Map<bigint, World>
  /** Moons we want and do not have yet, and who has them. */
  readonly seeds: Map<bigint, Address>
  upstreams: Upstreams
  /** Peers that networks want kept in contact. */
  contacts: ReadonlySet<Address>
  readonly rules: LocalRules
  policy: PathPolicy
  sockets: readonly LocalSocket[]
  readonly waiting: Waiting
  readonly validations: Validations
  readonly surface: Surface
  readonly traffic: Traffic
  /** Records of peers not in memory. */
  readonly cache: Map<Address, PeerRecord>
  readonly bonded: Set<Peer>
  readonly contacted: Contacted
  /** Paths that wait for a sign of life, and whose they are. */
  readonly watched: Map<Path, Peer>
  /** Peers to be told that we have moved, as soon as there is a way to do it. */
  readonly strayed: Set<Peer>
  online: boolean
  /** Whether somebody takes part in a network with us, as of the last periodic work. */
  engaged: boolean
  lastUpstreamReceive: Millis
  /** When pairs of peers were last introduced, oldest first (`world/root.ts`). */
  readonly introductions: Map<number, Millis>
  /** Gate: the last beacon answered. */
  lastBeacon: Millis
  tap: boolean
  readonly due: Schedule
  /** Relay of this turn. */
  relay: Peer | undefined
  relayTurn: number
  /** Peers that became known, and peers that got a first path, in this step: what waited for them is let go. */
  arrived: Peer[]
  reached: Peer[]
  /** Peers with packets in their inbox. */
  dirty: Peer[]
  /** Packets under way as they were on the wire, while somebody taps it. */
  readonly wire: WeakMap<Uint8Array, Uint8Array>
  /** What this step has to say. */
  news: Vl1Output[]
  outbox: OutgoingDatagram[]
  messages: Message[]
}

export const newNode = (config: Vl1Config): Node => {
  const moons = new Map((config.moons ?? []).map((moon) => [moon.id, moon]))
  const rules = config.rules === undefined || problemIn(config.rules) !== undefined ? noRules : config.rules
  return {
    config,
    self: config.identity.address,
    now: -Infinity,
    turn: 0,
    started: false,
    peers: new Map(),
    paths: pathTable(rules),
    assembly: reassembly(),
    filter: replyFilter(),
    ids: packetIds(config.random),
    planet: config.planet,
    moons,
    seeds: new Map(),
    upstreams: upstreamsOf(config.identity, config.planet, moons),
    contacts: new Set(),
    rules,
    policy: { allowLoopback: config.allowLoopback ?? false, managed: [], blacklist: rules.blacklist },
    sockets: [],
    waiting: waiting(),
    validations: validations(),
    surface: surface(),
    traffic: traffic(),
    cache: new Map((config.knownPeers ?? []).map((record) => [record.identity.address, record])),
    bonded: new Set(),
    contacted: new Map(),
    watched: new Map(),
    strayed: new Set(),
    online: false,
    engaged: false,
    lastUpstreamReceive: -Infinity,
    introductions: new Map(),
    lastBeacon: -Infinity,
    tap: false,
    due: {
      ping: Infinity,
      bootstrap: Infinity,
      queue: Infinity,
      housekeeping: Infinity,
      bond: Infinity,
      doubt: Infinity,
    },
    relay: undefined,
    relayTurn: -1,
    arrived: [],
    reached: [],
    dirty: [],
    wire: new WeakMap(),
    news: [],
    outbox: [],
    messages: [],
  }
}

/** Whether we want a moon that this node is said to have. */
export const isSeed = (node: Node, address: Address): boolean => {
  for (const seed of node.seeds.values()) if (seed === address) return true
  return false
}

export const say = (node: Node, news: Vl1Output): void => {
  node.news.push(news)
}

export const drop = (node: Node, reason: DropReason, via?: Via, peer?: Address): void => {
  const from: Endpoint | undefined = via?.endpoint
  node.news.push(peer === undefined ? { _tag: 'Drop', reason, from } : { _tag: 'Drop', reason, from, peer })
}

/** Takes what the step has to say: first what changed, then datagrams, then messages. */
export const takeOutputs = (node: Node): readonly Vl1Output[] => {
  const outputs = node.news
  if (node.outbox.length > 0) outputs.push({ _tag: 'Transmit', datagrams: node.outbox })
  if (node.messages.length > 0) outputs.push({ _tag: 'Received', messages: node.messages })
  if (outputs.length === 0) return NOTHING
  node.news = []
  node.outbox = []
  node.messages = []
  return outputs
}

const NOTHING: readonly Vl1Output[] = []
