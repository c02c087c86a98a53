import { readU16, readU32, writeU16 } from '../protocol/kernel/codec.ts'
import { type Mac, writeU48 } from '../protocol/kernel/id.ts'
import { ipFrom } from './address.ts'
import { checksumOf, pseudoHeaderSum, sum } from './checksum.ts'
import { blank } from './host.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import { ICMPV6, IPV6_HEADER, writeIpv6 } from './ipv6.ts'
import { NDP_HOP_LIMIT, SOURCE_LINK_ADDRESS } from './ndp.ts'

/**
 * Router Solicitation (133) and Advertisement (134), RFC 4861 §4.1, §4.2, §4.6; RFC 8106.
 *
 *     134   type[1]  0[1]  checksum[2]  hop limit[1]  flags[1]  lifetime[2] s  reachable[4]  retransmit[4]  options[…]
 *       3   prefix   3[1]  4[1]  bits[1]  L·A·0[1]  valid[4] s  preferred[4] s  0[4]  prefix[16]
 *       5   MTU      5[1]  1[1]  0[2]  mtu[4]
 *      25   servers  25[1]  1 + 2n[1]  0[2]  lifetime[4] s  address[16] × n
 */
export const ROUTER_SOLICITATION = 133
export const ROUTER_ADVERTISEMENT = 134
export const ALL_ROUTERS: Ip = ipFrom('ff02::2')

export interface AdvertisedPrefix {
  readonly prefix: Ip
  readonly bits: number
  readonly onLink: boolean
  readonly autonomous: boolean
  /** Seconds; all ones: for ever. */
  readonly valid: number
  readonly preferred: number
}
export interface RouterAdvertisement {
  /** Seconds for which the sender is a default router; 0: it is none. */
  readonly lifetime: number
  readonly mtu: number | undefined
  readonly prefixes: readonly AdvertisedPrefix[]
  readonly servers: readonly { readonly address: Ip; readonly lifetime: number }[]
}

/** `undefined` if an option is malformed. Hop limit, code and sender are for the caller to check. */
export const readAdvertisement = (message: Uint8Array, intern: Interning): RouterAdvertisement | undefined => {
  if (message.length < OPTIONS) return undefined
  let mtu: number | undefined
  const prefixes: AdvertisedPrefix[] = []
  const servers: { address: Ip; lifetime: number }[] = []
  let at = OPTIONS
  while (at < message.length) {
    const length = at + 1 < message.length ? message[at + 1]! * 8 : 0
    if (length === 0 || at + length > message.length) return undefined
    const type = message[at]
    if (type === PREFIX && length === 32) {
      const flags = message[at + 3]!
      prefixes.push({
        ...{ prefix: intern.v6(message, at + 16), bits: message[at + 2]! },
        ...{ onLink: (flags & 0x80) !== 0, autonomous: (flags & 0x40) !== 0 },
        ...{ valid: readU32(message, at + 4), preferred: readU32(message, at + 8) },
      })
    } else if (type === MTU && length === 8) mtu = readU32(message, at + 4)
    else if (type === SERVERS && length >= 24) {
      const lifetime = readU32(message, at + 4)
      for (let one = at + 8; one + 16 <= at + length; one += 16) {
        servers.push({ address: intern.v6(message, one), lifetime })
      }
    }
    at += length
  }
  return { lifetime: readU16(message, 6), mtu, prefixes, servers }
}

/** A whole packet, headroom in front. */
export const writeSolicitation = (source: Ip, link: Mac): Uint8Array => {
  const packet = blank(IPV6_HEADER + 16)
  writeIpv6(packet, 0, 0, ICMPV6, NDP_HOP_LIMIT, source.bytes, ALL_ROUTERS.bytes)
  const message = packet.subarray(IPV6_HEADER)
  message[0] = ROUTER_SOLICITATION
  message[8] = SOURCE_LINK_ADDRESS
  message[9] = 1
  writeU48(message, 10, link)
  writeU16(message, 2, checksumOf(pseudoHeaderSum(source.bytes, ALL_ROUTERS.bytes, ICMPV6, 16) + sum(message)))
  return packet
}

const OPTIONS = 16
const PREFIX = 3
const MTU = 5
const SERVERS = 25
