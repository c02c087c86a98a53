import type { Identity } from '../crypto/identity.ts'
import type { Endpoint } from '../datagram.ts'

/** A root server: who it is and where it always is. */
export interface Root {
  readonly identity: Identity
  readonly endpoints: readonly Endpoint[]
}

/** A planet or moon: a signed list of roots (`docs/protocol/vl1.md`, worlds). */
export interface World {
  readonly type: 'planet' | 'moon'
  readonly id: bigint
  /** Revision, in ms since the epoch. */
  readonly timestamp: bigint
  /** The 64-byte public key that must sign the next revision. */
  readonly updateKey: Uint8Array
  readonly signature: Uint8Array
  readonly roots: readonly Root[]
}
