import { readU32 } from '../protocol/kernel/codec.ts'
import { type Mac, mac } from '../protocol/kernel/id.ts'
import { parseIp, printIp } from '../protocol/kernel/ip.ts'
import type { Ip } from './ip-output.ts'

/** What an address is, whatever the interface: kinds and scopes of RFC 1122, 4291 and 6890, and their link addresses. */

/** `bytes` becomes part of the value; it must not be a view that somebody else writes to. */
export const ipOf = (bytes: Uint8Array): Ip => ({ family: bytes.length === 4 ? 4 : 6, bytes, text: printIp(bytes) })
/** For constants: the text must be an address. */
export const ipFrom = (text: string): Ip => ipOf(parseIp(text) ?? new Uint8Array(4))

export const sameIp = (a: Ip, b: Ip): boolean => a === b || a.text === b.text

/** 224.0.0.0/4, ff00::/8. */
export const isMulticast = (ip: Ip): boolean => (ip.family === 4 ? ip.bytes[0]! >>> 4 === 14 : ip.bytes[0] === 0xff)
/** 127.0.0.0/8, ::1. */
export const isLoopback = (ip: Ip): boolean => (ip.family === 4 ? ip.bytes[0] === 127 : ip.text === '::1')
export const isUnspecified = (ip: Ip): boolean => ip.text === '0.0.0.0' || ip.text === '::'
/** 169.254.0.0/16, fe80::/10. */
export const isLinkLocal = (ip: Ip): boolean =>
  ip.family === 4 ? ip.bytes[0] === 169 && ip.bytes[1] === 254 : ip.bytes[0] === 0xfe && (ip.bytes[1]! & 0xc0) === 0x80
/** Something that can name one host: neither zero, multicast, 127.x, ::1, class E nor the limited broadcast. */
export const isUnicast = (ip: Ip): boolean =>
  ip.family === 4
    ? ip.bytes[0] !== 0 && ip.bytes[0] !== 127 && ip.bytes[0]! < 224
    : ip.bytes[0] !== 0xff && !isUnspecified(ip) && ip.text !== '::1'

/** The Ethernet group of an IP group (RFC 1112 §6.4, RFC 2464 §7). */
export const groupMac = (ip: Ip): Mac =>
  mac(
    ip.family === 4 ? 0x0100_5e00_0000 + (readU32(ip.bytes, 0) & 0x7f_ffff) : 0x3333_0000_0000 + readU32(ip.bytes, 12),
  )
/** ff02::1:ff00:0/104 with the last three bytes of `ip`: whoever may own it listens there (RFC 4291 §2.7.1). */
export const solicitedNode = (ip: Ip): Ip => {
  const bytes = new Uint8Array(16)
  bytes.set(SOLICITED_NODE)
  bytes.set(ip.bytes.subarray(13), 13)
  return ipOf(bytes)
}
/** fe80::/64 with the modified EUI-64 of the MAC (RFC 4291 appendix A). */
export const linkLocalOf = (of: Mac): Ip => {
  const high = Math.floor(of / 0x100_0000)
  const low = of % 0x100_0000
  return ipOf(
    Uint8Array.of(
      ...[0xfe, 0x80, 0, 0, 0, 0, 0, 0],
      ...[(high >>> 16) ^ 2, (high >>> 8) & 0xff, high & 0xff, 0xff],
      ...[0xfe, low >>> 16, (low >>> 8) & 0xff, low & 0xff],
    ),
  )
}

export const isGroupMac = (value: Mac): boolean => (Math.floor(value / 0x100_0000_0000) & 1) === 1
export const BROADCAST_MAC = mac(0xffff_ffff_ffff)

const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff)
export const BROADCAST: Ip = ipFrom('255.255.255.255')
export const ANY_V4: Ip = ipFrom('0.0.0.0')
export const ANY_V6: Ip = ipFrom('::')
export const ALL_HOSTS: Ip = ipFrom('224.0.0.1')
export const ALL_NODES: Ip = ipFrom('ff02::1')
