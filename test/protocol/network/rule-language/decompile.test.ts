import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../../src/protocol/network/loose-json.ts'
import type { Rule } from '../../../../src/protocol/network/rule.ts'
import { parseRule } from '../../../../src/protocol/network/rule-json.ts'
import { compileRules } from '../../../../src/protocol/network/rule-language/compile.ts'
import { decompilePolicy, decompileRules } from '../../../../src/protocol/network/rule-language/decompile.ts'
import { anyRule } from '../../../support/rules.ts'

const parsed = (rules: readonly JsonObject[]): readonly Rule[] => rules.map((one) => parseRule(one)!)
const compile = (source: string) => {
  const result = compileRules(source)
  if (result._tag === 'Left') throw new Error(`${JSON.stringify(result.left)} in\n${source}`)
  return result.right.config
}
const sourceOf = (rules: readonly Rule[]): string => {
  const result = decompileRules(rules)
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  return result.right
}
const accept: Rule = { _tag: 'Accept', not: false, or: false }
const lists = fc.array(anyRule(true), { maxLength: 12 }).map((rules) => [...rules, accept])

describe('the decompiler', () => {
  it('writes the customary list the way people do', () => {
    const source = 'drop\n  not ethertype ipv4\n  not ethertype arp\n  not ethertype ipv6\n;\naccept;\n'
    expect(sourceOf(parsed(compile(source).rules))).toBe(source)
  })

  it('keeps a bare action from taking in the statement after it', () => {
    const drop: Rule = { ...accept, _tag: 'Drop' }
    expect(sourceOf([drop, accept, accept])).toBe('DROP\nACCEPT\naccept;\n')
  })

  it('gives a source that compiles to the same rules', () => {
    fc.assert(
      fc.property(lists, (rules) => {
        expect(parsed(compile(sourceOf(rules)).rules)).toEqual(rules)
      }),
      { numRuns: 500 },
    )
  })

  it('gives a source that compiles to the same rules, capabilities and tags', () => {
    const tags = fc.uniqueArray(
      fc.record({ id: fc.nat(), default: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 0xffff_ffff })) }),
      { selector: ({ id }) => id, maxLength: 3 },
    )
    const capabilities = fc.uniqueArray(fc.record({ id: fc.nat(), default: fc.boolean(), rules: lists }), {
      selector: ({ id }) => id,
      maxLength: 3,
    })
    fc.assert(
      fc.property(fc.record({ rules: lists, capabilities, tags }), (policy) => {
        const source = decompilePolicy(policy)
        if (source._tag === 'Left') throw new Error(JSON.stringify(source.left))
        const config = compile(source.right)
        expect({
          ...config,
          rules: parsed(config.rules),
          capabilities: config.capabilities.map((one) => ({ ...one, rules: parsed(one.rules) })),
        }).toEqual(policy)
      }),
    )
  })

  it('names the rule that has no words', () => {
    const refused = (...rules: readonly Rule[]) => {
      const result = decompileRules(rules)
      return result._tag === 'Left' ? result.left.index : undefined
    }
    const flags = { not: false, or: false }
    expect(refused(accept, { _tag: 'Unknown', code: 60, ...flags })).toBe(1)
    expect(refused({ _tag: 'Priority', ...flags }, accept)).toBe(0)
    expect(refused({ _tag: 'Characteristics', mask: 0n, ...flags }, accept)).toBe(0)
    expect(refused({ _tag: 'IpDestPortRange', start: 2, end: 1, ...flags }, accept)).toBe(0)
    expect(refused(accept, { _tag: 'EtherType', value: 1, ...flags })).toBe(1)
  })

  it('either refuses a list or says all of it, for any list', () => {
    fc.assert(
      fc.property(fc.array(anyRule(false), { maxLength: 6 }), (rules) => {
        const source = decompileRules(rules)
        if (source._tag === 'Left') return
        const bare = (rule: Rule): Rule => ({ ...rule, not: false, or: false })
        const actions = new Set(['Drop', 'Accept', 'Break', 'Tee', 'Watch', 'Redirect'])
        const expected = rules.map((rule) => (actions.has(rule._tag) ? bare(rule) : rule))
        expect(parsed(compile(source.right).rules)).toEqual(expected)
      }),
    )
  })
})
