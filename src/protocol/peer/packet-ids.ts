import type { Random } from '../kernel/rng.ts'

/**
 * Packet IDs: 64 random bits each, drawn a block at a time because the platform's generator costs per call. They key the
 * stream of suites 0 and 1, so none may be given twice.
 */
export interface PacketIds {
  readonly random: Random
  block: Uint8Array
  at: number
}

export const packetIds = (random: Random): PacketIds => ({ random, block: new Uint8Array(0), at: 0 })

/** The next 8 bytes, as a view that is valid for good. */
export const nextId = (ids: PacketIds): Uint8Array => {
  if (ids.at >= ids.block.length) {
    ids.block = ids.random(BLOCK)
    ids.at = 0
  }
  ids.at += 8
  return ids.block.subarray(ids.at - 8, ids.at)
}

const BLOCK = 2_048
