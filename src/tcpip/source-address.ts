import { samePrefix } from '../protocol/kernel/ip.ts'
import { isLinkLocal, isMulticast } from './address.ts'
import type { Ip } from './ip-output.ts'

export interface Candidate {
  readonly ip: Ip
  readonly bits: number
}

/**
 * The address to speak from. IPv4: the one whose prefix holds the next hop, else the first. IPv6: RFC 6724 rules 2
 * (scope), 6 (label) and 8 (longest prefix); the others never decide on one interface without temporary addresses.
 */
export const chooseSource = (to: Ip, nextHop: Ip, candidates: readonly Candidate[]): Ip | undefined => {
  const family = candidates.filter(({ ip }) => ip.family === to.family)
  if (to.family === 4) {
    return (family.find(({ ip, bits }) => samePrefix(ip.bytes, nextHop.bytes, bits)) ?? family[0])?.ip
  }
  let best: Candidate | undefined
  for (const one of family) if (best === undefined || isBetter(to, one, best)) best = one
  return best?.ip
}

const isBetter = (to: Ip, a: Candidate, b: Candidate): boolean => {
  const [scope, scopeA, scopeB] = [scopeOf(to), scopeOf(a.ip), scopeOf(b.ip)]
  // rule 2: the smallest scope that still reaches the destination
  if (scopeA !== scopeB) return scopeA < scopeB ? scopeA >= scope : scopeB < scope
  const label = labelOf(to)
  const [sameA, sameB] = [labelOf(a.ip) === label, labelOf(b.ip) === label]
  if (sameA !== sameB) return sameA
  return commonBits(to, a) > commonBits(to, b)
}

/** RFC 4291 §2.7 for groups; interface-local addresses do not occur. */
const scopeOf = (ip: Ip): number => {
  if (isMulticast(ip)) return ip.bytes[1]! & 15
  return isLinkLocal(ip) ? LINK_LOCAL : GLOBAL
}
const LINK_LOCAL = 2
const GLOBAL = 14

/** The default policy table of RFC 6724 §2.1, as far as its labels tell host addresses apart. */
const labelOf = ({ bytes: b }: Ip): number => {
  if ((b[0]! & 0xfe) === 0xfc) return 13
  if (b[0] === 0x20 && b[1] === 0x02) return 2
  if (b[0] === 0x20 && b[1] === 0x01 && b[2] === 0 && b[3] === 0) return 5
  return 1
}

/** Leading bits in common, at most the length of the candidate's prefix. */
const commonBits = (to: Ip, { ip, bits }: Candidate): number => {
  let n = 0
  while (n < bits && ((to.bytes[n >>> 3]! ^ ip.bytes[n >>> 3]!) & (0x80 >>> (n & 7))) === 0) n++
  return n
}
