import { reserve, u16, u32, u64, type Writer, writer, writeU32, written } from '../../protocol/kernel/codec.ts'

/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng-03 §3, §4), in network byte order. A file is one section header, a
 * description of each interface before its first packet, and a block for every packet.
 *
 *     type[4]   length of the block[4]   body[…]   options[…]   length of the block[4]
 */
export const SECTION_HEADER = 0x0a0d0d0a
export const INTERFACE_DESCRIPTION = 1
export const ENHANCED_PACKET = 6

/** Read in the writer's byte order, it tells which one that is. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Of the body of a packet's block, before the packet: interface, time (high, low), captured and original length. */
export const PACKET_HEADER = 20

export const OPTION_COMMENT = 1
export const OPTION_APPLICATION = 4
export const OPTION_NAME = 2
export const OPTION_FLAGS = 2
export const OPTION_RESOLUTION = 9

export type BlockOption = readonly [code: number, value: Uint8Array]

/** Begins a section of unknown length. */
export const sectionHeader = (options: readonly BlockOption[]): Uint8Array =>
  block(SECTION_HEADER, options, (w) => {
    u32.write(w, BYTE_ORDER_MAGIC)
    u16.write(w, 1)
    u16.write(w, 0)
    u64.write(w, UNKNOWN_LENGTH)
  })

/** `snapLength` 0 is no limit. Times of its packets are in µs, the default. */
export const interfaceDescription = (
  linkType: number,
  snapLength: number,
  options: readonly BlockOption[],
): Uint8Array =>
  block(INTERFACE_DESCRIPTION, options, (w) => {
    u16.write(w, linkType)
    u16.write(w, 0)
    u32.write(w, snapLength)
  })

/** One packet, `data` of it kept; `at` in ms since 1970. */
export const enhancedPacket = (
  interfaceId: number,
  at: number,
  data: Uint8Array,
  originalLength: number,
  options: readonly BlockOption[],
): Uint8Array =>
  block(ENHANCED_PACKET, options, (w) => {
    const micros = microsOf(at)
    u32.write(w, interfaceId)
    u32.write(w, Math.floor(micros / WORD))
    u32.write(w, micros % WORD)
    u32.write(w, data.length)
    u32.write(w, originalLength)
    append(w, data)
  })

/** A time as files have it. */
export const microsOf = (at: number): number => Math.round(at * 1000)

const block = (type: number, options: readonly BlockOption[], body: (w: Writer) => void): Uint8Array => {
  const w = writer()
  u32.write(w, type)
  u32.write(w, 0)
  body(w)
  for (const [code, value] of options) {
    u16.write(w, code)
    u16.write(w, value.length)
    append(w, value)
  }
  if (options.length > 0) u32.write(w, 0)
  const length = w.at + 4
  u32.write(w, length)
  writeU32(w.bytes, 4, length)
  return written(w)
}

/** Everything in a block is padded to whole words. */
const append = (w: Writer, data: Uint8Array): void => {
  const at = reserve(w, padded(data.length))
  w.bytes.set(data, at)
}
export const padded = (length: number): number => (length + 3) & ~3

const UNKNOWN_LENGTH = 0xffff_ffff_ffff_ffffn
const WORD = 0x1_0000_0000
