import { hasCharacteristic } from './rule-characteristics.ts'
import { ALWAYS, type Finding, NEVER, NO, YES } from './rule-finding.ts'
import { prefixMask, word32 } from './rule-program.ts'
import { CUT_SHORT, familyOf, NO_PORT, OTHER, PROTOCOL_ICMP, PROTOCOL_ICMPV6, type Scene } from './rule-scene.ts'
import { findTagOfOne, findTagPair } from './rule-tag.ts'

/** What the match of this type, with its words at `at`, says of the frame. */
export const findMatch = (type: number, w: Float64Array, at: number, s: Scene): Finding => {
  switch (type) {
    case 37: // ETHER_TYPE
      return yes(s.etherType === w[at])
    case 36: // IP_PROTOCOL
      return familyOf(s) === OTHER || s.protocol === CUT_SHORT ? NEVER : yes(s.protocol === w[at])
    case 39: // IP_SOURCE_PORT_RANGE
      return familyOf(s) === OTHER || s.protocol === CUT_SHORT ? NEVER : yes(isPortIn(w, at, s.sourcePort))
    case 40: // IP_DEST_PORT_RANGE
      return familyOf(s) === OTHER || s.protocol === CUT_SHORT ? NEVER : yes(isPortIn(w, at, s.destPort))
    case 41: // CHARACTERISTICS
      return yes(hasCharacteristic(s, w[at]!, w[at + 1]!))
    case 31: // IPV4_SOURCE
      return familyOf(s) === 4 ? yes((word32(s.payload, 12) & w[at + 1]!) === w[at]) : NEVER
    case 32: // IPV4_DEST
      return familyOf(s) === 4 ? yes((word32(s.payload, 16) & w[at + 1]!) === w[at]) : NEVER
    case 33: // IPV6_SOURCE
      return familyOf(s) === 6 ? yes(isWithin6(w, at, s.payload, 8)) : NEVER
    case 34: // IPV6_DEST
      return familyOf(s) === 6 ? yes(isWithin6(w, at, s.payload, 24)) : NEVER
    case 35: // IP_TOS
      return findTos(w, at, s)
    case 38: // ICMP
      return findIcmp(w, at, s)
    case 24: // SOURCE_ZEROTIER_ADDRESS
      return yes(s.source === w[at])
    case 25: // DEST_ZEROTIER_ADDRESS
      return yes(s.dest === w[at])
    case 26: // VLAN_ID
      return yes(s.vlan === w[at])
    case 27: // VLAN_PCP
    case 28: // VLAN_DEI
      // no frame carries either, so both are 0
      return yes(w[at] === 0)
    case 29: // MAC_SOURCE
      return yes(s.from === w[at])
    case 30: // MAC_DEST
      return yes(s.to === w[at])
    case 42: // FRAME_SIZE_RANGE
      return yes(w[at]! <= s.payload.length && s.payload.length <= w[at + 1]!)
    case 43: // RANDOM
      return yes(word32(s.random(4), 0) >>> 0 <= w[at]!)
    case 44: // TAGS_DIFFERENCE
    case 45: // TAGS_BITWISE_AND
    case 46: // TAGS_BITWISE_OR
    case 47: // TAGS_BITWISE_XOR
    case 48: // TAGS_EQUAL
      return findTagPair(type, w[at]!, w[at + 1]!, s)
    case 49: // TAG_SENDER
    case 50: // TAG_RECEIVER
      return findTagOfOne(type, w[at]!, w[at + 1]!, s)
    case 51: // INTEGER_RANGE
      return yes(isInIntegerRange(w, at, s.payload))
    default:
      return yes(s.unknownMatches)
  }
}

const yes = (truth: boolean): Finding => (truth ? YES : NO)

/** Host bits in the operand never match, which is what deployed nodes do (§20). */
const isWithin6 = (w: Float64Array, at: number, p: Uint8Array, ipAt: number): boolean => {
  const bits = w[at + 4]!
  for (let i = 0; i < 4; i++) if ((word32(p, ipAt + 4 * i) & prefixMask(bits - 32 * i)) !== w[at + i]) return false
  return true
}

const findTos = (w: Float64Array, at: number, s: Scene): Finding => {
  const p = s.payload
  const tos = familyOf(s) === 4 ? p[1]! : familyOf(s) === 6 ? ((p[0]! & 15) << 4) | (p[1]! >>> 4) : -1
  if (tos < 0) return NEVER
  const masked = tos & w[at]!
  return yes(w[at + 1]! <= masked && masked <= w[at + 2]!)
}

const findIcmp = (w: Float64Array, at: number, s: Scene): Finding => {
  const p = s.payload
  const family = familyOf(s)
  const icmp = family === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6
  const icmpAt = s.upperAt
  if (family === OTHER || s.protocol !== icmp || p.length < icmpAt + 2 || p[icmpAt] !== w[at]) return NEVER
  return (w[at + 2]! & 1) === 0 ? ALWAYS : yes(p[icmpAt + 1] === w[at + 1])
}

const isPortIn = (w: Float64Array, at: number, port: number): boolean =>
  port !== NO_PORT && w[at]! <= port && port <= w[at + 1]!

/**
 * An integer of 1 to 64 bits somewhere in the frame, in halves. Big-endian ones are read at `index + 8 - bytes` and cut
 * to their low bits, little-endian ones at `index` and cut to their high bits, as deployed nodes do (§20).
 */
const isInIntegerRange = (w: Float64Array, at: number, p: Uint8Array): boolean => {
  const format = w[at + 5]!
  const bits = (format & 63) + 1
  const bytes = (bits + 7) >>> 3
  let high = 0
  let low = 0
  if ((format & 0x80) === 0) {
    const from = w[at + 4]! + 8 - bytes
    if (from + bytes <= p.length) {
      for (let i = 0; i < bytes; i++) {
        high = ((high << 8) | (low >>> 24)) >>> 0
        low = ((low << 8) | p[from + i]!) >>> 0
      }
      if (bits < 32) low &= (1 << bits) - 1
      if (bits <= 32) high = 0
      else if (bits < 64) high &= (1 << (bits - 32)) - 1
    }
  } else {
    const from = w[at + 4]!
    if (from + bytes <= p.length) {
      for (let i = bytes - 1; i >= 0; i--) {
        high = ((high << 8) | (low >>> 24)) >>> 0
        low = ((low << 8) | p[from + i]!) >>> 0
      }
      const surplus = bytes * 8 - bits
      if (surplus > 0) {
        low = ((low >>> surplus) | (high << (32 - surplus))) >>> 0
        high >>>= surplus
      }
    }
  }
  return (
    (w[at]! < high || (w[at] === high && w[at + 1]! <= low)) &&
    (high < w[at + 2]! || (high === w[at + 2] && low <= w[at + 3]!))
  )
}
