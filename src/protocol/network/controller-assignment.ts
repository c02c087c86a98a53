import { readU32, readU64, writeU32, writeU64 } from '../kernel/codec.ts'
import type { Address, NetworkId } from '../kernel/id.ts'
import { type IpAddress, parseIp, printIp, samePrefix } from '../kernel/ip.ts'
import type { Random } from '../kernel/rng.ts'
import type { IpPrefix } from './config.ts'
import { MAX_STATIC_IPS } from './config-dictionary.ts'
import type { NetworkParts, Pool, RouteTarget } from './controller-parts.ts'
import { parsePrefix } from './controller-post.ts'
import type { MemberRecord, NetworkRecord } from './controller-record.ts'
import { RFC4193_BITS, rfc4193, SIX_PLANE_BITS, sixPlane } from './managed-address.ts'

/** The IPs of a member, and the record's assignments with what was newly chosen. */
export interface Assignment {
  readonly ips: readonly IpPrefix[]
  /** Whether addresses by construction are among them: the member is to answer for its neighbours. */
  readonly managed: boolean
  readonly assigned: readonly IpAddress[]
}

/**
 * Gives a member its IPs (`docs/protocol/vl2.md` §14.6): those by construction, those it was assigned before, and for
 * each family without one a new one from the pools. `isTaken` knows what members hold. To have none is no error.
 */
export const assignIps = (
  network: NetworkRecord,
  parts: NetworkParts,
  member: MemberRecord,
  ids: { readonly network: NetworkId; readonly member: Address },
  isTaken: (ip: IpAddress) => boolean,
  random: Random,
): Assignment => {
  const routes = parts.targets
  const automatic = !member.noAutoAssignIps
  const ips: IpPrefix[] = []
  if (automatic && network.v6AssignMode.rfc4193 === true)
    ips.push({ address: printIp(rfc4193(ids.member, ids.network)), bits: RFC4193_BITS })
  if (automatic && network.v6AssignMode['6plane'] === true)
    ips.push({ address: printIp(sixPlane(ids.member, ids.network)), bits: SIX_PLANE_BITS })
  const managed = ips.length > 0

  let hasIpv4 = false
  let hasIpv6 = false
  for (const text of member.ipAssignments) {
    const ip = parseIp(text)
    if (ip === undefined) continue
    if (ip.length === 4) hasIpv4 = true
    else hasIpv6 = true
    const bits = longestRoute(routes, ip)
    if (bits !== undefined) ips.push({ address: printIp(ip), bits })
  }

  const assigned = [...member.ipAssignments]
  const isFree = (ip: IpAddress): boolean => !isTaken(ip) && !ips.some((one) => one.address === ip)
  const take = (found: IpPrefix | undefined): boolean => {
    if (found === undefined) return false
    ips.push(found)
    assigned.push(found.address)
    return true
  }
  for (const pool of automatic ? parts.ipv6Pools : [])
    if (network.v6AssignMode.zt === true && !hasIpv6) hasIpv6 = take(newIpv6(routes, pool, ids.member, isFree, random))
  for (const pool of automatic ? parts.ipv4Pools : [])
    if (network.v4AssignMode.zt && !hasIpv4) hasIpv4 = take(newIpv4(routes, pool, ids.member, isFree))
  return { ips: ips.slice(0, MAX_STATIC_IPS), managed, assigned }
}

/** Whether some route of the network contains `ip`: only then a member is told of it. */
export const isRouted = (network: NetworkRecord, ip: Uint8Array): boolean =>
  network.routes.some((route) => {
    const target = parsePrefix(route.target)
    return target !== undefined && contains(target, ip)
  })

type Prefix = Pick<RouteTarget, 'ip' | 'bits'>

/** An IPv6 prefix with host bits set contains nothing, as in rules. */
const contains = (target: Prefix, ip: Uint8Array): boolean =>
  samePrefix(target.ip, ip, target.bits) && (ip.length === 4 || hasNoHostBits(target))
const hasNoHostBits = ({ ip, bits }: Prefix): boolean => {
  for (let bit = bits; bit < 8 * ip.length; bit++) if ((ip[bit >>> 3]! & (0x80 >>> (bit & 7))) !== 0) return false
  return true
}

/** A default route contains everything, with 0 bits. */
const longestRoute = (routes: readonly RouteTarget[], ip: Uint8Array): number | undefined => {
  let best: number | undefined
  for (const route of routes) if (contains(route, ip)) best = Math.max(best ?? 0, route.bits)
  return best
}

/**
 * The member's address after the start of the pool if the pool is that wide, which gives every member the same one each
 * time; else, and where that is taken, random ones.
 */
const newIpv6 = (
  routes: readonly RouteTarget[],
  { start, end }: Pool,
  member: Address,
  isFree: (ip: IpAddress) => boolean,
  random: Random,
): IpPrefix | undefined => {
  const [startHigh, startLow] = [readU64(start, 0), readU64(start, 8)]
  const [endHigh, endLow] = [readU64(end, 0), readU64(end, 8)]
  for (let trial = 0; trial < TRIALS; trial++) {
    const ip = new Uint8Array(16)
    if (trial === 0 && endLow > startLow && endLow - startLow >= 0xff_ffff_ffffn) {
      writeU64(ip, 0, startHigh)
      writeU64(ip, 8, BigInt.asUintN(64, startLow + BigInt(member)))
    } else {
      const r = random(16)
      writeU64(ip, 0, startHigh + (endHigh > startHigh ? readU64(r, 0) % (endHigh - startHigh) : 0n))
      writeU64(ip, 8, startLow + (endLow > startLow ? readU64(r, 8) % (endLow - startLow) : 0n))
    }
    const route = routes.findLast((one) => one.onLink && one.ip.length === 16 && one.bits > 0 && contains(one, ip))
    const address = printIp(ip)
    if (route !== undefined && isFree(address)) return { address, bits: route.bits }
  }
  return undefined
}

/** Counted from the member's address, so that a member gets the same one each time; the last of a pool never. */
const newIpv4 = (
  routes: readonly RouteTarget[],
  pool: Pool,
  member: Address,
  isFree: (ip: IpAddress) => boolean,
): IpPrefix | undefined => {
  const start = readU32(pool.start, 0)
  const length = readU32(pool.end, 0) - start
  if (start === 0 || length < 0) return undefined
  let counter = member >>> 0
  for (let trial = 0; trial < Math.min(length + 1, TRIALS); trial++) {
    const ip = new Uint8Array(4)
    writeU32(ip, 0, length > 0 ? start + (counter % length) : start)
    counter = (counter + 1) >>> 0
    if (ip[3] === 255) continue
    const route = routes.find(
      (one) => one.ip.length === 4 && one.bits > 0 && hasNoHostBits(one) && samePrefix(one.ip, ip, one.bits),
    )
    const address = printIp(ip)
    if (route !== undefined && isFree(address)) return { address, bits: route.bits }
  }
  return undefined
}

const TRIALS = 1000
