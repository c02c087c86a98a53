import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  OPTION_COMMENT,
  OPTION_RESOLUTION,
  PACKET_HEADER,
  padded,
  SECTION_HEADER,
} from './pcapng-block.ts'

/** One packet of a capture. */
export interface CapturedPacket {
  /** ms since 1970. */
  readonly at: number
  /** LINKTYPE of its interface: 1 for Ethernet, 101 for IP. */
  readonly linkType: number
  /** What was kept of it: a view. */
  readonly data: Uint8Array
  readonly originalLength: number
  readonly comment: string | undefined
}
export interface Capture {
  /** The note on the whole file. */
  readonly comment: string | undefined
  readonly packets: readonly CapturedPacket[]
}

/**
 * Reads a pcapng file of one or more sections, in either byte order; blocks and options that are not needed are skipped.
 * `undefined` for anything else, and for a file that ends within a block.
 */
export const readPcapng = (file: Uint8Array): Capture | undefined => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const packets: CapturedPacket[] = []
  let interfaces: Interface[] = []
  let comment: string | undefined
  let little = false
  for (let at = 0; at < file.length; ) {
    if (at + SMALLEST > file.length || (at === 0 && view.getUint32(0) !== SECTION_HEADER)) return undefined
    if (view.getUint32(at) === SECTION_HEADER) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
      if (!little && view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) return undefined
      interfaces = []
    }
    const length = view.getUint32(at + 4, little)
    if (length < SMALLEST || length % 4 !== 0 || at + length > file.length) return undefined
    const body = new DataView(view.buffer, view.byteOffset + at + 8, length - SMALLEST)
    switch (view.getUint32(at, little)) {
      case SECTION_HEADER:
        comment ??= textOf(options(body, SECTION_BODY, little).get(OPTION_COMMENT))
        break
      case INTERFACE_DESCRIPTION:
        if (body.byteLength < INTERFACE_BODY) return undefined
        interfaces.push({
          linkType: body.getUint16(0, little),
          perMs: perMs(options(body, INTERFACE_BODY, little).get(OPTION_RESOLUTION)?.[0] ?? MICROSECONDS),
        })
        break
      case ENHANCED_PACKET: {
        const packet = readPacket(body, interfaces, little)
        if (packet === undefined) return undefined
        packets.push(packet)
      }
    }
    at += length
  }
  return file.length === 0 ? undefined : { comment, packets }
}

interface Interface {
  readonly linkType: number
  /** Units of its times in a ms. */
  readonly perMs: number
}

const readPacket = (body: DataView, interfaces: readonly Interface[], little: boolean): CapturedPacket | undefined => {
  if (body.byteLength < PACKET_HEADER) return undefined
  const from = interfaces[body.getUint32(0, little)]
  const captured = body.getUint32(12, little)
  if (from === undefined || PACKET_HEADER + captured > body.byteLength) return undefined
  return {
    at: (body.getUint32(4, little) * WORD + body.getUint32(8, little)) / from.perMs,
    linkType: from.linkType,
    data: bytesIn(body, PACKET_HEADER, captured),
    originalLength: body.getUint32(16, little),
    comment: textOf(options(body, PACKET_HEADER + padded(captured), little).get(OPTION_COMMENT)),
  }
}

/** The options behind a body, the last of each code. */
const options = (body: DataView, from: number, little: boolean): ReadonlyMap<number, Uint8Array> => {
  const found = new Map<number, Uint8Array>()
  for (let at = from; at + 4 <= body.byteLength; ) {
    const code = body.getUint16(at, little)
    const length = body.getUint16(at + 2, little)
    if (code === 0 || at + 4 + length > body.byteLength) break
    found.set(code, bytesIn(body, at + 4, length))
    at += 4 + padded(length)
  }
  return found
}

/** `if_tsresol`: a power of ten, or of two where the top bit is set. */
const perMs = (resolution: number): number => (resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution) / 1000

const bytesIn = (body: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(body.buffer, body.byteOffset + at, length)
const textOf = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)

/** Type and length, and the length again. */
const SMALLEST = 12
const SECTION_BODY = 16
const INTERFACE_BODY = 8
const MICROSECONDS = 6
const WORD = 0x1_0000_0000
