import {
  branded,
  type Codec,
  readU16,
  rest,
  struct,
  type TypeOf,
  u8,
  u16,
  u48,
  u64,
  writeU16,
} from '../kernel/codec.ts'
import { badField, short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type Mac, mac, type NetworkId, readU48, writeU48 } from '../kernel/id.ts'
import { type Com, com, comLength } from '../network/credential/com.ts'
import { HEADER } from '../vl1-io.ts'
import { packetCopy, packetInPlace } from './headroom.ts'
import { type NetworkKey, writeNetwork } from './network-key.ts'

/**
 * EXT_FRAME (0x07): an Ethernet frame with both MACs, for bridges, copies and redirects.
 *
 *     nwid[8]   flags[1]   com[..] if flag 01   to mac[6]   from mac[6]   ethertype[2]   payload[..]
 *
 * Flag 01 is deprecated and only received; flag 10 asks for OK(EXT_FRAME). The bits 02, 04 and 08 say which rule made
 * the copy (`extFrameFlag`); no receiver acts on them. The functions are the packet path; `extFrame` is the codec.
 */
export interface ExtFrame {
  readonly network: NetworkId
  readonly flags: number
  readonly com: Com | undefined
  readonly to: Mac
  readonly from: Mac
  readonly etherType: number
  readonly payload: Uint8Array
}

export const extFrameFlags = (payload: Uint8Array): number => payload[8]!

/** Where the MACs begin, or -1 if the fields before the payload are cut short or the certificate is malformed. */
export const extFrameStart = (payload: Uint8Array): number => {
  if (payload.length < EXT_FRAME_FIELDS) return -1
  let at = 9
  if ((payload[8]! & extFrameFlag.com) !== 0) {
    const length = comLength(payload, at)
    if (length < 0) return -1
    at += length
  }
  return at + 14 <= payload.length ? at : -1
}
/** These take what `extFrameStart` gave. */
export const extFrameTo = (payload: Uint8Array, start: number): Mac => mac(readU48(payload, start))
export const extFrameFrom = (payload: Uint8Array, start: number): Mac => mac(readU48(payload, start + 6))
export const extFrameEtherType = (payload: Uint8Array, start: number): number => readU16(payload, start + 12)
export const extFrameData = (payload: Uint8Array, start: number): Uint8Array => payload.subarray(start + 14)

/** The packet for `data` without a certificate; headroom and `keep` as in `framePacket`. */
export const extFramePacket = (
  key: NetworkKey,
  flags: number,
  to: Mac,
  from: Mac,
  etherType: number,
  data: Uint8Array,
  keep = false,
): Uint8Array => {
  const packet = keep ? packetCopy(data, EXT_FRAME_FIELDS) : packetInPlace(data, EXT_FRAME_FIELDS)
  writeNetwork(packet, HEADER, key)
  packet[HEADER + 8] = flags
  writeU48(packet, HEADER + 9, to)
  writeU48(packet, HEADER + 15, from)
  writeU16(packet, HEADER + 21, etherType)
  return packet
}

export const extFrame: Codec<ExtFrame> = {
  read: (r) => {
    const payload = r.bytes.subarray(r.at, r.end)
    if (payload.length < EXT_FRAME_FIELDS) return E.left(short(r.at, EXT_FRAME_FIELDS - payload.length))
    const network = u64.read(r)
    if (network._tag === 'Left') return network
    r.at += 1
    const flags = extFrameFlags(payload)
    const certificate = (flags & extFrameFlag.com) === 0 ? undefined : com.read(r)
    if (certificate?._tag === 'Left') return certificate
    const start = extFrameStart(payload)
    if (start < 0) return E.left(badField('EXT_FRAME length', payload.length))
    r.at = r.end
    return E.right({
      network: network.right as NetworkId,
      flags,
      com: certificate?.right,
      to: extFrameTo(payload, start),
      from: extFrameFrom(payload, start),
      etherType: extFrameEtherType(payload, start),
      payload: extFrameData(payload, start),
    })
  },
  write: (w, value) => {
    u64.write(w, value.network)
    u8.write(w, value.com === undefined ? value.flags & ~extFrameFlag.com : value.flags | extFrameFlag.com)
    if (value.com !== undefined) com.write(w, value.com)
    u48.write(w, value.to)
    u48.write(w, value.from)
    u16.write(w, value.etherType)
    rest.write(w, value.payload)
  },
}

/** The body of OK(EXT_FRAME), after the packet ID. */
export const extFrameOk = struct({ network: branded<bigint, NetworkId>(u64) })
export type ExtFrameOk = TypeOf<typeof extFrameOk>

export const extFrameFlag = {
  com: 0x01,
  acknowledge: 0x10,
  teeOut: 0x02,
  redirectOut: 0x04,
  watchOut: 0x16,
  teeIn: 0x08,
  redirectIn: 0x0a,
  watchIn: 0x1c,
} as const
/** Bytes before the payload of an EXT_FRAME without a certificate. */
export const EXT_FRAME_FIELDS = 23
