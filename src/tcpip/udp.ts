import { readU16, writeU16 } from '../protocol/kernel/codec.ts'
import { checksumOf, isIntact, pseudoHeaderSum, sum } from './checksum.ts'
import type { Ip } from './ip-output.ts'
import { UDP } from './ipv4.ts'
import type { StackDropReason } from './stack-io.ts'

/**
 * The UDP header (RFC 768), read and written where it stands.
 *
 *     source port[2]   destination port[2]   length[2]   checksum[2]   data[…]
 */
export const UDP_HEADER = 8

/** What is wrong with the datagram `packet[at…)`, or `undefined`. IPv4 may leave the checksum out (zero). */
export const refuseUdp = (
  packet: Uint8Array,
  at: number,
  local: Ip,
  remote: Ip,
  verify: boolean,
): StackDropReason | undefined => {
  if (packet.length < at + UDP_HEADER) return 'udp-malformed'
  const length = readU16(packet, at + 4)
  if (length < UDP_HEADER || at + length > packet.length || readU16(packet, at + 2) === 0) return 'udp-malformed'
  if (!verify) return undefined
  if (readU16(packet, at + 6) === 0) return local.family === 4 ? undefined : 'udp-checksum'
  const total = pseudoHeaderSum(remote.bytes, local.bytes, UDP, length) + sum(packet, at, at + length)
  return isIntact(total) ? undefined : 'udp-checksum'
}

/** Writes the header of the datagram that fills `b`, its data already in place. */
export const writeUdp = (b: Uint8Array, source: Ip, sourcePort: number, to: Ip, toPort: number): void => {
  writeU16(b, 0, sourcePort)
  writeU16(b, 2, toPort)
  writeU16(b, 4, b.length)
  writeU16(b, 6, 0)
  const checksum = checksumOf(pseudoHeaderSum(source.bytes, to.bytes, UDP, b.length) + sum(b))
  // zero would mean that there is none
  writeU16(b, 6, checksum === 0 ? 0xffff : checksum)
}
