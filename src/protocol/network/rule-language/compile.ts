import { E } from '../../kernel/fp.ts'
import type { JsonObject } from '../loose-json.ts'
import { type Rendering, renderActions } from './action.ts'
import { type Definitions, define } from './definition.ts'
import { type Item, parseSource, type SourceError } from './source.ts'

/** What a source compiles to. `config` is what controllers take; the names are for people and programs. */
export interface CompiledRules {
  readonly config: {
    readonly rules: readonly JsonObject[]
    readonly capabilities: readonly {
      readonly id: number
      readonly default: boolean
      readonly rules: readonly JsonObject[]
    }[]
    readonly tags: readonly { readonly id: number; readonly default: number | null }[]
  }
  readonly capabilitiesByName: Readonly<Record<string, number>>
  readonly tagsByName: Readonly<Record<string, NamedTag>>
}
export interface NamedTag {
  readonly id: number
  readonly default: number | null
  readonly enums: Readonly<Record<string, number>>
  /** As signed numbers: a flag of bit 31 is negative, as deployed compilers show it. */
  readonly flags: Readonly<Record<string, number>>
}

/**
 * Compiles the rule language (`docs/protocol/vl2.md` §18) to rule JSON (§15.3).
 *
 * Deployed compilers show two values wrongly: they take the absolute value of a mask half that has bit 31 and another
 * one, and they refuse a flag of bit 31 in a match. Here both come out as what was written.
 */
export const compileRules = (source: string): E.Either<SourceError, CompiledRules> => {
  const definitions: Definitions = { macros: new Map(), tags: new Map(), capabilities: new Map() }
  const base: Item[] = []
  const items = parseSource(source)
  for (let at = 0; at < items.length; at++) {
    const item = items[at]!
    const next = items[at + 1]
    if (item._tag === 'Word' && next?._tag === 'Block' && defining.has(item.text.toLowerCase())) {
      const error = define(item, next.items, definitions)
      if (error !== undefined) return E.left(error)
      at++
    } else base.push(item)
  }

  let left = MAX_ACTIONS
  const render = (list: readonly Item[]): E.Either<SourceError, readonly JsonObject[]> => {
    const r: Rendering = { definitions, rules: [], left }
    const error = renderActions(list, new Map(), 0, r)
    left = r.left
    return error === undefined ? E.right(r.rules) : E.left(error)
  }
  const rules = render(base)
  if (rules._tag === 'Left') return rules
  const capabilities: CompiledRules['config']['capabilities'][number][] = []
  for (const one of definitions.capabilities.values()) {
    const granted = render(one.items)
    if (granted._tag === 'Left') return granted
    capabilities.push({ id: one.id, default: one.default, rules: granted.right })
  }
  const tags = [...definitions.tags]
  return E.right({
    config: {
      rules: rules.right,
      capabilities,
      tags: tags.map(([, { id, default: otherwise }]) => ({ id, default: otherwise ?? null })),
    },
    capabilitiesByName: Object.fromEntries([...definitions.capabilities].map(([name, { id }]) => [name, id])),
    tagsByName: Object.fromEntries(
      tags.map(([name, { id, default: otherwise, enums, flags }]) => [
        name,
        {
          id,
          default: otherwise ?? null,
          enums: Object.fromEntries(enums),
          flags: Object.fromEntries([...flags].map(([flag, value]) => [flag, value | 0])),
        },
      ]),
    ),
  })
}

const defining: ReadonlySet<string> = new Set(['macro', 'tag', 'cap'])
/** Actions that one source may come to, with those of its macros. */
export const MAX_ACTIONS = 65_536
