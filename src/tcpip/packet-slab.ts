import { FRAME_HEADROOM } from '../protocol/kernel/frame.ts'

/**
 * Memory for outgoing packets. Neighbouring packets are cut from one larger buffer, each part used once: less than half
 * the cost of a buffer for each, and the garbage collector sees one object instead of twenty. A packet that is kept
 * keeps its slab; packets are short-lived, so slabs are.
 */
export interface PacketSlab {
  /** `length` zeroed bytes with room for `header` and the headroom of a frame in front. */
  readonly cut: (header: number, length: number) => Uint8Array
}

export const packetSlab = (): PacketSlab => {
  let slab = new ArrayBuffer(0)
  let at = 0
  return {
    cut: (header, length) => {
      const front = FRAME_HEADROOM + header
      if (front + length > LARGE) return new Uint8Array(new ArrayBuffer(front + length), front, length)
      if (at + front + length > slab.byteLength) {
        slab = new ArrayBuffer(SLAB)
        at = 0
      }
      const area = new Uint8Array(slab, at + front, length)
      at += (front + length + 7) & ~7
      return area
    },
  }
}

const SLAB = 65_536
const LARGE = 16_384
