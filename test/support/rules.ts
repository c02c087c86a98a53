import fc from 'fast-check'
import { address, mac } from '../../src/protocol/kernel/id.ts'
import type { Rule } from '../../src/protocol/network/rule.ts'

/** Any rule that a list can hold, with every type as likely as another; `plain` leaves out what has no source form. */
export const anyRule = (plain: boolean): fc.Arbitrary<Rule> => {
  const flags = { not: fc.boolean(), or: fc.boolean() }
  const none = { not: fc.constant(false), or: fc.constant(false) }
  const number = (most: number) => fc.nat(most)
  const u16 = number(0xffff)
  const u32 = fc.oneof(number(3), fc.integer({ min: 0, max: 0xffff_ffff }))
  const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)
  const tag = <T extends string>(...names: readonly T[]) => fc.constantFrom(...names)
  const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n })
  const span = (most: number) =>
    fc.tuple(number(most), number(most)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))
  const node = fc.oneof(fc.constant(NODE), fc.constant(PEER), number(0xffff)).map(address)
  const target = node.map(BigInt)
  const all: fc.Arbitrary<Rule>[] = [
    fc.record({ _tag: tag('Drop', 'Accept', 'Break'), ...none }),
    fc.record({ _tag: tag('Tee', 'Watch'), ...none, target, flags: fc.constant(0), length: u16 }),
    fc.record({ _tag: tag('Redirect'), ...none, target, flags: fc.constant(0), length: fc.constant(0) }),
    fc.record({ _tag: tag('SourceZeroTierAddress', 'DestZeroTierAddress'), ...flags, address: node }),
    fc.record({ _tag: tag('VlanId'), ...flags, value: number(2) }),
    fc.record({ _tag: tag('VlanPcp', 'VlanDei'), ...flags, value: number(255) }),
    fc.record({ _tag: tag('MacSource', 'MacDest'), ...flags, mac: number(0xffff).map(mac) }),
    fc.record({ _tag: tag('Ipv4Source', 'Ipv4Dest'), ...flags, ip: bytes(4), bits: number(32) }),
    fc.record({ _tag: tag('Ipv6Source', 'Ipv6Dest'), ...flags, ip: bytes(16), bits: number(128) }),
    fc
      .tuple(span(255), number(255), fc.boolean(), fc.boolean())
      .map(([range, mask, not, or]) => ({ _tag: 'IpTos', not, or, mask, ...range })),
    fc.record({ _tag: tag('IpProtocol'), ...flags, value: number(255) }),
    fc.record({ _tag: tag('EtherType'), ...flags, value: fc.oneof(tag0x(0x0800, 0x0806, 0x86dd), u16) }),
    fc.tuple(number(255), number(255), fc.boolean(), fc.boolean(), fc.boolean()).map(([type, code, any, not, or]) => ({
      _tag: 'Icmp',
      not,
      or,
      type,
      icmpCode: any ? 0 : code,
      flags: any ? 0 : 1,
    })),
    fc
      .tuple(tag('IpSourcePortRange', 'IpDestPortRange', 'FrameSizeRange'), span(0xffff), fc.boolean(), fc.boolean())
      .map(([_tag, range, not, or]) => ({ _tag, not, or, ...range })),
    fc.record({ _tag: tag('Characteristics'), ...flags, mask: u64.map((mask) => (mask === 0n ? 1n : mask)) }),
    fc.record({ _tag: tag('Random'), ...flags, probability: u32 }),
    fc.record({
      _tag: tag(
        'TagsDifference',
        'TagsBitwiseAnd',
        'TagsBitwiseOr',
        'TagsBitwiseXor',
        'TagsEqual',
        'TagSender',
        'TagReceiver',
      ),
      ...flags,
      id: u32,
      value: u32,
    }),
  ]
  const wild: fc.Arbitrary<Rule>[] = [
    fc.record({
      _tag: tag('Unknown'),
      ...flags,
      code: fc.oneof(
        fc.integer({ min: 7, max: 23 }),
        number(11).map((n) => n + 52),
      ),
    }),
    fc.record({ _tag: tag('Priority'), ...flags }),
    fc.record({ _tag: tag('IntegerRange'), ...flags, start: u64, end: u64, index: number(80), format: number(255) }),
    fc.record({ _tag: tag('Tee', 'Watch', 'Redirect'), ...flags, target: u64, flags: u32, length: u16 }),
    fc.record({ _tag: tag('Ipv4Dest'), ...flags, ip: bytes(4), bits: number(255) }),
    fc.record({ _tag: tag('Ipv6Source'), ...flags, ip: bytes(16), bits: number(255) }),
    fc.record({ _tag: tag('IpSourcePortRange'), ...flags, start: u16, end: u16 }),
  ]
  return fc.oneof(...all, ...(plain ? [] : wild))
}

const tag0x = (...values: readonly number[]) => fc.constantFrom(...values)

export const NODE = address(0xb97c_9ef1_bf)
export const PEER = address(0xc6_9940_2622)
