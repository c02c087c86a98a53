import { type SalsaState, salsaBlock, salsaState, seek } from './salsa20.ts'

/**
 * The memory-hard digest that addresses are derived from (`docs/protocol/vl1.md`, address derivation), in plain
 * TypeScript: 2 MB filled with a chained Salsa20/20 stream, then 131 072 swaps between memory and digest that each
 * depend on the one before, the digest stirred with the next block of the same stream after each.
 *
 * Words are eight bytes moved raw; only as an index are they read, big-endian, of which the low bits are the last bytes.
 */
export const identityHash = (sha512: (data: Uint8Array) => Uint8Array, publicKey: Uint8Array): Uint8Array => {
  const slices = identityHashSlices(sha512, publicKey, Infinity)
  for (;;) {
    const { done, value } = slices.next()
    if (done) return value
  }
}

/** The same, resting after every `blocks` blocks of keystream (163 840 in all, about 0.15 µs each), for a busy thread. */
export function* identityHashSlices(
  sha512: (data: Uint8Array) => Uint8Array,
  publicKey: Uint8Array,
  blocks: number,
): Generator<undefined, Uint8Array> {
  const digest = sha512(publicKey).slice()
  const stream = salsaState(digest.subarray(0, 32), digest.subarray(32, 40))
  const memory = new Uint8Array(FILLED * 64)
  for (let from = 0; from < FILLED; from += blocks) {
    fill(memory, stream, from, Math.min(FILLED, from + blocks))
    yield
  }
  for (let from = 0; from < STIRRED; from += blocks) {
    stir(digest, memory, stream, from, Math.min(STIRRED, from + blocks))
    yield
  }
  return digest
}

/** The first phase: blocks `from` to `to` of `memory`. */
export const fill = (memory: Uint8Array, stream: SalsaState, from = 0, to = FILLED): void => {
  const m = new Uint32Array(memory.buffer)
  const keystream = new Uint32Array(16)
  for (let block = from; block < to; block++) {
    seek(stream, block)
    salsaBlock(stream, 20, keystream)
    if (!LITTLE_ENDIAN) swapBytes(keystream)
    const at = block * 16
    if (block === 0) m.set(keystream)
    else for (let i = 0; i < 16; i++) m[at + i] = m[at - 16 + i]! ^ keystream[i]!
  }
}

/** The second phase: turns `from` to `to`, which change `digest` (64 bytes) and `memory`. */
export const stir = (digest: Uint8Array, memory: Uint8Array, stream: SalsaState, from = 0, to = STIRRED): void => {
  const keystream = new Uint32Array(16)
  const m = new Uint32Array(memory.buffer)
  const d = new Uint32Array(16)
  const bytes = new Uint8Array(d.buffer)
  bytes.set(digest)
  for (let turn = from; turn < to; turn++) {
    const at = turn * 16
    const mine = (memory[at + 7]! & 7) * 2
    const theirs = (((memory[at + 13]! << 16) | (memory[at + 14]! << 8) | memory[at + 15]!) & (WORDS - 1)) * 2
    const low = m[theirs]!
    const high = m[theirs + 1]!
    m[theirs] = d[mine]!
    m[theirs + 1] = d[mine + 1]!
    d[mine] = low
    d[mine + 1] = high
    seek(stream, FILLED + turn)
    salsaBlock(stream, 20, keystream)
    if (!LITTLE_ENDIAN) swapBytes(keystream)
    for (let i = 0; i < 16; i++) d[i]! ^= keystream[i]!
  }
  digest.set(bytes)
}

const swapBytes = (words: Uint32Array): void => {
  const bytes = new Uint8Array(words.buffer)
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse()
}
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
/** Blocks of 64 bytes that fill the memory, words of 8 bytes in it, and turns of the second phase. */
const FILLED = 32_768
const WORDS = FILLED * 8
const STIRRED = 131_072
