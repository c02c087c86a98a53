/**
 * Physical endpoints as VL1 knows them (`docs/protocol/vl1.md`, network addresses): wire and text form, scope, and
 * whether one may carry our traffic.
 */

import type { Endpoint } from '../datagram.ts'
import { type Codec, readU16, reserve, writeU16 } from '../kernel/codec.ts'
import { badField, short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { parseIp, printIp, samePrefix } from '../kernel/ip.ts'

/**
 * InetAddress: type[1], then 4: IPv4[4] port[2] · 6: IPv6[16] port[2] · 0: nothing · 1, 2: 6 bytes to skip ·
 * 3: length[2] and as many bytes to skip. All but 4 and 6 read as `null`; other types are refused.
 */
export const inetAddress: Codec<Endpoint | null> = {
  read: (r) => {
    if (r.at >= r.end) return E.left(short(r.at, 1))
    const type = r.bytes[r.at]!
    let size = sizes[type]
    if (size === undefined) return E.left(badField('address type', type))
    if (type === 3 && r.end - r.at >= 3) size += readU16(r.bytes, r.at + 1)
    if (r.end - r.at < size) return E.left(short(r.at, size - (r.end - r.at)))
    const at = r.at + 1
    r.at += size
    return E.right(type === 4 || type === 6 ? endpointAt(r.bytes, at, size - 3) : null)
  },
  write: (w, endpoint) => {
    const ip = endpoint === null ? undefined : parseIp(endpoint.address)
    if (endpoint === null || ip === undefined) {
      const at = reserve(w, 1)
      w.bytes[at] = 0
      return
    }
    const at = reserve(w, ip.length + 3)
    w.bytes[at] = ip.length === 4 ? 4 : 6
    w.bytes.set(ip, at + 1)
    writeU16(w.bytes, at + 1 + ip.length, endpoint.port)
  },
}

/** The endpoint written as an IP of 4 or 16 bytes and a port. */
export const endpointAt = (bytes: Uint8Array, at: number, ipLength: number): Endpoint => ({
  address: printIp(bytes.subarray(at, at + ipLength)),
  port: readU16(bytes, at + ipLength),
})

/** `10.0.0.1/9993`; the null address is the empty text. */
export const printEndpoint = (endpoint: Endpoint | null): string =>
  endpoint === null ? '' : `${endpoint.address}/${endpoint.port}`
export const parseEndpoint = (text: string): Endpoint | undefined => {
  const slash = text.lastIndexOf('/')
  const ip = parseIp(text.slice(0, Math.max(0, slash)))
  const port = text.slice(slash + 1)
  if (ip === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 0xffff) return undefined
  return { address: printIp(ip), port: Number(port) }
}
export const sameEndpoint = (a: Endpoint, b: Endpoint): boolean => a.port === b.port && a.address === b.address

/** How far an address reaches, as the protocol numbers it; a higher scope is preferred. */
export type Scope = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7
export const scope = {
  none: 0,
  multicast: 1,
  loopback: 2,
  pseudoPrivate: 3,
  global: 4,
  linkLocal: 5,
  shared: 6,
  private: 7,
} as const

/** Scope of an IP of 4 or 16 bytes. */
export const scopeOf = (ip: Uint8Array): Scope => (ip.length === 4 ? scopeOfIpv4(ip) : scopeOfIpv6(ip))
export const scopeOfEndpoint = (endpoint: Endpoint): Scope => {
  const ip = parseIp(endpoint.address)
  return ip === undefined ? scope.none : scopeOf(ip)
}

const scopeOfIpv4 = (ip: Uint8Array): Scope => {
  const first = ip[0]!
  const second = ip[1]!
  const two = (first << 8) | second
  const three = (two << 8) | ip[2]!
  if (first === 0 || first === 255) return scope.none
  if (first >= 240 || pseudoPrivate.has(first)) return scope.pseudoPrivate
  if (first >= 224) return scope.multicast
  if (first === 127) return scope.loopback
  if (two === 0xa9fe) return scope.linkLocal
  if (first === 10 || two === 0xc0a8 || (two & 0xfff0) === 0xac10 || (two & 0xffc0) === 0x6440) return scope.private
  // 198.18/15 for benchmarks, and the three documentation networks, are used as private ones
  if ((two & 0xfffe) === 0xc612 || three === 0xc00002 || three === 0xc63364 || three === 0xcb0071) return scope.private
  return scope.global
}

const scopeOfIpv6 = (ip: Uint8Array): Scope => {
  if (ip[0] === 0xff) return scope.multicast
  if ((ip[0]! & 0xfe) === 0xfc) return scope.private
  const last = ip[15]!
  if (ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80)
    return last === 1 && isZero(ip, 2, 15) ? scope.loopback : scope.linkLocal
  if (!isZero(ip, 0, 10)) return scope.global
  if (ip[10] === 0xff && ip[11] === 0xff) return ip[12] === 127 ? scope.loopback : scope.global
  if (!isZero(ip, 10, 15) || last > 1) return scope.global
  return last === 1 ? scope.loopback : scope.none
}

const isZero = (b: Uint8Array, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (b[i] !== 0) return false
  return true
}

export interface Prefix {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  readonly bits: number
}

/** What decides whether endpoints may be learned and probed. */
export interface PathPolicy {
  /** On for embedded networks, whose nodes meet on 127.0.0.1. */
  readonly allowLoopback: boolean
  /** Prefixes of joined networks: our own traffic must not travel inside itself. */
  readonly managed: readonly Prefix[]
  readonly blacklist: readonly Prefix[]
}

/**
 * Whether an endpoint may be learned as a path or probed. `pins` are the endpoints listed for a root, whose IP it must
 * have; `undefined` for a peer that is none, and a root listed with no endpoint may be anywhere.
 */
export const isUsable = (endpoint: Endpoint, policy: PathPolicy, pins?: readonly Endpoint[]): boolean => {
  const ip = parseIp(endpoint.address)
  if (ip === undefined) return false
  const reach = scopeOf(ip)
  const reachable = reach === scope.loopback ? policy.allowLoopback : usableScopes.has(reach)
  if (!reachable || within(ip, TUNNEL)) return false
  if (pins !== undefined && pins.length > 0 && !pins.some((pin) => pin.address === endpoint.address)) return false
  return !policy.managed.some((prefix) => within(ip, prefix)) && !policy.blacklist.some((prefix) => within(ip, prefix))
}

export const isWithin = (endpoint: Endpoint, prefix: Prefix): boolean => {
  const ip = parseIp(endpoint.address)
  return ip !== undefined && within(ip, prefix)
}
const within = (ip: Uint8Array, prefix: Prefix): boolean => samePrefix(ip, prefix.address, prefix.bits)

/** The 14-bit group of source addresses that share one identity-verification gate (`docs/protocol/vl1.md`, limits). */
export const gateOf = (endpoint: Endpoint | null): number => {
  const ip = endpoint === null ? undefined : parseIp(endpoint.address)
  if (ip === undefined) return 0
  if (ip.length === 4) {
    const net = (ip[0]! << 16) | (ip[1]! << 8) | ip[2]!
    return (net ^ (net >>> 14)) & 0x3fff
  }
  let hash = ip[0]!
  for (let i = 1; i <= 5; i++) hash = 2 * hash + ip[i]!
  return hash & 0x3fff
}

/** Bytes of each InetAddress type, type byte included; type 3 has its own length on top. */
const sizes: Readonly<Record<number, number>> = { 0: 1, 1: 7, 2: 7, 3: 3, 4: 7, 6: 19 }
/** Allocated networks that are not announced to the Internet, so that sites use them as private ones. */
const pseudoPrivate: ReadonlySet<number> = new Set([6, 11, 21, 22, 25, 26, 28, 29, 30, 51, 55, 56])
const usableScopes: ReadonlySet<Scope> = new Set([scope.pseudoPrivate, scope.global, scope.shared, scope.private])
/** 2001:470::/32: native nodes avoid this tunnel service, and so do we. */
const TUNNEL: Prefix = { address: Uint8Array.of(0x20, 0x01, 0x04, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), bits: 32 }
