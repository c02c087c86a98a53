import { type Codec, readU16, reserve, writeU16 } from '../protocol/kernel/codec.ts'
import { short } from '../protocol/kernel/error.ts'
import { E } from '../protocol/kernel/fp.ts'
import type { Frame } from '../protocol/kernel/frame.ts'
import { mac, readU48, writeU48 } from '../protocol/kernel/id.ts'

/**
 * Ethernet II, for taps, captures and anything else that speaks whole frames.
 *
 *     to[6]   from[6]   etherType[2]   payload[…]
 *
 * A VLAN tag is not unwrapped: such a frame has etherType 0x8100 and the tag in its payload.
 */
export const ethernet: Codec<Frame> = {
  read: (r) => {
    const missing = ETHERNET_HEADER - (r.end - r.at)
    if (missing > 0) return E.left(short(r.at, missing))
    const frame: Frame = {
      to: mac(readU48(r.bytes, r.at)),
      from: mac(readU48(r.bytes, r.at + 6)),
      etherType: readU16(r.bytes, r.at + 12),
      payload: r.bytes.subarray(r.at + ETHERNET_HEADER, r.end),
    }
    r.at = r.end
    return E.right(frame)
  },
  write: (w, frame) => {
    const at = reserve(w, ETHERNET_HEADER + frame.payload.length)
    writeU48(w.bytes, at, frame.to)
    writeU48(w.bytes, at + 6, frame.from)
    writeU16(w.bytes, at + 12, frame.etherType)
    w.bytes.set(frame.payload, at + ETHERNET_HEADER)
  },
}

export const ETHERNET_HEADER = 14
export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd
