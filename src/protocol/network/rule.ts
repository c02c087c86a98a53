import {
  branded,
  bytes,
  type Codec,
  mapped,
  type Reader,
  reader,
  reserve,
  struct,
  type TypeOf,
  u8,
  u16,
  u32,
  u40,
  u48,
  u64,
  type Writer,
} from '../kernel/codec.ts'
import { short, type WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import type { Address, Mac } from '../kernel/id.ts'

/**
 * The rules of a network as they travel (`docs/protocol/vl2.md` §8.1): matches that combine from left to right, and
 * actions that end each set.
 *
 *     type[1] = 0x80 not | 0x40 or | code   n[1]   body[n]
 *
 * Readers read the body by its type and go on after n bytes whatever that took, so the two may disagree.
 */
const copy = struct({ target: u64, flags: u32, length: u16 })
const range = struct({ start: u16, end: u16 })
const node = struct({ address: branded<number, Address>(u40) })
const hardware = struct({ mac: branded<number, Mac>(u48) })
const ipv4 = struct({ ip: bytes(4), bits: u8 })
const ipv6 = struct({ ip: bytes(16), bits: u8 })
const byte = struct({ value: u8 })
const tagged = struct({ id: u32, value: u32 })

/** `end` is kept as a span of 32 bits by every deployed node, which is what signatures are checked over. */
const integerRange = mapped(
  struct({ start: u64, end: u64, index: u16, format: u8 }),
  (r) => E.right({ ...r, end: BigInt.asUintN(64, r.start + BigInt.asUintN(32, r.end - r.start)) }),
  (r) => r,
)
const nothing = struct({})

/** One row per type: its code, its length on the wire, its body. Codes below 16 are actions, the others matches. */
const types = {
  Drop: { code: 0, size: 0, body: nothing },
  Accept: { code: 1, size: 0, body: nothing },
  Tee: { code: 2, size: 14, body: copy },
  Watch: { code: 3, size: 14, body: copy },
  Redirect: { code: 4, size: 14, body: copy },
  Break: { code: 5, size: 0, body: nothing },
  Priority: { code: 6, size: 0, body: nothing },
  SourceZeroTierAddress: { code: 24, size: 5, body: node },
  DestZeroTierAddress: { code: 25, size: 5, body: node },
  VlanId: { code: 26, size: 2, body: struct({ value: u16 }) },
  VlanPcp: { code: 27, size: 1, body: byte },
  VlanDei: { code: 28, size: 1, body: byte },
  MacSource: { code: 29, size: 6, body: hardware },
  MacDest: { code: 30, size: 6, body: hardware },
  Ipv4Source: { code: 31, size: 5, body: ipv4 },
  Ipv4Dest: { code: 32, size: 5, body: ipv4 },
  Ipv6Source: { code: 33, size: 17, body: ipv6 },
  Ipv6Dest: { code: 34, size: 17, body: ipv6 },
  IpTos: { code: 35, size: 3, body: struct({ mask: u8, start: u8, end: u8 }) },
  IpProtocol: { code: 36, size: 1, body: byte },
  EtherType: { code: 37, size: 2, body: struct({ value: u16 }) },
  Icmp: { code: 38, size: 3, body: struct({ type: u8, icmpCode: u8, flags: u8 }) },
  IpSourcePortRange: { code: 39, size: 4, body: range },
  IpDestPortRange: { code: 40, size: 4, body: range },
  Characteristics: { code: 41, size: 8, body: struct({ mask: u64 }) },
  FrameSizeRange: { code: 42, size: 4, body: range },
  Random: { code: 43, size: 4, body: struct({ probability: u32 }) },
  TagsDifference: { code: 44, size: 8, body: tagged },
  TagsBitwiseAnd: { code: 45, size: 8, body: tagged },
  TagsBitwiseOr: { code: 46, size: 8, body: tagged },
  TagsBitwiseXor: { code: 47, size: 8, body: tagged },
  TagsEqual: { code: 48, size: 8, body: tagged },
  TagSender: { code: 49, size: 8, body: tagged },
  TagReceiver: { code: 50, size: 8, body: tagged },
  IntegerRange: { code: 51, size: 19, body: integerRange },
} as const
type Types = typeof types
export type RuleTag = keyof Types
type Flags = { readonly not: boolean; readonly or: boolean }
export type KnownRule = { [K in RuleTag]: { readonly _tag: K } & Flags & TypeOf<Types[K]['body']> }[RuleTag]
/** Unknown types keep their code and lose their body. */
export type Rule = KnownRule | ({ readonly _tag: 'Unknown'; readonly code: number } & Flags)

export const codeOf = (rule: Rule): number => (rule._tag === 'Unknown' ? rule.code : types[rule._tag].code)
export const isAction = (rule: Rule): boolean => codeOf(rule) < 16

const rule: Codec<Rule> = {
  read: (r) => {
    if (r.end - r.at < 2) return E.left(short(r.at, 2 - (r.end - r.at)))
    const t = r.bytes[r.at]!
    const length = r.bytes[r.at + 1]!
    const flags = { not: (t & 0x80) !== 0, or: (t & 0x40) !== 0 }
    const row = byCode.get(t & 0x3f)
    const bodyAt = r.at + 2
    r.at = Math.min(bodyAt + length, r.end)
    if (row === undefined) return E.right({ _tag: 'Unknown', code: t & 0x3f, ...flags })
    const body = row.body.read(reader(r.bytes, bodyAt, r.end))
    return body._tag === 'Left' ? body : E.right({ _tag: row.tag, ...flags, ...body.right } as KnownRule)
  },
  write: (w, value) => {
    const at = reserve(w, 2)
    w.bytes[at] = (value.not ? 0x80 : 0) | (value.or ? 0x40 : 0) | codeOf(value)
    w.bytes[at + 1] = value._tag === 'Unknown' ? 0 : types[value._tag].size
    if (value._tag !== 'Unknown') (types[value._tag].body as Codec<object>).write(w, value)
  },
}

/** Up to `most` rules, or as many as there are; `r` is left where the last one says that it ends. */
export const readRules = (r: Reader, most: number): E.Either<WireError, readonly Rule[]> => {
  const rules: Rule[] = []
  while (rules.length < most && r.at < r.end) {
    const one = rule.read(r)
    if (one._tag === 'Left') return one
    rules.push(one.right)
  }
  return E.right(rules)
}
export const writeRules = (w: Writer, rules: readonly Rule[]): void => {
  for (const one of rules) rule.write(w, one)
}

/** All that a configuration may carry; further rules are ignored. */
export const rules: Codec<readonly Rule[]> = { read: (r) => readRules(r, MAX_RULES), write: writeRules }

export const MAX_RULES = 1024
export const MAX_CAPABILITY_RULES = 64
interface Row {
  readonly tag: RuleTag
  readonly body: Codec<object>
}
const byCode: ReadonlyMap<number, Row> = new Map(
  (Object.keys(types) as RuleTag[]).map((tag) => [types[tag].code, { tag, body: types[tag].body as Codec<object> }]),
)
