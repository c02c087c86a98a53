import { writeU16, writeU32 } from '../protocol/kernel/codec.ts'
import { type Mac, mac, readU48, writeU48 } from '../protocol/kernel/id.ts'
import { checksumOf, pseudoHeaderSum, sum } from './checksum.ts'
import { blank } from './host.ts'
import type { Ip } from './ip-output.ts'
import { ICMPV6, IPV6_HEADER, writeIpv6 } from './ipv6.ts'

/**
 * Neighbor Solicitation (135) and Advertisement (136), RFC 4861 §4.3 and §4.4.
 *
 *     type[1]   code[1] = 0   checksum[2]   R·S·O·reserved[4]   target[16]   options[…]
 *
 * An option is type[1], length in units of eight bytes[1], value; 1 and 2 are the link addresses of source and target.
 */
export const SOLICITATION = 135
export const ADVERTISEMENT = 136
export const TARGET = 8

/** The link address of an option of `type`; `null` if there is none, `undefined` if the options are malformed. */
export const linkAddressOption = (message: Uint8Array, type: number): Mac | null | undefined => {
  let found: Mac | null = null
  let at = OPTIONS
  while (at < message.length) {
    const length = at + 1 < message.length ? message[at + 1]! * 8 : 0
    if (length === 0 || at + length > message.length) return undefined
    if (message[at] === type && length === LINK_ADDRESS_OPTION && found === null) found = mac(readU48(message, at + 2))
    at += length
  }
  return found
}
export const SOURCE_LINK_ADDRESS = 1
export const TARGET_LINK_ADDRESS = 2

/** A whole packet, headroom in front. `flags` is the word behind the checksum. `option` 0: none. */
export const writeNdp = (
  type: typeof SOLICITATION | typeof ADVERTISEMENT,
  source: Ip,
  destination: Ip,
  flags: number,
  target: Ip,
  option: number,
  link: Mac,
): Uint8Array => {
  const length = option === 0 ? OPTIONS : OPTIONS + LINK_ADDRESS_OPTION
  const packet = blank(IPV6_HEADER + length)
  writeIpv6(packet, 0, 0, ICMPV6, NDP_HOP_LIMIT, source.bytes, destination.bytes)
  const message = packet.subarray(IPV6_HEADER)
  message[0] = type
  writeU32(message, 4, flags)
  message.set(target.bytes, TARGET)
  if (option !== 0) {
    message[OPTIONS] = option
    message[OPTIONS + 1] = 1
    writeU48(message, OPTIONS + 2, link)
  }
  writeU16(message, 2, checksumOf(pseudoHeaderSum(source.bytes, destination.bytes, ICMPV6, length) + sum(message)))
  return packet
}

export const SOLICITED_FLAG = 0x4000_0000
export const OVERRIDE_FLAG = 0x2000_0000
/** Proof that no router was in between. */
export const NDP_HOP_LIMIT = 255
export const LEAST_NDP = 24
const OPTIONS = 24
const LINK_ADDRESS_OPTION = 8
