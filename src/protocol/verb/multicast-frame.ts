import {
  branded,
  type Codec,
  readU16,
  readU32,
  rest,
  struct,
  u8,
  u16,
  u32,
  u48,
  u64,
  writeU16,
  writeU32,
} from '../kernel/codec.ts'
import { short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type Mac, mac, type NetworkId, readU48, writeU48 } from '../kernel/id.ts'
import { type Com, com } from '../network/credential/com.ts'
import { HEADER } from '../vl1-io.ts'
import { packetCopy } from './headroom.ts'
import { type GatherResults, gatherResults } from './multicast-gather.ts'
import { type NetworkKey, writeNetwork } from './network-key.ts'

/**
 * MULTICAST_FRAME (0x0e): one copy of a frame to a group.
 *
 *     nwid[8]   flags[1]   com[..] if 01   gather limit[4] if 02   from mac[6] if 04
 *     to mac[6]   adi[4]   ethertype[2]   payload[..]
 *
 * Flag 01 is deprecated and only received; 08 asks a replicator to pass it on. Without 04 the source is the sender's
 * own MAC. A gather limit above zero is answered with OK(MULTICAST_FRAME), if there is anything to say.
 */
export interface MulticastFrame {
  readonly network: NetworkId
  readonly com: Com | undefined
  /** `undefined`: not asked for; 0 is the same to a receiver. */
  readonly gatherLimit: number | undefined
  readonly from: Mac | undefined
  readonly replicate: boolean
  readonly to: Mac
  readonly adi: number
  readonly etherType: number
  readonly payload: Uint8Array
}

export const multicastFrame: Codec<MulticastFrame> = {
  read: (r) => {
    if (r.end - r.at < 9) return E.left(short(r.at, 9 - (r.end - r.at)))
    const b = r.bytes
    const begin = r.at
    const flags = b[r.at + 8]!
    r.at += 9
    const certificate = (flags & multicastFlag.com) === 0 ? undefined : com.read(r)
    if (certificate?._tag === 'Left') return certificate
    const needed = ((flags & multicastFlag.gather) === 0 ? 0 : 4) + ((flags & multicastFlag.from) === 0 ? 0 : 6) + 12
    if (r.end - r.at < needed) return E.left(short(r.at, needed - (r.end - r.at)))
    let gatherLimit: number | undefined
    let from: Mac | undefined
    if ((flags & multicastFlag.gather) !== 0) {
      gatherLimit = readU32(b, r.at)
      r.at += 4
    }
    if ((flags & multicastFlag.from) !== 0) {
      from = mac(readU48(b, r.at))
      r.at += 6
    }
    const at = r.at
    r.at = r.end
    return E.right({
      network: ((BigInt(readU32(b, begin)) << 32n) | BigInt(readU32(b, begin + 4))) as NetworkId,
      com: certificate?.right,
      gatherLimit,
      from,
      replicate: (flags & multicastFlag.replicate) !== 0,
      to: mac(readU48(b, at)),
      adi: readU32(b, at + 6),
      etherType: readU16(b, at + 10),
      payload: b.subarray(at + 12, r.end),
    })
  },
  write: (w, value) => {
    u64.write(w, value.network)
    u8.write(
      w,
      (value.com === undefined ? 0 : multicastFlag.com) |
        (value.gatherLimit === undefined ? 0 : multicastFlag.gather) |
        (value.from === undefined ? 0 : multicastFlag.from) |
        (value.replicate ? multicastFlag.replicate : 0),
    )
    if (value.com !== undefined) com.write(w, value.com)
    if (value.gatherLimit !== undefined) u32.write(w, value.gatherLimit)
    if (value.from !== undefined) u48.write(w, value.from)
    u48.write(w, value.to)
    u32.write(w, value.adi)
    u16.write(w, value.etherType)
    rest.write(w, value.payload)
  },
}

/** A packet for one recipient: a copy, since every recipient gets its own. */
export const multicastFramePacket = (key: NetworkKey, value: Omit<MulticastFrame, 'network' | 'com'>): Uint8Array => {
  const gather = value.gatherLimit === undefined ? 0 : 4
  const from = value.from === undefined ? 0 : 6
  const packet = packetCopy(value.payload, 9 + gather + from + 12)
  writeNetwork(packet, HEADER, key)
  packet[HEADER + 8] =
    (gather === 0 ? 0 : multicastFlag.gather) |
    (from === 0 ? 0 : multicastFlag.from) |
    (value.replicate ? multicastFlag.replicate : 0)
  let at = HEADER + 9
  if (value.gatherLimit !== undefined) writeU32(packet, at, value.gatherLimit)
  at += gather
  if (value.from !== undefined) writeU48(packet, at, value.from)
  at += from
  writeU48(packet, at, value.to)
  writeU32(packet, at + 6, value.adi)
  writeU16(packet, at + 10, value.etherType)
  return packet
}

/**
 * The body of OK(MULTICAST_FRAME), after the packet ID.
 *
 *     nwid[8]   mac[6]   adi[4]   flags[1]   com[..] if 01   results[..] if 02
 */
const okHead = struct({
  network: branded<bigint, NetworkId>(u64),
  mac: branded<number, Mac>(u48),
  adi: u32,
  flags: u8,
})
export interface MulticastFrameOk {
  readonly network: NetworkId
  readonly mac: Mac
  readonly adi: number
  readonly com: Com | undefined
  readonly results: GatherResults | undefined
}
export const multicastFrameOk: Codec<MulticastFrameOk> = {
  read: (r) => {
    const head = okHead.read(r)
    if (head._tag === 'Left') return head
    const { flags, ...fields } = head.right
    const certificate = (flags & OK_COM) === 0 ? undefined : com.read(r)
    if (certificate?._tag === 'Left') return certificate
    const results = (flags & OK_RESULTS) === 0 ? undefined : gatherResults.read(r)
    if (results?._tag === 'Left') return results
    return E.right({ ...fields, com: certificate?.right, results: results?.right })
  },
  write: (w, value) => {
    okHead.write(w, {
      ...value,
      flags: (value.com === undefined ? 0 : OK_COM) | (value.results === undefined ? 0 : OK_RESULTS),
    })
    if (value.com !== undefined) com.write(w, value.com)
    if (value.results !== undefined) gatherResults.write(w, value.results)
  },
}

export const multicastFlag = { com: 0x01, gather: 0x02, from: 0x04, replicate: 0x08 } as const
const OK_COM = 0x01
const OK_RESULTS = 0x02
