import type { Random } from '../kernel/rng.ts'
import type { DecisionLog } from './rule-log.ts'
import { NOBODY, type Party } from './rule-party.ts'

/**
 * One frame in front of the rules: what they can ask about, and what they leave behind. There is one scene for each
 * network, filled anew for each frame, so that no frame costs an allocation.
 */
export interface Scene {
  /** Received, as seen from this node. */
  inbound: boolean
  readonly self: number
  source: number
  /** 0: no one in particular. A REDIRECT changes it. */
  dest: number
  from: number
  to: number
  etherType: number
  vlan: number
  /** Without the Ethernet header. */
  payload: Uint8Array
  readonly own: Party
  remote: Party
  random: Random
  /** What a match of unknown type says. */
  readonly unknownMatches: boolean
  /** Beginnings of addresses that need no certificate when they come in (§8.4). */
  readonly emulatedPrefixes: readonly Uint8Array[]

  /** What `look` found in the payload: 4 and 6 with a whole header, else `OTHER`; `UNSEEN` until someone asks. */
  family: number
  /** The protocol above IP, in IPv6 behind the extension headers, and where it starts; `CUT_SHORT` if it is not there. */
  protocol: number
  upperAt: number
  /** -1: none. */
  sourcePort: number
  destPort: number

  /** This node is the target of a TEE, WATCH or REDIRECT whose set did not match. */
  super: boolean
  /** The next DROP does not count: a tag that would decide is not known yet. */
  skipDrop: boolean
  /** 0: no copy. */
  copyTo: number
  copyLength: number
  copyIsWatch: boolean
  /** -1: none set. */
  bucket: number
  /** Of the next decision, where it is traced. */
  log: DecisionLog | undefined
}

export const scene = (fixed: Pick<Scene, 'self' | 'own' | 'unknownMatches' | 'emulatedPrefixes'>): Scene => ({
  inbound: false,
  self: fixed.self,
  source: 0,
  dest: 0,
  from: 0,
  to: 0,
  etherType: 0,
  vlan: 0,
  payload: NO_BYTES,
  own: fixed.own,
  remote: NOBODY,
  random: noRandom,
  unknownMatches: fixed.unknownMatches,
  emulatedPrefixes: fixed.emulatedPrefixes,
  family: UNSEEN,
  protocol: CUT_SHORT,
  upperAt: 0,
  sourcePort: NO_PORT,
  destPort: NO_PORT,
  super: false,
  skipDrop: false,
  copyTo: 0,
  copyLength: 0,
  copyIsWatch: false,
  bucket: -1,
  log: undefined,
})

/** The family of the frame; reads the headers when it is asked for the first time. */
export const familyOf = (s: Scene): number => (s.family === UNSEEN ? look(s) : s.family)

const look = (s: Scene): number => {
  const p = s.payload
  s.family = OTHER
  s.protocol = CUT_SHORT
  s.sourcePort = NO_PORT
  s.destPort = NO_PORT
  if (s.etherType === ETHERTYPE_IPV4 && p.length >= IPV4_HEADER) {
    s.family = 4
    s.protocol = p[9]!
    // what the header claims for its length: anything from 0 to 60
    s.upperAt = (p[0]! & 15) << 2
  } else if (s.etherType === ETHERTYPE_IPV6 && p.length >= IPV6_HEADER) {
    s.family = 6
    findUpper6(s)
  } else return OTHER
  if (hasPorts(s.protocol) && p.length > s.upperAt + 4) {
    s.sourcePort = portAt(s, s.upperAt)
    s.destPort = portAt(s, s.upperAt + 2)
  }
  return s.family
}

/** Fragments, ESP and AH end the search. */
const findUpper6 = (s: Scene): void => {
  const p = s.payload
  let at = IPV6_HEADER
  let next = p[6]!
  while (next === HOP_BY_HOP || next === ROUTING || next === DESTINATION || next === MOBILITY) {
    if (at + 8 > p.length) return
    next = p[at]!
    at += (p[at + 1]! << 3) + 8
    if (at > p.length) return
  }
  s.upperAt = at
  s.protocol = next
}

/** TCP, UDP, SCTP and UDP-Lite. */
const hasPorts = (protocol: number): boolean =>
  protocol === 6 || protocol === 17 || protocol === 132 || protocol === 136

/** Port 0 is one in IPv4 and none in IPv6, which is what deployed nodes do (§20). */
const portAt = (s: Scene, at: number): number => {
  const port = (s.payload[at]! << 8) | s.payload[at + 1]!
  return port === 0 && s.family === 6 ? NO_PORT : port
}

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd
export const PROTOCOL_ICMP = 1
export const PROTOCOL_TCP = 6
export const PROTOCOL_ICMPV6 = 58
export const OTHER = 0
export const UNSEEN = -2
export const CUT_SHORT = -1
export const NO_PORT = -1
export const NO_BYTES = new Uint8Array(0)
const noRandom: Random = (bytes) => new Uint8Array(bytes)
const IPV4_HEADER = 20
const IPV6_HEADER = 40
const HOP_BY_HOP = 0
const ROUTING = 43
const DESTINATION = 60
const MOBILITY = 135
