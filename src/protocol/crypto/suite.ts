/**
 * The Crypto port: everything cryptographic the protocol needs, synchronous, behind one interface with three providers
 * that must agree on every vector (noble: portable and the oracle; plain TypeScript; fast: WASM SIMD and node:crypto).
 *
 * Lengths are in bytes. Providers never throw because of data: a hostile key gives `undefined` or `false`.
 */
export interface Crypto {
  readonly name: 'noble' | 'plain' | 'fast'
  readonly sha512: (data: Uint8Array) => Uint8Array
  readonly sha384: (data: Uint8Array) => Uint8Array
  readonly hmacSha384: (key: Uint8Array, data: Uint8Array) => Uint8Array
  /** XORs `data` in place with the Salsa20 keystream (32-byte key, 8-byte nonce) that begins at 64-byte block `counter`. */
  readonly salsa20: (key: Uint8Array, nonce: Uint8Array, rounds: 12 | 20, data: Uint8Array, counter?: number) => void
  /** The full 16-byte tag under a 32-byte one-time key. */
  readonly poly1305: (key: Uint8Array, data: Uint8Array) => Uint8Array
  readonly x25519PublicKey: (secret: Uint8Array) => Uint8Array
  /** The 32-byte raw shared secret; `undefined` for a point of low order (an all-zero result). */
  readonly x25519: (secret: Uint8Array, publicKey: Uint8Array) => Uint8Array | undefined
  readonly ed25519PublicKey: (seed: Uint8Array) => Uint8Array
  /** RFC 8032, 64 bytes. */
  readonly ed25519Sign: (seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array) => Uint8Array
  /** Strict: S + L is refused. */
  readonly ed25519Verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  /** The 64-byte memory-hard digest of a 64-byte public key (`docs/protocol/vl1.md`, address derivation). About 18 ms. */
  readonly identityHash: (publicKey: Uint8Array) => Uint8Array
  /** Everything derived once from the 48-byte key two identities agree on. */
  readonly session: (key: Uint8Array) => Session
}

/** The suites a packet can be sealed with; suite 2 (trusted path) needs no keys. */
export type CipherSuite = 0 | 1 | 3

/**
 * The armor between two nodes. Both calls take whole packets (28-byte header, verb byte at 27, hops zero when sealing)
 * and work in place, a batch at a time because AES calls cost per call and not per byte.
 */
export interface Session {
  /**
   * Sets the suite bits of byte 18 (keeping the fragmented flag), encrypts from byte 27 and writes the MAC.
   * Under suite 3 the packet ID is replaced by its wire value.
   */
  readonly seal: (suite: CipherSuite, packets: readonly Uint8Array[]) => void
  /**
   * Checks the MAC in constant time and decrypts; each packet under the suite its byte 18 names (0, 1 or 3).
   * Answers for each packet whether it is genuine; one that is not may be left scrambled.
   */
  readonly open: (packets: readonly Uint8Array[]) => readonly boolean[]
}
