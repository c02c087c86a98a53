import { type SalsaState, salsaBlock, salsaState, seek } from './salsa20.ts'

/**
 * The memory-hard digest that addresses are derived from (`docs/protocol/vl1.md`, address derivation), in plain
 * TypeScript: 2 MB filled with a chained Salsa20/20 stream, then 131 072 swaps between memory and digest that each
 * depend on the one before, the digest stirred with the next block of the same stream after each.
 *
 * Words are eight bytes moved raw; only as an index are they read, big-endian, of which the low bits are the last bytes.
 */
export const identityHash = (sha512: (data: Uint8Array) => Uint8Array, publicKey: Uint8Array): Uint8Array => {
  const digest = sha512(publicKey).slice()
  const stream = salsaState(digest.subarray(0, 32), digest.subarray(32, 40))
  const memory = filled(stream)
  stir(digest, memory, stream)
  return digest
}

/** The 2 MB after the first phase; leaves the stream at block 32 768. */
export const filled = (stream: SalsaState): Uint8Array => {
  const memory = new Uint32Array(BLOCKS * 16)
  const keystream = new Uint32Array(16)
  for (let block = 0; block < BLOCKS; block++) {
    seek(stream, block)
    salsaBlock(stream, 20, keystream)
    const at = block * 16
    if (block === 0) memory.set(keystream)
    else for (let i = 0; i < 16; i++) memory[at + i] = memory[at - 16 + i]! ^ keystream[i]!
  }
  if (!LITTLE_ENDIAN) swapBytes(memory)
  return new Uint8Array(memory.buffer)
}

/** The second phase: mixes `digest` (64 bytes) and `memory` in place. */
export const stir = (digest: Uint8Array, memory: Uint8Array, stream: SalsaState): void => {
  const keystream = new Uint32Array(16)
  const m = new Uint32Array(memory.buffer)
  const d = new Uint32Array(16)
  const bytes = new Uint8Array(d.buffer)
  bytes.set(digest)
  for (let at = 0, block = BLOCKS; at < memory.length; at += 16, block++) {
    const mine = (memory[at + 7]! & 7) * 2
    const theirs = (((memory[at + 13]! << 16) | (memory[at + 14]! << 8) | memory[at + 15]!) & (WORDS - 1)) * 2
    const low = m[theirs]!
    const high = m[theirs + 1]!
    m[theirs] = d[mine]!
    m[theirs + 1] = d[mine + 1]!
    d[mine] = low
    d[mine + 1] = high
    seek(stream, block)
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
const BLOCKS = 32_768
const WORDS = BLOCKS * 8
