import { readU16 } from '../../protocol/kernel/codec.ts'

/**
 * A TCP segment (RFC 9293 §3.1) as numbers beside the bytes it came in.
 *
 *     source[2]  destination[2]  seq[4]  ack[4]  offset:4 reserved:4 flags[1]  window[2]  checksum[2]  urgent[2]  options…
 *
 * One record is reused for every segment: whoever needs a field later copies it.
 */
export interface Segment {
  bytes: Uint8Array
  sourcePort: number
  destinationPort: number
  seq: number
  ack: number
  flags: number
  /** As on the wire, before scaling. */
  window: number
  /** Where the payload starts in `bytes`, and how long it is; both move when the segment is trimmed. */
  data: number
  length: number
  /** 0: the option is absent. */
  mss: number
  /** −1: the option is absent. */
  scale: number
  sackPermitted: boolean
  timestamps: boolean
  tsValue: number
  tsEcho: number
  blocks: number
  /** Left and right edges of up to four SACK blocks. */
  readonly edges: Int32Array
}

export const segment = (): Segment => ({
  bytes: NO_BYTES,
  sourcePort: 0,
  destinationPort: 0,
  seq: 0,
  ack: 0,
  flags: 0,
  window: 0,
  data: 0,
  length: 0,
  mss: 0,
  scale: -1,
  sackPermitted: false,
  timestamps: false,
  tsValue: 0,
  tsEcho: 0,
  blocks: 0,
  edges: new Int32Array(8),
})

/** Reads header and options into `s`; `false` if this is no segment (§2.9: offsets, ports, impossible flags). */
export const readSegment = (s: Segment, b: Uint8Array): boolean => {
  if (b.length < HEADER) return false
  const data = (b[12]! >>> 4) << 2
  if (data < HEADER || data > b.length) return false
  s.bytes = b
  s.sourcePort = readU16(b, 0)
  s.destinationPort = readU16(b, 2)
  s.seq = readI32(b, 4)
  s.ack = readI32(b, 8)
  s.flags = b[13]! & (FIN | SYN | RST | PSH | ACK | URG)
  s.window = readU16(b, 14)
  s.data = data
  s.length = b.length - data
  s.mss = 0
  s.scale = -1
  s.sackPermitted = false
  s.timestamps = false
  s.blocks = 0
  if (data === HEADER + 12 && readI32(b, 20) === NOP_NOP_TS) {
    s.timestamps = true
    s.tsValue = readI32(b, 24)
    s.tsEcho = readI32(b, 28)
  } else if (data > HEADER) readOptions(s, b, data)
  if (s.sourcePort === 0 || s.destinationPort === 0) return false
  const f = s.flags
  return f !== 0 && (f & (SYN | FIN)) !== (SYN | FIN) && (f & (SYN | RST)) !== (SYN | RST)
}

/** The sequence space a segment takes: payload, SYN and FIN. */
export const lengthOf = (s: Segment): number => s.length + ((s.flags >>> 1) & 1) + (s.flags & 1)

/** A broken option ends the options, not the segment; of repeated ones the first counts. */
const readOptions = (s: Segment, b: Uint8Array, end: number): void => {
  let at = HEADER
  while (at < end) {
    const kind = b[at]!
    if (kind === 0) return
    if (kind === 1) {
      at++
      continue
    }
    const size = at + 1 < end ? b[at + 1]! : 0
    if (size < 2 || at + size > end) return
    if (kind === MSS_OPTION && size === 4) {
      if (s.mss === 0) s.mss = readU16(b, at + 2)
    } else if (kind === SCALE_OPTION && size === 3) {
      if (s.scale < 0) s.scale = b[at + 2]!
    } else if (kind === SACK_PERMITTED_OPTION && size === 2) s.sackPermitted = true
    else if (kind === TIMESTAMPS_OPTION && size === 10) {
      if (!s.timestamps) {
        s.timestamps = true
        s.tsValue = readI32(b, at + 2)
        s.tsEcho = readI32(b, at + 6)
      }
    } else if (kind === SACK_OPTION && s.blocks === 0 && size >= 10 && (size - 2) % 8 === 0) {
      s.blocks = Math.min(4, (size - 2) >>> 3)
      for (let i = 0; i < 2 * s.blocks; i++) s.edges[i] = readI32(b, at + 2 + 4 * i)
    }
    at += size
  }
}

export const readI32 = (b: Uint8Array, at: number): number =>
  (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!

export const HEADER = 20
export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16
export const URG = 32
export const MSS_OPTION = 2
export const SCALE_OPTION = 3
export const SACK_PERMITTED_OPTION = 4
export const SACK_OPTION = 5
export const TIMESTAMPS_OPTION = 8
/** The layout in which nearly every segment carries its timestamps (RFC 7323 appendix A). */
export const NOP_NOP_TS = 0x0101080a
export const NOP_NOP_SACK = 0x01010500
const NO_BYTES = new Uint8Array(0)
