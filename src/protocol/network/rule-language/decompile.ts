import { E } from '../../kernel/fp.ts'
import { printAddress, printMac } from '../../kernel/id.ts'
import { printIp } from '../../kernel/ip.ts'
import { isAction, type Rule } from '../rule.ts'
import { characteristics, etherTypes, ipProtocols, MAX_U32 } from './name.ts'

/** Rules, capabilities and tags as a controller keeps them. */
export interface Policy {
  readonly rules: readonly Rule[]
  readonly capabilities: readonly { readonly id: number; readonly default: boolean; readonly rules: readonly Rule[] }[]
  readonly tags: readonly { readonly id: number; readonly default: number | null }[]
}

/** A rule that the language has no words for, and which one of its list it is. */
export interface Inexpressible {
  readonly index: number
  readonly why: string
}

/**
 * The source of a list of rules: compiling it gives the same rules. NOT and OR on actions, which mean nothing, are left
 * out. The language cannot say everything that a list can hold: see `Inexpressible`.
 */
export const decompileRules = (rules: readonly Rule[]): E.Either<Inexpressible, string> => {
  const statements = statementsOf(rules)
  if (statements._tag === 'Left') return statements
  return E.right(statements.right.map((one, i) => atTop(one, i === statements.right.length - 1)).join(''))
}

/** The same with tags and capabilities, which get names made of their ids. */
export const decompilePolicy = (policy: Policy): E.Either<Inexpressible, string> => {
  const tags = policy.tags.map(({ id, default: otherwise }) => {
    const line = otherwise === null ? '' : `\n  default ${otherwise}`
    return `tag tag_${id}\n  id ${id}${line}\n;\n`
  })
  const capabilities: string[] = []
  for (const one of policy.capabilities) {
    const statements = statementsOf(one.rules)
    if (statements._tag === 'Left') return statements
    const body = statements.right.map(inBlock).join('')
    capabilities.push(`cap cap_${one.id}\n  id ${one.id}\n${one.default ? '  default\n' : ''}${body};\n`)
  }
  const rules = decompileRules(policy.rules)
  return rules._tag === 'Left' ? rules : E.right([...tags, ...capabilities, rules.right].join(''))
}

/** An action with its arguments, and its matches. */
interface Statement {
  readonly action: string
  readonly bare: boolean
  readonly matches: readonly string[]
}

const statementsOf = (rules: readonly Rule[]): E.Either<Inexpressible, readonly Statement[]> => {
  const out: Statement[] = []
  let matches: string[] = []
  for (const [index, rule] of rules.entries()) {
    const text = textOf(rule)
    if (text === undefined) return E.left({ index, why: `${rule._tag} has no form in the language, or not with this` })
    if (isAction(rule)) {
      out.push({ action: text, bare: !text.includes(' ') && matches.length === 0, matches })
      matches = []
    } else matches.push(`${rule.or ? 'or ' : ''}${rule.not ? 'not ' : ''}${text}`)
  }
  if (matches.length > 0) return E.left({ index: rules.length - 1, why: 'matches without an action after them' })
  return E.right(out)
}

/** A bare action opens a block in lower case, and would take in what follows: only the last may be so written. */
const atTop = (one: Statement, isLast: boolean): string =>
  one.bare ? (isLast ? `${one.action};\n` : `${one.action.toUpperCase()}\n`) : closed(one, '')

/** In a block a bare action must not close it either, so it has no semicolon. */
const inBlock = (one: Statement): string => (one.bare ? `  ${one.action.toUpperCase()}\n` : closed(one, '  '))

const closed = ({ action, matches }: Statement, indent: string): string =>
  matches.length === 0
    ? `${indent}${action};\n`
    : `${indent}${action}\n${matches.map((one) => `${indent}  ${one}\n`).join('')}${indent};\n`

/** `undefined`: the language has no words for it. */
const textOf = (rule: Rule): string | undefined => {
  switch (rule._tag) {
    case 'Unknown':
    case 'Priority':
    case 'IntegerRange':
      return undefined
    case 'Drop':
    case 'Accept':
    case 'Break':
      return rule._tag.toLowerCase()
    case 'Tee':
    case 'Watch':
    case 'Redirect': {
      if (rule.flags !== 0 || rule.target > MAX_ADDRESS) return undefined
      const target = rule.target.toString(16).padStart(10, '0')
      if (rule._tag === 'Redirect') return rule.length === 0 ? `redirect ${target}` : undefined
      return `${rule._tag.toLowerCase()} ${rule.length} ${target}`
    }
    case 'SourceZeroTierAddress':
      return `ztsrc ${printAddress(rule.address)}`
    case 'DestZeroTierAddress':
      return `ztdest ${printAddress(rule.address)}`
    case 'VlanId':
      return `vlan ${rule.value}`
    case 'VlanPcp':
      return `vlanpcp ${rule.value}`
    case 'VlanDei':
      return `vlandei ${rule.value}`
    case 'MacSource':
      return `macsrc ${printMac(rule.mac)}`
    case 'MacDest':
      return `macdest ${printMac(rule.mac)}`
    case 'Ipv4Source':
    case 'Ipv6Source':
    case 'Ipv4Dest':
    case 'Ipv6Dest':
      if (rule.bits > rule.ip.length * 8) return undefined
      return `${rule._tag.endsWith('Source') ? 'ipsrc' : 'ipdest'} ${printIp(rule.ip)}/${rule.bits}`
    case 'IpTos':
      return rule.start > rule.end ? undefined : `iptos ${rule.mask} ${rangeText(rule)}`
    case 'IpProtocol':
      return `ipprotocol ${protocolNames.get(rule.value) ?? rule.value}`
    case 'EtherType':
      return `ethertype ${etherTypeNames.get(rule.value) ?? `0x${rule.value.toString(16).padStart(4, '0')}`}`
    case 'Icmp':
      if (rule.flags > 1 || (rule.flags === 0 && rule.icmpCode !== 0)) return undefined
      return `icmp ${rule.type} ${rule.flags === 1 ? rule.icmpCode : -1}`
    case 'IpSourcePortRange':
      return rule.start > rule.end ? undefined : `sport ${rangeText(rule)}`
    case 'IpDestPortRange':
      return rule.start > rule.end ? undefined : `dport ${rangeText(rule)}`
    case 'FrameSizeRange':
      return rule.start > rule.end ? undefined : `framesize ${rangeText(rule)}`
    case 'Characteristics':
      return rule.mask === 0n ? undefined : `chr ${bitsOf(rule.mask).join(',')}`
    case 'Random': // half a step above, so that what rounding takes away is not missed
      return `random ${rule.probability === MAX_U32 ? 1 : (rule.probability + 0.5) / MAX_U32}`
    default:
      return `${tagMatches[rule._tag]} ${rule.id} ${rule.value}`
  }
}

const rangeText = ({ start, end }: { readonly start: number; readonly end: number }): string =>
  start === end ? `${start}` : `${start}-${end}`

const bitsOf = (mask: bigint): readonly (string | number)[] => {
  const out: (string | number)[] = []
  for (let bit = 63; bit >= 0; bit--) if (((mask >> BigInt(bit)) & 1n) === 1n) out.push(bitNames.get(bit) ?? bit)
  return out
}

const tagMatches = {
  TagsBitwiseAnd: 'tand',
  TagsBitwiseOr: 'tor',
  TagsBitwiseXor: 'txor',
  TagsDifference: 'tdiff',
  TagsEqual: 'teq',
  TagSender: 'tseq',
  TagReceiver: 'treq',
} as const
/** The first name of several. `icmp` is reserved and never the first. */
const byNumber = (names: ReadonlyMap<string, number>): ReadonlyMap<number, string> =>
  new Map([...names].reverse().map(([name, value]) => [value, name]))
const etherTypeNames = byNumber(etherTypes)
const protocolNames = byNumber(ipProtocols)
const bitNames = byNumber(characteristics)
const MAX_ADDRESS = 0xff_ffff_ffffn
