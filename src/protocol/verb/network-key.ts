import { readU32, writeU32 } from '../kernel/codec.ts'
import type { NetworkId } from '../kernel/id.ts'

/** A network ID in two halves, because BigInt has no place on the packet path. */
export interface NetworkKey {
  readonly high: number
  readonly low: number
}
export const networkKey = (network: NetworkId): NetworkKey => ({
  high: Number(network >> 32n),
  low: Number(network & 0xffff_ffffn),
})

/** Whether the eight bytes at `at` are this network's ID. */
export const isNetworkAt = (bytes: Uint8Array, at: number, key: NetworkKey): boolean =>
  readU32(bytes, at + 4) === key.low && readU32(bytes, at) === key.high

export const writeNetwork = (bytes: Uint8Array, at: number, key: NetworkKey): void => {
  writeU32(bytes, at, key.high)
  writeU32(bytes, at + 4, key.low)
}
