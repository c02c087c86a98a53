import type { OptionRules } from '../../streams/option.ts'
import { misuse } from '../failure.ts'
import { readText } from '../file.ts'
import { subnet } from './subnet.ts'

/** What a network or a member shall be. */
export type Change = Readonly<Record<string, unknown>>

/**
 * `name=value` as fields of the API of controllers, checked: the API itself takes what it can read and leaves the rest
 * out. Values are JSON, or text where they are not.
 */
export const changeOf = async (words: readonly string[], rules: OptionRules<object>): Promise<Change> => {
  const { checkOptions } = await import('../../streams/option.ts')
  const change = Object.fromEntries(words.map((word) => fieldOf(word)))
  // whoever writes name=42 means the text
  if ('name' in change) change['name'] = String(words.find((word) => word.startsWith('name='))?.slice(5))
  const unknown = Object.keys(change).find((name) => !Object.hasOwn(rules, name))
  if (unknown !== undefined) misuse(`there is no field "${unknown}"`, `use one of ${Object.keys(rules).join(', ')}`)
  checkOptions<object>('the change', change, rules)
  return change
}

const fieldOf = (word: string): readonly [string, unknown] => {
  const at = word.indexOf('=')
  if (at <= 0) return misuse(`"${word}" sets nothing`, 'write <field>=<value>, as in name=office or mtu=1400')
  return [word.slice(0, at), readValue(word.slice(at + 1))]
}

const readValue = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Fields of a network with addresses from these subnets. */
export const withSubnets = (subnets: readonly string[], change: Change): Change => {
  if (subnets.length === 0) return change
  for (const name of ['routes', 'ipAssignmentPools', 'v4AssignMode'])
    if (name in change) misuse(`--subnet says ${name} already`, `leave --subnet or ${name}=… out`)
  const parsed = subnets.map(subnet)
  return {
    ...change,
    routes: parsed.map(({ target }) => ({ target, via: null })),
    ipAssignmentPools: parsed.map(({ first, last }) => ({ ipRangeStart: first, ipRangeEnd: last })),
    v4AssignMode: { zt: true },
  }
}

/** Rules of a file: JSON, or the rule language, which says capabilities and tags as well. */
export const rulesIn = async (file: string): Promise<Change> => {
  const text = await readText(file)
  if (/^\s*\[/.test(text)) {
    const rules = readValue(text)
    return Array.isArray(rules) ? { rules } : misuse(`${file} is no JSON list of rules`, 'correct it')
  }
  const { compileRules } = await import('../../protocol/network/rule-language/compile.ts')
  const compiled = compileRules(text)
  if (compiled._tag === 'Right') return compiled.right.config
  const { line, column, message } = compiled.left
  return misuse(`${file}: line ${line}, column ${column}: ${message}`, 'correct it')
}
