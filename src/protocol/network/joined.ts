import { readU32 } from '../kernel/codec.ts'
import type { Frame, MulticastGroup } from '../kernel/frame.ts'
import { type Address, controllerOf, type Mac, type NetworkId } from '../kernel/id.ts'
import type { Millis } from '../kernel/machine.ts'
import { type NetworkKey, networkKey } from '../verb/network-key.ts'
import type { NetworkStatus } from '../vl2-io.ts'
import type { Authentication } from './authentication.ts'
import type { Routes } from './bridge.ts'
import { type ChunkAssembly, chunkAssembly } from './chunk-assembly.ts'
import type { NetworkConfig } from './config.ts'
import type { Com } from './credential/com.ts'
import { type MacScheme, macOf, macScheme } from './mac.ts'
import type { Member } from './member.ts'
import type { TraceCount, TraceTarget } from './remote-trace.ts'
import type { OwnIpv6 } from './resolution.ts'
import type { RuleEngine } from './rule-engine.ts'

/** A network this node has joined: what the controller said last, who else is in it, and what is due next. */
export interface Joined {
  readonly id: NetworkId
  readonly key: NetworkKey
  readonly controller: Address
  readonly macs: MacScheme
  readonly ownMac: Mac
  readonly assembly: ChunkAssembly
  /** By address; bounded, see `member.ts`. */
  readonly members: Map<Address, Member>
  /** MACs behind bridges, this node among them; bounded, see `bridge.ts`. */
  readonly routes: Routes
  /** Whether somebody carries frames to and from devices behind this node. */
  bridging: boolean
  /** Frames of this step for the host stack, and for the devices behind this node. */
  inbox: Frame[]
  behind: Frame[]
  /** Sent in metadata key `a`, for controllers that admit by token. */
  readonly auth: string | undefined
  /** The last failure; with a configuration and none, the status is `ok`. */
  failure: Exclude<NetworkStatus, 'requesting' | 'ok'> | undefined
  /** What a controller that wants a login said about it. */
  authentication: Authentication | undefined
  active: Active | undefined
  /** Counts configurations: what was concluded under an older one has to be concluded anew. */
  epoch: number
  /** When the configuration was applied; a stored one counts as infinitely old. */
  appliedAt: Millis
  refreshAt: Millis
  requestedAt: Millis
  /** When to ask the controller next, and how often it was asked since it last gave a configuration. */
  requestAt: Millis
  asked: number
  /** The groups of the host stack, and those seen behind this bridge with the time they were last seen. */
  hostGroups: readonly MulticastGroup[]
  readonly groupsBehind: Map<string, { readonly group: MulticastGroup; seenAt: Millis }>
  /** All own groups, as announced: host, behind, broadcast; sorted. */
  groups: readonly MulticastGroup[]
  announceAt: Millis
  /** When news of groups is said again, and how often it was already. */
  repeatAt: Millis
  repeated: number
  /** How much was told to the trace target in this second. */
  traces: TraceCount
}

/** The configuration in force, and what follows from it. */
export interface Active {
  readonly config: NetworkConfig
  /** As received, for comparison and storage. */
  readonly dictionary: Uint8Array
  readonly com: Com | undefined
  readonly rules: RuleEngine
  readonly ipv6: readonly OwnIpv6[]
  readonly broadcast: boolean
  readonly ndpEmulation: boolean
  readonly compressMulticast: boolean
  readonly bridges: ReadonlySet<Address>
  readonly replicators: ReadonlySet<Address>
  readonly anchors: ReadonlySet<Address>
  readonly isBridge: boolean
  readonly isReplicator: boolean
  /** Whom to tell of drops and refusals. */
  readonly trace: TraceTarget | undefined
  /** The payloads of NETWORK_CREDENTIALS that present this node to a member. */
  readonly credentials: readonly Uint8Array[]
}

export const joined = (id: NetworkId, self: Address, auth: string | undefined): Joined => {
  const macs = macScheme(id)
  return {
    id,
    key: networkKey(id),
    controller: controllerOf(id),
    macs,
    ownMac: macOf(macs, self),
    assembly: chunkAssembly(),
    members: new Map(),
    routes: new Map(),
    bridging: false,
    inbox: [],
    behind: [],
    auth,
    failure: undefined,
    authentication: undefined,
    active: undefined,
    epoch: 0,
    appliedAt: -Infinity,
    refreshAt: -Infinity,
    requestedAt: -Infinity,
    requestAt: -Infinity,
    asked: 0,
    hostGroups: [],
    groupsBehind: new Map(),
    groups: [],
    announceAt: Infinity,
    repeatAt: Infinity,
    repeated: 0,
    traces: { second: 0, told: 0 },
  }
}

export const statusOf = (net: Joined): NetworkStatus => net.failure ?? (net.active === undefined ? 'requesting' : 'ok')

/** Joined networks by ID, and by the two halves of it, which is how the packet path asks. */
export interface JoinedTable {
  readonly byId: Map<NetworkId, Joined>
  readonly byHalves: Map<number, Map<number, Joined>>
  last: Joined | undefined
}
export const joinedTable = (): JoinedTable => ({ byId: new Map(), byHalves: new Map(), last: undefined })

export const addJoined = (table: JoinedTable, net: Joined): void => {
  table.byId.set(net.id, net)
  const low = table.byHalves.get(net.key.high) ?? new Map<number, Joined>()
  low.set(net.key.low, net)
  table.byHalves.set(net.key.high, low)
}

export const removeJoined = (table: JoinedTable, net: Joined): void => {
  table.byId.delete(net.id)
  const low = table.byHalves.get(net.key.high)
  low?.delete(net.key.low)
  if (low?.size === 0) table.byHalves.delete(net.key.high)
  table.last = undefined
}

/** The joined network whose ID stands at `at`; the caller has checked that eight bytes are there. */
export const joinedAt = (table: JoinedTable, bytes: Uint8Array, at: number): Joined | undefined => {
  const high = readU32(bytes, at)
  const low = readU32(bytes, at + 4)
  const last = table.last
  if (last !== undefined && last.key.low === low && last.key.high === high) return last
  const found = table.byHalves.get(high)?.get(low)
  if (found !== undefined) table.last = found
  return found
}
