import type { Address, NetworkId } from '../kernel/id.ts'
import type { IpAddress } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import type { OutPacket } from '../vl1-io.ts'
import type { ConfigRequest } from '../vl2-io.ts'
import type { ControllerError } from './controller-error.ts'
import type { MemberRecord, NetworkRecord, PoolRecord } from './controller-record.ts'
import type { JsonObject } from './loose-json.ts'

/** What may be said about a network; fields not given stay as they are, fields given are replaced entirely. */
export interface NetworkChange {
  readonly name?: string
  readonly private?: boolean
  readonly enableBroadcast?: boolean
  readonly multicastLimit?: number
  readonly mtu?: number
  readonly routes?: readonly { readonly target: string; readonly via?: IpAddress | null }[]
  readonly ipAssignmentPools?: readonly PoolRecord[]
  readonly v4AssignMode?: { readonly zt: boolean }
  readonly v6AssignMode?: { readonly zt?: boolean; readonly rfc4193?: boolean; readonly '6plane'?: boolean }
  readonly rules?: readonly JsonObject[]
  readonly capabilities?: readonly {
    readonly id: number
    readonly default?: boolean
    readonly rules: readonly JsonObject[]
  }[]
  readonly tags?: readonly { readonly id: number; readonly default?: number | null }[]
  readonly authTokens?: { readonly [token: string]: Millis }
  readonly dns?: { readonly domain: string; readonly servers: readonly IpAddress[] }
  readonly certificateTimeoutWindowSize?: Millis
  readonly remoteTraceTarget?: string | null
  readonly remoteTraceLevel?: number
}
export interface MemberChange {
  readonly name?: string
  readonly ipAssignments?: readonly IpAddress[]
  readonly noAutoAssignIps?: boolean
  readonly activeBridge?: boolean
  readonly tags?: readonly (readonly [id: number, value: number])[]
  readonly capabilities?: readonly number[]
  readonly remoteTraceTarget?: string | null
  readonly remoteTraceLevel?: number
}

export type ControllerInput =
  | { readonly _tag: 'Request'; readonly request: ConfigRequest }
  /** `number` is the lower 24 bits of the network ID; a free one is drawn where it is not given. */
  | { readonly _tag: 'CreateNetwork'; readonly number?: number; readonly change: NetworkChange }
  | { readonly _tag: 'UpdateNetwork'; readonly network: NetworkId; readonly change: NetworkChange }
  | { readonly _tag: 'DeleteNetwork'; readonly network: NetworkId }
  /** Also for members that have never asked. */
  | {
      readonly _tag: 'Authorize'
      readonly network: NetworkId
      readonly member: Address
      readonly ips?: readonly IpAddress[]
      readonly name?: string
    }
  | { readonly _tag: 'Deauthorize'; readonly network: NetworkId; readonly member: Address }
  | {
      readonly _tag: 'UpdateMember'
      readonly network: NetworkId
      readonly member: Address
      readonly change: MemberChange
    }
  | { readonly _tag: 'DeleteMember'; readonly network: NetworkId; readonly member: Address }
  /**
   * Changes as the HTTP API takes them (`docs/protocol/vl2.md` §15.2): what cannot be read is left out. What does not
   * exist is created; a network without an ID gets a free one.
   */
  | { readonly _tag: 'PostNetwork'; readonly network?: NetworkId; readonly body: JsonObject }
  | { readonly _tag: 'PostMember'; readonly network: NetworkId; readonly member: Address; readonly body: JsonObject }
  /** Traces that a node sent here. */
  | { readonly _tag: 'Traces'; readonly peer: Address; readonly traces: readonly Uint8Array[] }
  /** A network and its members as stored by this or a native controller; those of others are held, never served. */
  | { readonly _tag: 'Restore'; readonly network: JsonObject; readonly members: readonly JsonObject[] }

export type ControllerOutput =
  | { readonly _tag: 'Send'; readonly packets: readonly OutPacket[] }
  /** For VL2 of this very node: its inputs of the same names. */
  | { readonly _tag: 'Configured'; readonly network: NetworkId; readonly dictionary: Uint8Array }
  | { readonly _tag: 'Refused'; readonly network: NetworkId; readonly error: number }
  /** NETWORK_CREDENTIALS for VL2 of this very node, as if it had come from itself. */
  | { readonly _tag: 'Credentials'; readonly network: NetworkId; readonly payload: Uint8Array }
  /** A node was not let in, and may be by `Authorize`; `error` is the ERROR code it was told. */
  | {
      readonly _tag: 'Denied'
      readonly network: NetworkId
      readonly member: Address
      readonly error: number
      readonly at: Millis
    }
  /** A configuration went out. */
  | {
      readonly _tag: 'Granted'
      readonly network: NetworkId
      readonly member: Address
      readonly ips: readonly IpAddress[]
    }
  /** A member told what it dropped or decided. */
  | {
      readonly _tag: 'Traced'
      readonly network: NetworkId
      readonly member: Address
      readonly at: Millis
      readonly fields: ReadonlyMap<string, Uint8Array>
    }
  | { readonly _tag: 'Created'; readonly network: NetworkId }
  /** To be stored; `undefined`: deleted. */
  | { readonly _tag: 'NetworkChanged'; readonly network: NetworkId; readonly record: NetworkRecord | undefined }
  | {
      readonly _tag: 'MemberChanged'
      readonly network: NetworkId
      readonly member: Address
      readonly record: MemberRecord | undefined
    }
  /** The command of this step was not carried out, and nothing has changed. */
  | { readonly _tag: 'Rejected'; readonly error: ControllerError }
  | {
      readonly _tag: 'Drop'
      readonly reason: ControllerDropReason
      readonly network: NetworkId
      readonly peer: Address
    }

/**
 * Why a request was not answered: it came within a second of the last one, is for another controller, the table of
 * members waiting for approval is full of such as somebody has touched, or its address is pinned to another identity (that one is told ERROR 07).
 * Of a trace: its sender is no member of the network that it speaks of, `not-ours`.
 */
export type ControllerDropReason = 'rate-limited' | 'not-ours' | 'table-full' | 'wrong-identity'
