import { readU64 } from '../kernel/codec.ts'
import { MAX_DICTIONARY, type SignedPart } from './chunk.ts'

/**
 * Puts the chunks of a configuration together, in whatever order and from whomever they come
 * (`docs/protocol/vl2.md` §7.2). One per network; a mutable accumulator with a few slots, so that a new configuration
 * may begin to arrive before the last one is complete.
 *
 * Callers ask `hasChunk` first, then check the signature, then `addChunk`: only what the controller signed takes memory.
 */
export interface ChunkAssembly {
  readonly slots: Slot[]
}
interface Slot {
  readonly updateId: bigint
  readonly chunks: Set<bigint>
  /** `undefined` once complete: the slot then only remembers what it has seen. */
  dictionary: Uint8Array | undefined
  bytes: number
}

export const chunkAssembly = (): ChunkAssembly => ({ slots: [] })

/** Whether this very chunk was added before. */
export const hasChunk = ({ slots }: ChunkAssembly, signed: SignedPart): boolean =>
  slots.some((slot) => slot.updateId === signed.updateId && slot.chunks.has(chunkId(signed)))

export type Added =
  | { readonly _tag: 'Waiting' }
  | { readonly _tag: 'Complete'; readonly dictionary: Uint8Array }
  /** More chunks than a configuration can have, or a length that contradicts the chunks before. */
  | { readonly _tag: 'Refused' }

export const addChunk = ({ slots }: ChunkAssembly, signed: SignedPart, data: Uint8Array): Added => {
  const { updateId, total, offset } = signed
  let at = slots.findIndex((slot) => slot.updateId === updateId)
  if (at < 0) {
    if (total >= MAX_DICTIONARY) return refused
    if (slots.length === SLOTS) slots.shift()
    at = slots.push({ updateId, chunks: new Set(), dictionary: new Uint8Array(total), bytes: 0 }) - 1
  }
  const slot = slots[at]!
  // the slot in use moves to the end, so that the one at the front is the least recently used
  slots.push(...slots.splice(at, 1))
  if (slot.dictionary === undefined || slot.dictionary.length !== total || slot.chunks.size >= MAX_CHUNKS)
    return refused
  if (offset + data.length > total) return refused
  slot.chunks.add(chunkId(signed))
  slot.dictionary.set(data, offset)
  slot.bytes += data.length
  if (slot.bytes !== total) return waiting
  const { dictionary } = slot
  slot.dictionary = undefined
  return { _tag: 'Complete', dictionary }
}

/** Chunks are told apart by their signatures. */
const chunkId = ({ signature }: SignedPart): bigint => readU64(signature, 0) ^ readU64(signature, 8)

const waiting: Added = { _tag: 'Waiting' }
const refused: Added = { _tag: 'Refused' }
const SLOTS = 3
const MAX_CHUNKS = 474
