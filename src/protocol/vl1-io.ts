import type { Identity } from './crypto/identity.ts'
import type { Endpoint, LinkDatagram, LocalSocket, OutgoingDatagram, Via } from './datagram.ts'
import type { Address } from './kernel/id.ts'
import type { Millis } from './kernel/machine.ts'
import type { World } from './world/world.ts'

/** The blank bytes that every outgoing packet begins with: the VL1 header, verb byte included. */
export const HEADER = 28

/** An authenticated, decrypted, decompressed packet whose verb VL1 does not consume itself. */
export interface Message {
  readonly source: Address
  /** Never changes for an address while the peer is known; the sender is proven to hold its secret. */
  readonly identity: Identity
  readonly verb: number
  /** What follows the verb byte: a view into the datagram (or the assembled packet), to keep or to copy. */
  readonly payload: Uint8Array
  /** The wire packet ID, as OK and ERROR name it. */
  readonly packetId: bigint
  readonly hops: number
  readonly via: Via
}

/** A packet to be sent, whatever path there is or will be. */
export interface OutPacket {
  readonly to: Address
  readonly verb: number
  /** `HEADER` blank bytes, then the payload. Ownership passes to VL1, which seals it in place. */
  readonly data: Uint8Array
  /** Try LZ4 on the payload. */
  readonly compress?: boolean
  /**
   * Immediate replies (OK, ERROR) leave by exactly the path the request came by, as one datagram, never fragmented
   * by us, never queued.
   */
  readonly via?: Via
}

export type Vl1Input =
  | { readonly _tag: 'Datagrams'; readonly batch: readonly LinkDatagram[] }
  | { readonly _tag: 'Send'; readonly packets: readonly OutPacket[] }
  /** The link's bound sockets, each time they change. */
  | { readonly _tag: 'Local'; readonly sockets: readonly LocalSocket[] }
  /** VL2 proved that these peers share a network with us (§11.1 lastTrusted). */
  | { readonly _tag: 'Trust'; readonly peers: readonly Address[] }
  /** VL2 needs this peer's identity; `Learned` answers, at once if it is known. */
  | { readonly _tag: 'Whois'; readonly address: Address }
  /** The memory-hard check that `Validate` asked for is done. */
  | { readonly _tag: 'Validated'; readonly identity: Identity; readonly valid: boolean }
  /** Prefixes of joined networks: endpoints inside them are never physical paths (§7.3 rule 3). */
  | { readonly _tag: 'Managed'; readonly prefixes: readonly { readonly address: Uint8Array; readonly bits: number }[] }
  /** Peers that networks name to be kept in contact like roots (§12, anchors and replicators). */
  | { readonly _tag: 'Contact'; readonly peers: readonly Address[] }
  | { readonly _tag: 'Orbit'; readonly id: bigint; readonly seed?: Address; readonly moon?: World }
  | { readonly _tag: 'Deorbit'; readonly id: bigint }
  /** Whether `Trace` outputs are wanted; off by default, then they cost nothing. */
  | { readonly _tag: 'Tap'; readonly on: boolean }

export type Vl1Output =
  | { readonly _tag: 'Transmit'; readonly datagrams: readonly OutgoingDatagram[] }
  | { readonly _tag: 'Received'; readonly messages: readonly Message[] }
  | { readonly _tag: 'Drop'; readonly reason: DropReason; readonly from: Endpoint | undefined; readonly peer?: Address }
  /** A peer's identity is known now (WHOIS, HELLO, cache): what waited for it may go on. */
  | { readonly _tag: 'Learned'; readonly identity: Identity }
  /** The peer's entry changed in a way `peers$` shows; `peers` of the state has the snapshot. */
  | { readonly _tag: 'Peer'; readonly address: Address; readonly change: PeerChange; readonly path?: PeerPath }
  /** Why no path leads straight to a peer, each time that changes; without a reason, one does again. */
  | { readonly _tag: 'Indirect'; readonly address: Address; readonly reason: IndirectReason | undefined }
  | { readonly _tag: 'Online'; readonly online: boolean }
  /** A root says that another key owns our address: the node must end (§17). */
  | { readonly _tag: 'Collision' }
  /** To be stored: `planet` or a moon was adopted or replaced; `world` undefined means a moon was dropped. */
  | { readonly _tag: 'World'; readonly id: bigint; readonly world: World | undefined }
  /** Please run the memory-hard check off the loop and answer with `Validated`. */
  | { readonly _tag: 'Validate'; readonly identity: Identity }
  /** A peer left memory: the record for `peers.d` (§18). */
  | { readonly _tag: 'Forget'; readonly address: Address; readonly record: Uint8Array }
  | { readonly _tag: 'Trace'; readonly trace: PacketRecord }

export type PeerChange =
  | 'added'
  | 'direct'
  | 'relay'
  | 'unreachable'
  | 'path-added'
  | 'path-removed'
  | 'version'
  | 'removed'

/** Why a peer is not reached directly, the first of these that is true. */
export type IndirectReason =
  /** Nobody has told us yet who it is. */
  | 'identity-unknown'
  /** No local socket is open. */
  | 'no-socket'
  /** Nothing but the TCP relay gets through. */
  | 'tcp-relay'
  /** It offers endpoints too often, so that they are not tried. */
  | 'rate-limited'
  /** Endpoints are being tried. */
  | 'trying'
  /** Endpoints were tried, and do not answer. */
  | 'silent'
  /** Local rules forbid the endpoints it has. */
  | 'forbidden'
  /** The endpoints it has are no physical paths, or none of those a root is listed with. */
  | 'unusable'
  /** No root is reached that could introduce us. */
  | 'no-root'
  /** No endpoint is known: we wait to be introduced. */
  | 'not-introduced'

export interface PeerPath {
  readonly endpoint: Endpoint
  readonly socket: number
  readonly lastReceive: Millis
  readonly lastSend: Millis
  /** Milliseconds, `undefined` while unknown. */
  readonly latency: number | undefined
  readonly preferred: boolean
  readonly expired: boolean
  /** By way of a TCP relay. */
  readonly tunneled?: boolean
  /** What is sent by it is not sealed but carries this. */
  readonly trustedPathId?: bigint
  /** In a bond: whether it carries traffic, could, or has fallen silent. */
  readonly bond?: 'active' | 'standby' | 'silent'
}

export interface PeerSnapshot {
  readonly address: Address
  readonly identity: Identity
  readonly role: 'leaf' | 'moon' | 'planet'
  /** Protocol version 0 and software 0.0.0 while unknown. */
  readonly version: {
    readonly protocol: number
    readonly major: number
    readonly minor: number
    readonly revision: number
  }
  readonly latency: number | undefined
  readonly link: 'direct' | 'relay' | 'unreachable'
  readonly paths: readonly PeerPath[]
}

/** One packet seen or sent, for taps. `bytes` is a copy of the datagram as on the wire. */
export interface PacketRecord {
  readonly direction: 'in' | 'out'
  readonly endpoint: Endpoint
  readonly source: Address
  readonly destination: Address
  readonly verb: number | undefined
  readonly packetId: bigint
  readonly cipher: number
  readonly bytes: Uint8Array
  readonly outcome: 'accepted' | 'relayed' | DropReason
}

/** Why a datagram or packet was dropped. Each has a counter; the list is documented in `docs/limits.md`. */
export type DropReason =
  | 'runt'
  | 'malformed'
  | 'own-source'
  | 'bad-mac'
  | 'bad-cipher'
  | 'bad-compression'
  | 'bad-identity'
  | 'bad-fragment'
  | 'oversized'
  | 'collision'
  | 'unexpected-reply'
  | 'untrusted'
  | 'rate-limited'
  | 'hop-limit'
  | 'not-relaying'
  | 'unreachable'
  | 'queue-full'
  | 'expired'
  | 'unknown-peer'
  | 'old-protocol'
  | 'unknown-verb'
  | 'trusted-path'

/** What VL2 may ask VL1 in the middle of a step: plain look-ups, no effects. */
export interface Vl1View {
  readonly self: Identity
  readonly identityOf: (address: Address) => Identity | undefined
  /** Root of the planet or of an orbited moon: this node too, if it is one. */
  readonly isUpstream: (address: Address) => boolean
  readonly upstreams: () => readonly Address[]
  readonly bestUpstream: () => Address | undefined
  /** Latency of a live direct path in ms, `undefined` without one. */
  readonly directLatency: (address: Address) => number | undefined
}
