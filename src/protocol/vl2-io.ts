import type { Identity } from './crypto/identity.ts'
import type { Via } from './datagram.ts'
import type { Frame, MulticastGroup } from './kernel/frame.ts'
import type { Address, NetworkId } from './kernel/id.ts'
import type { Authentication } from './network/authentication.ts'
import type { NetworkConfig } from './network/config.ts'
import type { Message, OutPacket } from './vl1-io.ts'

export type NetworkStatus = 'requesting' | 'ok' | 'denied' | 'not-found' | 'port-error' | 'too-old' | 'auth-required'

export type Vl2Input =
  | { readonly _tag: 'Messages'; readonly messages: readonly Message[] }
  /** Frames that the host stack of a network sends. */
  | { readonly _tag: 'Frames'; readonly network: NetworkId; readonly frames: readonly Frame[] }
  /** Frames of devices behind this node, for which it is a bridge. */
  | { readonly _tag: 'Bridged'; readonly network: NetworkId; readonly frames: readonly Frame[] }
  /** Whether anybody carries frames to and from such devices; at first nobody does. */
  | { readonly _tag: 'Bridging'; readonly network: NetworkId; readonly on: boolean }
  /**
   * `cached` is the stored dictionary of an earlier run: in force until the controller answers. `auth` is told to the
   * controller with each request (`token:SECRET`).
   */
  | { readonly _tag: 'Join'; readonly network: NetworkId; readonly cached?: Uint8Array; readonly auth?: string }
  | { readonly _tag: 'Leave'; readonly network: NetworkId }
  /** The groups the host stack subscribes to; broadcast is added by VL2 where the network has it. */
  | { readonly _tag: 'Groups'; readonly network: NetworkId; readonly groups: readonly MulticastGroup[] }
  /** VL1 knows this identity now: what waited for it may go on. */
  | { readonly _tag: 'Learned'; readonly identity: Identity }
  /** VL1 has reached a root: what could not be sent before may be worth another try at once. */
  | { readonly _tag: 'Online' }
  /** A controller runs in the same node from now on: networks of ours are not unknown any more, they are asked for. */
  | { readonly _tag: 'Hosting' }
  /** Configuration from the controller in the same node, or its refusal (`error` is the ERROR code). */
  | { readonly _tag: 'Configured'; readonly network: NetworkId; readonly dictionary: Uint8Array }
  | { readonly _tag: 'Refused'; readonly network: NetworkId; readonly error: number }

export type Vl2Output =
  | { readonly _tag: 'Send'; readonly packets: readonly OutPacket[] }
  /** Frames for the host stack of a network. */
  | { readonly _tag: 'Frames'; readonly network: NetworkId; readonly frames: readonly Frame[] }
  /** Frames for devices behind this node; those to groups are among the host stack's as well. */
  | { readonly _tag: 'Bridged'; readonly network: NetworkId; readonly frames: readonly Frame[] }
  | {
      readonly _tag: 'Network'
      readonly network: NetworkId
      readonly status: NetworkStatus
      /** The configuration in force; an error does not take it away. */
      readonly config: NetworkConfig | undefined
      /** With status `auth-required`: how to log in, if the controller said so. */
      readonly authentication?: Authentication
    }
  /** To be stored as `networks.d/<id>.conf`; `undefined`: the network was left. */
  | { readonly _tag: 'Store'; readonly network: NetworkId; readonly dictionary: Uint8Array | undefined }
  /** These peers proved that they share a network with us. */
  | { readonly _tag: 'Trust'; readonly peers: readonly Address[] }
  | { readonly _tag: 'Whois'; readonly address: Address }
  | {
      readonly _tag: 'Drop'
      readonly reason: FrameDropReason
      readonly network: NetworkId | undefined
      readonly peer?: Address
    }
  /** A request for a network of the controller in this node, ours or another member's. */
  | { readonly _tag: 'ConfigRequest'; readonly request: ConfigRequest }
  /** REMOTE_TRACE for the controller in this node: dictionaries (§17), undecoded. */
  | { readonly _tag: 'Traced'; readonly peer: Address; readonly traces: readonly Uint8Array[] }

/** A NETWORK_CONFIG_REQUEST on its way to the controller role. */
export interface ConfigRequest {
  readonly network: NetworkId
  readonly member: Identity
  /** The metadata dictionary, undecoded. */
  readonly metadata: Uint8Array
  /** Wire ID of the request, which the reply names; `undefined` for the node's own request. */
  readonly packetId: bigint | undefined
  readonly via: Via | undefined
}

export type FrameDropReason =
  | 'malformed'
  | 'not-joined'
  | 'no-config'
  | 'not-a-member'
  | 'rule'
  | 'not-a-bridge'
  | 'multicast-disabled'
  | 'broadcast-disabled'
  | 'bad-source'
  | 'bad-chunk'
  | 'outdated'
  | 'bad-credential'
  | 'unexpected-sender'
  | 'rate-limited'
  | 'queue-full'
  | 'expired'
  | 'oversized'
