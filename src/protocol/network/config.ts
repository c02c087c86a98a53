import type { Address, NetworkId } from '../kernel/id.ts'
import type { IpAddress } from '../kernel/ip.ts'
import type { OpenIdStart } from './authentication.ts'

/** An IP with the length of its network: `10.0.0.1/24`. */
export interface IpPrefix {
  readonly address: IpAddress
  readonly bits: number
}
export interface ManagedRoute {
  readonly target: IpPrefix
  /** `undefined`: on-link. */
  readonly via: IpAddress | undefined
  readonly flags: number
  readonly metric: number
}
export interface Specialist {
  readonly address: Address
  readonly activeBridge: boolean
  readonly anchor: boolean
  readonly multicastReplicator: boolean
}

/** What a controller tells a member (`docs/protocol/vl2.md`, config dictionary). Certificates stay as bytes. */
export interface NetworkConfig {
  readonly networkId: NetworkId
  readonly timestamp: bigint
  readonly credentialTimeMaxDelta: bigint
  readonly revision: bigint
  readonly issuedTo: Address
  readonly remoteTraceTarget: Address
  readonly remoteTraceLevel: bigint
  /** Bits: 2 broadcast, 4 NDP emulation, 8 unknown match matches, 0x10 do not compress multicast frames. */
  readonly flags: bigint
  readonly multicastLimit: number
  readonly type: 'private' | 'public'
  readonly name: string
  readonly mtu: number
  /** Serialized certificate of membership; `undefined` without one. */
  readonly com: Uint8Array | undefined
  readonly capabilities: readonly Uint8Array[]
  readonly tags: readonly Uint8Array[]
  readonly ownership: readonly Uint8Array[]
  readonly specialists: readonly Specialist[]
  readonly routes: readonly ManagedRoute[]
  readonly staticIps: readonly IpPrefix[]
  /** Serialized rules, parsed by the rules engine. */
  readonly rules: Uint8Array
  readonly dns: { readonly domain: string; readonly servers: readonly IpAddress[] } | undefined
  readonly sso: OpenIdStart & {
    readonly enabled: boolean
    readonly version: number
    readonly authenticationUrl: string
    readonly authenticationExpiry: bigint
  }
}
