/**
 * What the owner of a node says of the physical network (`docs/protocol/vl1.md`, trusted paths, static hints, send
 * pipeline): where no cryptography is needed, what a path carries, where not to go, where to look for a peer.
 */
import type { Endpoint } from '../datagram.ts'
import { type Address, isReserved } from '../kernel/id.ts'
import { parseIp, samePrefix } from '../kernel/ip.ts'
import { PHYSICAL_MTU } from '../packet/fragment.ts'
import type { Prefix } from './endpoint.ts'

/**
 * A network in which packets are sent in the clear and believed without proof, to and from whoever has the same ID for it.
 * Whoever can send from an address of it can speak for any peer.
 */
export interface TrustedPath {
  readonly prefix: Prefix
  /** 64 bits, not 0. */
  readonly id: bigint
  readonly mtu?: number
}

/** What is said of one peer. */
export interface PeerRules {
  /** Where to look for it while there is no path. */
  readonly endpoints: readonly Endpoint[]
  readonly blacklist: readonly Prefix[]
}

export interface LocalRules {
  readonly trusted: readonly TrustedPath[]
  /** UDP payload in bytes, of the longest prefix that fits. */
  readonly mtu: readonly { readonly prefix: Prefix; readonly mtu: number }[]
  readonly blacklist: readonly Prefix[]
  readonly peers: ReadonlyMap<Address, PeerRules>
}

/** What is wrong with rules. */
export type RuleProblem =
  | {
      readonly _tag: 'TooMany'
      readonly what: 'trusted' | 'mtu' | 'blacklist' | 'peers' | 'endpoints'
      readonly most: number
    }
  | { readonly _tag: 'BadId'; readonly id: bigint }
  | { readonly _tag: 'BadPrefix'; readonly prefix: Prefix }
  | { readonly _tag: 'BadMtu'; readonly mtu: number }
  | { readonly _tag: 'BadEndpoint'; readonly endpoint: Endpoint }
  | { readonly _tag: 'BadPeer'; readonly peer: Address }

/** The ID of a trusted path as the two halves that packets carry. */
export interface TrustedId {
  readonly high: number
  readonly low: number
}

export const noRules: LocalRules = { trusted: [], mtu: [], blacklist: [], peers: new Map() }

/** The first thing that is wrong, if anything is. */
export const problemIn = ({ trusted, mtu, blacklist, peers }: LocalRules): RuleProblem | undefined => {
  if (trusted.length > MOST_TRUSTED) return { _tag: 'TooMany', what: 'trusted', most: MOST_TRUSTED }
  if (mtu.length > MOST_RULES) return { _tag: 'TooMany', what: 'mtu', most: MOST_RULES }
  if (peers.size > MOST_PEER_RULES) return { _tag: 'TooMany', what: 'peers', most: MOST_PEER_RULES }
  for (const { id } of trusted) if (id <= 0n || id > 0xffff_ffff_ffff_ffffn) return { _tag: 'BadId', id }
  for (const one of [...trusted, ...mtu])
    if (one.mtu !== undefined && !(Number.isInteger(one.mtu) && one.mtu >= MIN_MTU && one.mtu <= MAX_MTU))
      return { _tag: 'BadMtu', mtu: one.mtu }
  for (const [peer, { endpoints }] of peers) {
    if (isReserved(peer)) return { _tag: 'BadPeer', peer }
    if (endpoints.length > MOST_HINTS) return { _tag: 'TooMany', what: 'endpoints', most: MOST_HINTS }
    const bad = endpoints.find(({ address, port }) => parseIp(address) === undefined || !(port > 0 && port <= 0xffff))
    if (bad !== undefined) return { _tag: 'BadEndpoint', endpoint: bad }
  }
  const lists = [blacklist, ...[...peers.values()].map((one) => one.blacklist)]
  if (lists.some((list) => list.length > MOST_RULES)) return { _tag: 'TooMany', what: 'blacklist', most: MOST_RULES }
  const prefixes = [...trusted.map((one) => one.prefix), ...mtu.map((one) => one.prefix), ...lists.flat()]
  const bad = prefixes.find((one) => !isPrefix(one))
  return bad === undefined ? undefined : { _tag: 'BadPrefix', prefix: bad }
}

/** The IDs that packets from an IP may carry, that of the longest prefix first: it is what packets to it carry. */
export const trustedAt = (rules: LocalRules, ip: Uint8Array | undefined): readonly TrustedId[] => {
  if (ip === undefined || rules.trusted.length === 0) return NONE
  return rules.trusted
    .filter(({ prefix }) => covers(prefix, ip))
    .sort((a, b) => b.prefix.bits - a.prefix.bits)
    .map(({ id }) => ({ high: Number(id >> 32n), low: Number(id & 0xffff_ffffn) }))
}

/** Bytes of UDP payload that paths to an IP carry. */
export const mtuAt = (rules: LocalRules, ip: Uint8Array | undefined): number => {
  let mtu = PHYSICAL_MTU
  let longest = -1
  if (ip === undefined) return mtu
  for (const rule of [...rules.trusted, ...rules.mtu])
    if (rule.mtu !== undefined && rule.prefix.bits > longest && covers(rule.prefix, ip)) {
      mtu = rule.mtu
      longest = rule.prefix.bits
    }
  return mtu
}

const covers = (prefix: Prefix, ip: Uint8Array): boolean => samePrefix(ip, prefix.address, prefix.bits)
const isPrefix = ({ address, bits }: Prefix): boolean =>
  (address.length === 4 || address.length === 16) && Number.isInteger(bits) && bits >= 0 && bits <= 8 * address.length

/** As native nodes have it. */
export const MOST_TRUSTED = 32
export const MOST_RULES = 256
export const MOST_PEER_RULES = 1_024
/** Endpoints tried for one peer. */
export const MOST_HINTS = 16
export const MIN_MTU = 1_400
export const MAX_MTU = 10_324
const NONE: readonly TrustedId[] = []
