import type { Address } from '../kernel/id.ts'

/** A node: its 40-bit address and the two public keys the address was derived from (`docs/protocol/vl1.md`). */
export interface Identity {
  readonly address: Address
  /** X25519 (32 bytes), then Ed25519 (32 bytes). */
  readonly publicKey: Uint8Array
  /** X25519 scalar (32 bytes, unclamped), then Ed25519 seed (32 bytes); absent in others' identities. */
  readonly secretKey?: Uint8Array
}
export type SecretIdentity = Identity & { readonly secretKey: Uint8Array }
