import { branded, readU16, rest, struct, type TypeOf, u16, u64, writeU16 } from '../kernel/codec.ts'
import type { NetworkId } from '../kernel/id.ts'
import { HEADER } from '../vl1-io.ts'
import { packetCopy, packetInPlace } from './headroom.ts'
import { type NetworkKey, writeNetwork } from './network-key.ts'

/**
 * FRAME (0x06): an Ethernet frame between two members whose MACs follow from their addresses.
 *
 *     nwid[8]   ethertype[2]   payload[..]
 *
 * Source MAC is the sender's, destination MAC the receiver's. Refused with ERROR 06 where membership is not proven.
 * The functions below are the packet path; they expect at least `FRAME_FIELDS` bytes.
 */
export const frame = struct({
  network: branded<bigint, NetworkId>(u64),
  etherType: u16,
  payload: rest,
})
export type FrameVerb = TypeOf<typeof frame>

export const frameEtherType = (payload: Uint8Array): number => readU16(payload, 8)
export const frameData = (payload: Uint8Array): Uint8Array => payload.subarray(FRAME_FIELDS)

/**
 * The packet for `data`, header blank, written into the headroom of `data` where it has one. `keep` asks for a copy,
 * because the frame is sent to others as well.
 */
export const framePacket = (key: NetworkKey, etherType: number, data: Uint8Array, keep = false): Uint8Array => {
  const packet = keep ? packetCopy(data, FRAME_FIELDS) : packetInPlace(data, FRAME_FIELDS)
  writeNetwork(packet, HEADER, key)
  writeU16(packet, HEADER + 8, etherType)
  return packet
}

/** Bytes before the payload of a FRAME. */
export const FRAME_FIELDS = 10
