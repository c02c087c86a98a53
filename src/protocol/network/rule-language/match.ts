import { E } from '../../kernel/fp.ts'
import { isIpv6, parseIp } from '../../kernel/ip.ts'
import type { JsonObject } from '../loose-json.ts'
import type { TagDefinition } from './definition.ts'
import { characteristics, etherTypes, ipProtocols, MAX_U32, parseNumber, parseUpTo } from './name.ts'
import { errorAt, type SourceError, type Word } from './source.ts'

/** An argument of a match: what it says, parameters of macros put in, and the word that it came from. */
export interface Argument {
  readonly text: string
  readonly word: Word
}
export type Tags = ReadonlyMap<string, TagDefinition>

/** A match of the language: how many arguments it takes, and the type and fields of the rule it becomes (§18.4). */
export interface MatchForm {
  readonly takes: number
  readonly rule: (given: readonly Argument[], tags: Tags) => E.Either<SourceError, JsonObject>
}

type Fields = (text: string) => JsonObject | undefined

/** A match of one argument; `undefined` from `fields` refuses it. */
const one = (type: string, what: string, fields: Fields): MatchForm => ({
  takes: 1,
  rule: (given) => {
    const found = fields(given[0]!.text)
    return found === undefined ? refuse(given[0]!, what) : E.right({ type, ...found })
  },
})
const refuse = ({ text, word }: Argument, what: string) => E.left(errorAt(word, `"${text}" is no ${what}`))

const number = (type: string, field: string, most: number, names?: ReadonlyMap<string, number>): MatchForm =>
  one(type, `number from 0 to ${most}`, (text) => {
    const value = names?.get(text) ?? parseUpTo(text, most)
    return value === undefined ? undefined : { [field]: value }
  })

const range = (type: string): MatchForm => one(type, 'range from 0 to 65535', (text) => parseRange(text, 0xffff))

/** `n`, or `a-b` with a not above b. */
const parseRange = (text: string, most: number): { readonly start: number; readonly end: number } | undefined => {
  const dash = text.indexOf('-')
  const start = parseUpTo(dash < 0 ? text : text.slice(0, dash), most)
  const end = dash < 0 ? start : parseUpTo(text.slice(dash + 1), most)
  return start === undefined || end === undefined || start > end ? undefined : { start, end }
}

const address = (type: string): MatchForm =>
  one(type, 'ZeroTier address of 10 hex digits', (text) => {
    const zt = hexDigits(text)
    return zt.length === 10 ? { zt } : undefined
  })

const hardware = (type: string): MatchForm =>
  one(type, 'MAC of 12 hex digits', (text) => {
    const mac = hexDigits(text)
    return mac.length === 12 ? { mac: mac.replaceAll(/..(?!$)/g, '$&:') } : undefined
  })
const hexDigits = (text: string): string => text.toLowerCase().replaceAll(/[^0-9a-f]/g, '')

const prefix = (side: 'SOURCE' | 'DEST'): MatchForm =>
  one('', 'IP with the length of its network', (text) => {
    const [ip = '', bits] = text.split('/')
    const family = isIpv6(ip) ? 6 : 4
    const length = bits === undefined ? undefined : parseUpTo(bits, family === 6 ? 128 : 32)
    return length === undefined || parseIp(ip) === undefined
      ? undefined
      : { type: `MATCH_IPV${family}_${side}`, ip: text }
  })

const tos: MatchForm = {
  takes: 2,
  rule: (given) => {
    const mask = parseUpTo(given[0]!.text, 0xff)
    if (mask === undefined) return refuse(given[0]!, 'mask of 8 bits')
    const found = parseRange(given[1]!.text, 0xff)
    return found === undefined
      ? refuse(given[1]!, 'range from 0 to 255')
      : E.right({ type: 'MATCH_IP_TOS', mask, ...found })
  },
}

/** A negative code stands for every code. */
const icmp: MatchForm = {
  takes: 2,
  rule: (given) => {
    const icmpType = parseUpTo(given[0]!.text, 0xff)
    if (icmpType === undefined) return refuse(given[0]!, 'ICMP type')
    const code = parseNumber(given[1]!.text)
    return code > 0xff
      ? refuse(given[1]!, 'ICMP code')
      : E.right({ type: 'MATCH_ICMP', icmpType, icmpCode: code < 0 ? null : code })
  },
}

/** The true mask. Deployed compilers get halves wrong that have their top bit and another one (§18.4). */
const characteristic: MatchForm = one('MATCH_CHARACTERISTICS', 'list of characteristics', (text) => {
  let mask = 0n
  for (const part of text.split(',')) {
    const bit = characteristics.get(part.toLowerCase()) ?? parseUpTo(part, 63)
    if (bit === undefined) return undefined
    mask |= 1n << BigInt(bit)
  }
  return { mask: mask.toString(16).padStart(16, '0') }
})

const random: MatchForm = one('MATCH_RANDOM', 'probability', (text) => {
  const value = Number.parseFloat(text)
  return { probability: Number.isNaN(value) ? 0 : Math.floor(MAX_U32 * Math.min(Math.max(value, 0), 1)) }
})

/** A tag is meant by name or id; its values have names only where it is meant by name. */
const tagged = (type: string): MatchForm => ({
  takes: 2,
  rule: (given, tags) => {
    const [meant, compared] = [given[0]!, given[1]!]
    const tag = tags.get(meant.text)
    const id = tag?.id ?? parseUpTo(meant.text, MAX_U32)
    if (id === undefined) return refuse(meant, 'tag')
    const name = compared.text.toLowerCase()
    const value = tag?.flags.get(name) ?? tag?.enums.get(name) ?? parseUpTo(compared.text, MAX_U32)
    return value === undefined ? refuse(compared, 'value of this tag') : E.right({ type, id, value })
  },
})

export const matchForms: ReadonlyMap<string, MatchForm> = new Map([
  ['ztsrc', address('MATCH_SOURCE_ZEROTIER_ADDRESS')],
  ['ztdest', address('MATCH_DEST_ZEROTIER_ADDRESS')],
  ['vlan', number('MATCH_VLAN_ID', 'vlanId', MAX_U32)],
  ['vlanpcp', number('MATCH_VLAN_PCP', 'vlanPcp', MAX_U32)],
  ['vlandei', number('MATCH_VLAN_DEI', 'vlanDei', MAX_U32)],
  ['ethertype', number('MATCH_ETHERTYPE', 'etherType', 0xffff, etherTypes)],
  ['ipprotocol', number('MATCH_IP_PROTOCOL', 'ipProtocol', 0xff, ipProtocols)],
  ['macsrc', hardware('MATCH_MAC_SOURCE')],
  ['macdest', hardware('MATCH_MAC_DEST')],
  ['ipsrc', prefix('SOURCE')],
  ['ipdest', prefix('DEST')],
  ['iptos', tos],
  ['icmp', icmp],
  ['sport', range('MATCH_IP_SOURCE_PORT_RANGE')],
  ['dport', range('MATCH_IP_DEST_PORT_RANGE')],
  ['framesize', range('MATCH_FRAME_SIZE_RANGE')],
  ['chr', characteristic],
  ['random', random],
  ['tand', tagged('MATCH_TAGS_BITWISE_AND')],
  ['tor', tagged('MATCH_TAGS_BITWISE_OR')],
  ['txor', tagged('MATCH_TAGS_BITWISE_XOR')],
  ['tdiff', tagged('MATCH_TAGS_DIFFERENCE')],
  ['teq', tagged('MATCH_TAGS_EQUAL')],
  ['tseq', tagged('MATCH_TAG_SENDER')],
  ['treq', tagged('MATCH_TAG_RECEIVER')],
])
