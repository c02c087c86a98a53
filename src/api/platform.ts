import type { Identity, SecretIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import type { Clock } from '../streams/io/clock.ts'
import type { Link } from '../streams/link.ts'
import type { RelayLink } from '../streams/relay-link.ts'
import type { StateStore } from '../streams/store.ts'

/** What a node takes where its options are silent: the hands that the host (Node, a browser) has. */
export interface Platform {
  /** `<os>/<arch>`, which controllers are told; they learn nothing where it is absent. */
  readonly name?: string
  readonly crypto: () => Crypto
  readonly clock: () => Clock
  readonly random: () => Random
  /** Throws where the host has none. */
  readonly link: () => Link
  /** Absent where the host has no TCP. */
  readonly tcpRelay?: (endpoint: Endpoint) => RelayLink
  readonly store: (path: string) => StateStore
  /** For one user; `close` when it is done with it. */
  readonly identities: () => IdentityWorks
}

/** The memory-hard work around identities, off the loop where the host can do that. */
export interface IdentityWorks {
  readonly generate: (signal?: AbortSignal) => Promise<SecretIdentity>
  /** At once where the answer is known already. */
  readonly validate: (identity: Identity) => boolean | Promise<boolean>
  /** Here and now, where one hash costs less than to start a thread for it: for the one identity a node starts with. */
  readonly prove?: (identity: Identity) => boolean
  readonly close: () => Promise<void>
}
