import { codeOf, type Rule } from './rule.ts'

/**
 * A list of rules laid out for evaluation (`docs/protocol/vl2.md` §8.2): one shape for every type, no bigint, no
 * allocation when it is read.
 *
 *     heads   the type octet of each rule: 0x80 not | 0x40 or | code
 *     words   RULE_WORDS numbers for each rule, by type:
 *
 *     TEE WATCH REDIRECT   target, length            PRIORITY   bucket
 *     ZeroTier address, VLAN, protocol, ethertype, MAC, RANDOM   the operand
 *     IPV4   masked network, mask                    IPV6   four words of the address, bits
 *     IP_TOS   mask, low, high                       ICMP   type, code, flags
 *     ranges   low, high                             TAGS   id, value
 *     CHARACTERISTICS   high and low half            INTEGER_RANGE   start and end in halves, index, format
 */
export interface RuleProgram {
  /** Of the capability whose rules these are; `undefined` for those of the network itself. */
  readonly capability: number | undefined
  readonly length: number
  readonly heads: Uint8Array
  readonly words: Float64Array
}

/** A rule as evaluated. The bucket of a PRIORITY never travels: without one it is 0. */
export type EvaluatedRule = Rule | (Extract<Rule, { _tag: 'Priority' }> & { readonly bucket: number })

export const ruleProgram = (rules: readonly EvaluatedRule[], capability?: number): RuleProgram => {
  const heads = new Uint8Array(rules.length)
  const words = new Float64Array(rules.length * RULE_WORDS)
  rules.forEach((rule, i) => {
    heads[i] = (rule.not ? RULE_NOT : 0) | (rule.or ? RULE_OR : 0) | codeOf(rule)
    words.set(wordsOf(rule), i * RULE_WORDS)
  })
  return { capability, length: rules.length, heads, words }
}

const wordsOf = (rule: EvaluatedRule): readonly number[] => {
  switch (rule._tag) {
    case 'Unknown':
    case 'Drop':
    case 'Accept':
    case 'Break':
      return []
    case 'Priority':
      return ['bucket' in rule ? rule.bucket : 0]
    case 'Tee':
    case 'Watch':
    case 'Redirect': // 64 bits are transmitted for an address of 40
      return [Number(BigInt.asUintN(40, rule.target)), rule.length]
    case 'SourceZeroTierAddress':
    case 'DestZeroTierAddress':
      return [rule.address]
    case 'VlanId':
    case 'VlanPcp':
    case 'VlanDei':
    case 'IpProtocol':
    case 'EtherType':
      return [rule.value]
    case 'MacSource':
    case 'MacDest':
      return [rule.mac]
    case 'Ipv4Source':
    case 'Ipv4Dest': {
      const mask = prefixMask(rule.bits)
      return [word32(rule.ip, 0) & mask, mask]
    }
    case 'Ipv6Source':
    case 'Ipv6Dest':
      return [word32(rule.ip, 0), word32(rule.ip, 4), word32(rule.ip, 8), word32(rule.ip, 12), Math.min(rule.bits, 128)]
    case 'IpTos':
      return [rule.mask, rule.start, rule.end]
    case 'Icmp':
      return [rule.type, rule.icmpCode, rule.flags]
    case 'IpSourcePortRange':
    case 'IpDestPortRange':
    case 'FrameSizeRange':
      return [rule.start, rule.end]
    case 'Characteristics':
      return [high(rule.mask), low(rule.mask)]
    case 'Random':
      return [rule.probability]
    case 'IntegerRange': {
      const end = rule.start + BigInt.asUintN(32, rule.end - rule.start)
      return [high(rule.start), low(rule.start), high(end), low(end), rule.index, rule.format]
    }
    default:
      return [rule.id, rule.value]
  }
}

/** Four bytes as a signed number, the form in which addresses are compared. */
export const word32 = (b: Uint8Array, at: number): number =>
  (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!

/** The mask of the first `bits` bits of a word: none below 1, all from 32 on. A shift by 32 would shift by 0. */
export const prefixMask = (bits: number): number => (bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits))

const high = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n))
const low = (value: bigint): number => Number(BigInt.asUintN(32, value))

export const RULE_WORDS = 6
export const RULE_NOT = 0x80
export const RULE_OR = 0x40
export const RULE_TYPE = 0x3f

/** Types below this are actions. */
export const FIRST_MATCH = 16
