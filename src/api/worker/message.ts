import type { NetworkId as NetworkBits } from '../../protocol/kernel/id.ts'
import type { IpAddress } from '../../protocol/kernel/ip.ts'
import type { Counts } from '../../streams/counters.ts'
import type { Drop } from '../../streams/drop-log.ts'
import type { ZtEvent } from '../../streams/event.ts'
import type { LinkStats } from '../../streams/link.ts'
import type { NetworkId, NodeId, WorldId } from '../../streams/public-id.ts'
import type { IpPrefix, Neighbor, NetworkState, NodeInfo, Peer, Route } from '../../streams/snapshot.ts'
import type { SocketId, SocketNews } from '../../streams/sockets.ts'
import type { StoreKey } from '../../streams/store.ts'
import type { FrameTrace, PacketTrace, TraceRecord } from '../../streams/trace.ts'
import type { StackCall } from '../../tcpip/stack-io.ts'
import type { JoinOptions } from '../join-options.ts'
import type { NodeOptions } from '../node-options.ts'
import type { PlainError } from './plain-error.ts'

/** What a worker is started with. */
export interface WorkerSetup {
  readonly options: Omit<NodeOptions, 'store' | 'link' | 'scheduler' | 'random' | 'signal' | 'autoUnref'>
  /** A path; `'remote'` asks the other thread; without one nothing is kept. */
  readonly store?: { readonly path: string } | 'remote'
  /** Options of the UDP link. */
  readonly udp: object
}

/** Calls of sockets as they go over: a deadline is how long there is, since clocks differ; a listener numbers by itself. */
export type WireCall =
  | Exclude<StackCall, { readonly call: 'connect' | 'listen' }>
  | (Omit<Extract<StackCall, { readonly call: 'connect' }>, 'deadline'> & { readonly within: number })
  | Omit<Extract<StackCall, { readonly call: 'listen' }>, 'nextId'>

export type Question =
  | { readonly _tag: 'Join'; readonly id: NetworkId; readonly options: Omit<JoinOptions, 'signal' | 'dns' | 'hosts'> }
  | { readonly _tag: 'Leave'; readonly id: NetworkId }
  | { readonly _tag: 'Online'; readonly timeout: number }
  | { readonly _tag: 'Orbit'; readonly world: WorldId; readonly seed: NodeId }
  | { readonly _tag: 'Deorbit'; readonly world: WorldId }
  | { readonly _tag: 'Close' }
  /** Answered when everything said before has been done. */
  | { readonly _tag: 'Settle' }
  | { readonly _tag: 'NodeStats' }
  | { readonly _tag: 'NetworkStats'; readonly network: NetworkBits }
  | { readonly _tag: 'TcpInfo'; readonly network: NetworkBits; readonly id: SocketId }

export type TapName = 'packets' | 'trace' | 'drops' | 'frames' | 'members'

/** From the thread of the program to that of the node. */
export type ToNode =
  | { readonly _tag: 'Ask'; readonly number: number; readonly question: Question }
  | { readonly _tag: 'GiveUp'; readonly number: number }
  | { readonly _tag: 'Call'; readonly network: NetworkBits; readonly call: WireCall }
  | { readonly _tag: 'AddRoute'; readonly network: NetworkBits; readonly route: Route }
  | { readonly _tag: 'RemoveRoute'; readonly network: NetworkBits; readonly target: IpPrefix }
  | { readonly _tag: 'Tap'; readonly tap: TapName; readonly network?: NetworkBits; readonly on: boolean }
  /** So much of what may be lost was taken. */
  | { readonly _tag: 'Taken'; readonly cost: number }
  | StoreAnswer

/** From the thread of the node. */
export type ToProgram =
  | {
      readonly _tag: 'Up'
      readonly identity: string
      readonly info: NodeInfo
      readonly stats: WireStats
      /** The number of the first socket that is opened from here. */
      readonly firstSocket: SocketId
    }
  /** The node is no more, or never was. */
  | { readonly _tag: 'Ended'; readonly error?: PlainError }
  | { readonly _tag: 'Answer'; readonly number: number; readonly value?: unknown; readonly error?: PlainError }
  | { readonly _tag: 'Event'; readonly event: ZtEvent; readonly error?: PlainError }
  | { readonly _tag: 'Info'; readonly info: NodeInfo }
  | { readonly _tag: 'Peers'; readonly peers: readonly (readonly [NodeId, Peer | undefined])[] }
  | {
      readonly _tag: 'Network'
      readonly network: NetworkBits
      readonly state: NetworkState
      /** Name servers that routers on the segment know. */
      readonly servers: readonly IpAddress[]
      /** Whether there is a configuration of its controller. */
      readonly configured: boolean
    }
  | {
      readonly _tag: 'NetworkEnded'
      readonly network: NetworkBits
      readonly state: NetworkState
      readonly reason: PlainError
    }
  | {
      readonly _tag: 'News'
      readonly network: NetworkBits
      readonly news: SocketNews
      /** The node at the other end of a connection that opens. */
      readonly owner?: NodeId
      readonly cost?: number
    }
  | { readonly _tag: 'Tapped'; readonly item: TapItem; readonly cost: number }
  | StoreQuestion

export type TapItem =
  | { readonly tap: 'packets'; readonly value: PacketTrace }
  | { readonly tap: 'trace'; readonly value: TraceRecord }
  | { readonly tap: 'drops'; readonly value: Drop }
  | { readonly tap: 'frames'; readonly network: NetworkBits; readonly value: FrameTrace }
  | { readonly tap: 'members'; readonly network: NetworkBits; readonly value: ReadonlyMap<NodeId, Neighbor> }

export interface WireStats {
  readonly link: LinkStats | undefined
  readonly drops: Counts
  readonly vl1: Counts
}

/** The store of the program, asked from the thread of the node. */
export type StoreQuestion = { readonly _tag: 'Store'; readonly number: number } & (
  | { readonly op: 'get' | 'delete'; readonly key: StoreKey }
  | { readonly op: 'set'; readonly key: StoreKey; readonly value: Uint8Array }
  | { readonly op: 'list'; readonly kind: StoreKey['kind'] }
  | { readonly op: 'open' | 'close' }
)
export interface StoreAnswer {
  readonly _tag: 'Stored'
  readonly number: number
  readonly value?: unknown
  readonly error?: PlainError
}
