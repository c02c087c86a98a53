import { HEADER } from '../vl1-io.ts'

/**
 * A packet around `payload` with `room` bytes between the VL1 header and it. When the bytes in front of an outgoing
 * payload are its own (`FRAME_HEADROOM`), nothing is copied; the payload then belongs to the packet.
 */
export const packetInPlace = (payload: Uint8Array, room: number): Uint8Array => {
  const front = HEADER + room
  if (payload.byteOffset < front) return packetCopy(payload, room)
  const packet = new Uint8Array(payload.buffer, payload.byteOffset - front, front + payload.length)
  packet.fill(0, 0, HEADER)
  return packet
}

/** The same with a copy, for a payload that is sent more than once: VL1 encrypts a packet where it lies. */
export const packetCopy = (payload: Uint8Array, room: number): Uint8Array => {
  const front = HEADER + room
  const packet = new Uint8Array(front + payload.length)
  packet.set(payload, front)
  return packet
}
