import { address, type Mac, mac, printAddress, printMac } from '../kernel/id.ts'
import { parseIp, printIp } from '../kernel/ip.ts'
import { asBoolean, asNumber, asText, isObject, type Json, type JsonObject } from './loose-json.ts'
import { isAction, type Rule, type RuleTag } from './rule.ts'

/**
 * Rules as JSON, the way controllers store and show them (`docs/protocol/vl2.md` §15.3). Numbers are cut to the width
 * of their field. `undefined`: no rule that a controller accepts, to be left out of the list.
 */
export const parseRule = (value: Json): Rule | undefined => {
  if (!isObject(value)) return undefined
  const tag = tagOf.get(asText(value['type'], ''))
  if (tag === undefined || tag === 'Priority' || tag === 'IntegerRange') return undefined
  const flags = { not: asBoolean(value['not'], false), or: asBoolean(value['or'], false) }
  const number = (key: string, bits: number, otherwise = 0): number => cut(asNumber(value[key], otherwise), bits)
  switch (tag) {
    case 'Drop':
    case 'Accept':
    case 'Break':
      return { _tag: tag, ...flags }
    case 'Tee':
    case 'Watch':
    case 'Redirect': {
      const length = tag === 'Redirect' ? 0 : number('length', 16)
      return { _tag: tag, ...flags, target: hexNumber(value['address'], 40), flags: number('flags', 32), length }
    }
    case 'SourceZeroTierAddress':
    case 'DestZeroTierAddress':
      return { _tag: tag, ...flags, address: address(Number(hexNumber(value['zt'], 40))) }
    case 'VlanId':
      return { _tag: tag, ...flags, value: number('vlanId', 16) }
    case 'VlanPcp':
      return { _tag: tag, ...flags, value: number('vlanPcp', 8) }
    case 'VlanDei':
      return { _tag: tag, ...flags, value: number('vlanDei', 8) }
    case 'MacSource':
    case 'MacDest':
      return { _tag: tag, ...flags, mac: macOf(asText(value['mac'], '0')) }
    case 'Ipv4Source':
    case 'Ipv4Dest':
      return { _tag: tag, ...flags, ...prefixOf(asText(value['ip'], ''), 4) }
    case 'Ipv6Source':
    case 'Ipv6Dest':
      return { _tag: tag, ...flags, ...prefixOf(asText(value['ip'], ''), 16) }
    case 'IpTos':
      return { _tag: tag, ...flags, mask: number('mask', 8), start: number('start', 8), end: number('end', 8) }
    case 'IpProtocol':
      return { _tag: tag, ...flags, value: number('ipProtocol', 8) }
    case 'EtherType':
      return { _tag: tag, ...flags, value: number('etherType', 16) }
    case 'Icmp': {
      const any = value['icmpCode'] === null || value['icmpCode'] === undefined
      return { _tag: tag, ...flags, type: number('icmpType', 8), icmpCode: number('icmpCode', 8), flags: any ? 0 : 1 }
    }
    case 'IpSourcePortRange':
    case 'IpDestPortRange':
    case 'FrameSizeRange': {
      const start = number('start', 16)
      return { _tag: tag, ...flags, start, end: number('end', 16, start) }
    }
    case 'Characteristics': {
      const mask = value['mask']
      return {
        _tag: tag,
        ...flags,
        mask: typeof mask === 'string' ? hexNumber(mask, 64) : BigInt.asUintN(64, BigInt(asNumber(mask, 0))),
      }
    }
    case 'Random':
      return { _tag: tag, ...flags, probability: number('probability', 32) }
    default:
      return { _tag: tag, ...flags, id: number('id', 32), value: number('value', 32) }
  }
}

/** Actions are shown without `not` and `or`. Unknown rules are shown by their code. */
export const printRule = (rule: Rule): JsonObject => {
  if (rule._tag === 'Unknown') return { type: `${isAction(rule) ? 'ACTION' : 'MATCH'}_${rule.code}` }
  const type = names[rule._tag]
  return isAction(rule) ? { type, ...bodyOf(rule) } : { type, not: rule.not, or: rule.or, ...bodyOf(rule) }
}

const bodyOf = (rule: Exclude<Rule, { _tag: 'Unknown' }>): JsonObject => {
  switch (rule._tag) {
    case 'Drop':
    case 'Accept':
    case 'Break':
    case 'Priority':
      return {}
    case 'Tee':
    case 'Watch':
    case 'Redirect': {
      const shown = { address: rule.target.toString(16).padStart(10, '0'), flags: rule.flags }
      return rule._tag === 'Redirect' ? shown : { ...shown, length: rule.length }
    }
    case 'SourceZeroTierAddress':
    case 'DestZeroTierAddress':
      return { zt: printAddress(rule.address) }
    case 'VlanId':
      return { vlanId: rule.value }
    case 'VlanPcp':
      return { vlanPcp: rule.value }
    case 'VlanDei':
      return { vlanDei: rule.value }
    case 'MacSource':
    case 'MacDest':
      return { mac: printMac(rule.mac) }
    case 'Ipv4Source':
    case 'Ipv4Dest':
    case 'Ipv6Source':
    case 'Ipv6Dest':
      return { ip: `${printIp(rule.ip)}/${rule.bits}` }
    case 'IpTos':
      return { mask: rule.mask, start: rule.start, end: rule.end }
    case 'IpProtocol':
      return { ipProtocol: rule.value }
    case 'EtherType':
      return { etherType: rule.value }
    case 'Icmp':
      return { icmpType: rule.type, icmpCode: (rule.flags & 1) === 0 ? null : rule.icmpCode }
    case 'IpSourcePortRange':
    case 'IpDestPortRange':
    case 'FrameSizeRange':
      return { start: rule.start, end: rule.end }
    case 'Characteristics':
      return { mask: hex64(rule.mask) }
    case 'Random':
      return { probability: rule.probability }
    case 'IntegerRange': {
      const little = (rule.format & 0x80) !== 0
      return { start: hex64(rule.start), end: hex64(rule.end), idx: rule.index, little, bits: (rule.format & 63) + 1 }
    }
    default:
      return { id: rule.id, value: rule.value }
  }
}

const cut = (value: number, bits: number): number => Number(BigInt.asUintN(bits, BigInt(value)))
const hex64 = (value: bigint): string => value.toString(16).padStart(16, '0')
const hexNumber = (value: Json | undefined, bits: number): bigint => {
  const digits = /^(?:0x)?([0-9a-f]{1,16})/i.exec(asText(value, ''))
  return digits === null ? 0n : BigInt.asUintN(bits, BigInt(`0x${digits[1]}`))
}
/** Separators are ignored. */
const macOf = (text: string): Mac => mac(Number(hexNumber(text.replaceAll(/[^0-9a-f]/gi, ''), 48)))
/** `bits` is capped; without it 0, which matches everything. Text that is no address of the family reads as zeros. */
const prefixOf = (text: string, size: 4 | 16): { readonly ip: Uint8Array; readonly bits: number } => {
  const [ip = '', bits = '0'] = text.split('/')
  const found = parseIp(ip)
  return {
    ip: found !== undefined && found.length === size ? found : new Uint8Array(size),
    bits: Math.min(Math.max(asNumber(bits, 0), 0), 8 * size),
  }
}

const names: Readonly<Record<RuleTag, string>> = {
  Drop: 'ACTION_DROP',
  Accept: 'ACTION_ACCEPT',
  Tee: 'ACTION_TEE',
  Watch: 'ACTION_WATCH',
  Redirect: 'ACTION_REDIRECT',
  Break: 'ACTION_BREAK',
  Priority: 'ACTION_PRIORITY',
  SourceZeroTierAddress: 'MATCH_SOURCE_ZEROTIER_ADDRESS',
  DestZeroTierAddress: 'MATCH_DEST_ZEROTIER_ADDRESS',
  VlanId: 'MATCH_VLAN_ID',
  VlanPcp: 'MATCH_VLAN_PCP',
  VlanDei: 'MATCH_VLAN_DEI',
  MacSource: 'MATCH_MAC_SOURCE',
  MacDest: 'MATCH_MAC_DEST',
  Ipv4Source: 'MATCH_IPV4_SOURCE',
  Ipv4Dest: 'MATCH_IPV4_DEST',
  Ipv6Source: 'MATCH_IPV6_SOURCE',
  Ipv6Dest: 'MATCH_IPV6_DEST',
  IpTos: 'MATCH_IP_TOS',
  IpProtocol: 'MATCH_IP_PROTOCOL',
  EtherType: 'MATCH_ETHERTYPE',
  Icmp: 'MATCH_ICMP',
  IpSourcePortRange: 'MATCH_IP_SOURCE_PORT_RANGE',
  IpDestPortRange: 'MATCH_IP_DEST_PORT_RANGE',
  Characteristics: 'MATCH_CHARACTERISTICS',
  FrameSizeRange: 'MATCH_FRAME_SIZE_RANGE',
  Random: 'MATCH_RANDOM',
  TagsDifference: 'MATCH_TAGS_DIFFERENCE',
  TagsBitwiseAnd: 'MATCH_TAGS_BITWISE_AND',
  TagsBitwiseOr: 'MATCH_TAGS_BITWISE_OR',
  TagsBitwiseXor: 'MATCH_TAGS_BITWISE_XOR',
  TagsEqual: 'MATCH_TAGS_EQUAL',
  TagSender: 'MATCH_TAG_SENDER',
  TagReceiver: 'MATCH_TAG_RECEIVER',
  IntegerRange: 'INTEGER_RANGE',
}
const tagOf: ReadonlyMap<string, RuleTag> = new Map((Object.keys(names) as RuleTag[]).map((tag) => [names[tag], tag]))
