/**
 * Where things lie in the module's memory, in bytes. All of it exists from the start: growing would detach the views
 * that JavaScript holds.
 */
export const layout = {
  /** Session key of suites 0 and 1, or any Salsa20 key (32). */
  key: 0,
  /** Salsa20 state: sixteen words (64). */
  state: 64,
  /** Poly1305 tag (16). */
  tag: 128,
  /** Digest of the identity hash (64). */
  digest: 192,
  /** Four blocks of keystream (256); the first 32 bytes are the Poly1305 key. */
  keystream: 256,
  /** GHASH key (16). */
  ghashKey: 512,
  /** A packet's place and length, two words, for each packet of a batch. */
  packetTable: 1024,
  /** Blocks that go through AES, one for each packet of a batch. */
  blocks: 2048,
  /** IV and folded GMAC of each packet of a batch (16 each). */
  inner: 3072,
  /** Whether each packet of a batch is genuine, a word each. */
  verdicts: 4096,
  /** AES round keys of a session: of K0, of K1, and of K1 for decryption, 15 blocks in 256 bytes each. */
  hashKeys: 4608,
  cipherKeys: 4864,
  decipherKeys: 5120,
  /** Counter blocks, then keystream, of a whole batch. */
  counters: 8192,
  /** The packets of a batch, each where its byte 27 is aligned to 16. */
  packets: 8192 + 0x48000,
  /** The GHASH table of one key: 32 nibble places times 16 values times 16 bytes. */
  table: 0xe0000,
  /** The 2 MB of the identity hash. */
  memory: 0x100000,
} as const

/** Most packets of a batch. */
export const BATCH = 64
/** Bytes for the packets of a batch. */
export const PACKET_ROOM = 0x40000
export const PAGES = 0x300000 / 0x10000
