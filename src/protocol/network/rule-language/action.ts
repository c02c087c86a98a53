import type { JsonObject } from '../loose-json.ts'
import type { Definitions } from './definition.ts'
import { type Argument, matchForms } from './match.ts'
import { isReserved, parseNumber } from './name.ts'
import { errorAt, type Item, type SourceError, type Word } from './source.ts'

/** What rendering works with: the definitions, the list that grows, and how much more it may do. */
export interface Rendering {
  readonly definitions: Definitions
  readonly rules: JsonObject[]
  /** Actions left, includes among them: macros that include each other twice would double without end. */
  left: number
}
type Parameters = ReadonlyMap<string, string>

/** Actions and what belongs to them, as rules: the matches of each, then the action (`docs/protocol/vl2.md` §18.3). */
export const renderActions = (
  items: readonly Item[],
  parameters: Parameters,
  depth: number,
  r: Rendering,
): SourceError | undefined => {
  for (let at = 0; at < items.length; at++) {
    const word = items[at]!
    if (word._tag === 'Block') continue // taken with the action before it; there always is one
    if (--r.left < 0) return errorAt(word, 'these rules grow too long')
    const next = items[at + 1]
    const keyword = word.text.toLowerCase()
    if (keyword === 'include') {
      if (next?._tag !== 'Word') return errorAt(word, 'include needs the name of a macro')
      const error = renderInclude(next, depth, r)
      if (error !== undefined) return error
      at++
      continue
    }
    const given = next?._tag === 'Block' ? next.items : []
    const error = renderAction(keyword, word, given, parameters, r)
    if (error !== undefined) return error
  }
  return undefined
}

const renderAction = (
  keyword: string,
  word: Word,
  given: readonly Item[],
  parameters: Parameters,
  r: Rendering,
): SourceError | undefined => {
  switch (keyword) {
    case 'drop':
    case 'accept':
    case 'break':
      return renderMatches(given, 0, parameters, r) ?? emit(r, { type: `ACTION_${keyword.toUpperCase()}` })
    case 'tee':
    case 'watch': {
      const [length, target] = [argument(given[0], parameters), argument(given[1], parameters)]
      if (length === undefined || target === undefined) return errorAt(word, `${keyword} needs a length and an address`)
      const bytes = parseNumber(length.text)
      if (!/^[+-]?\d/.test(length.text) || bytes < -1 || bytes > 0xffff)
        return errorAt(length.word, `"${length.text}" is no length from -1 to 65535`)
      const error = checkTarget(target) ?? renderMatches(given, 2, parameters, r)
      return error ?? emit(r, { type: `ACTION_${keyword.toUpperCase()}`, address: target.text, length: bytes })
    }
    case 'redirect': {
      const target = argument(given[0], parameters)
      if (target === undefined) return errorAt(word, 'redirect needs an address')
      const error = checkTarget(target) ?? renderMatches(given, 1, parameters, r)
      return error ?? emit(r, { type: 'ACTION_REDIRECT', address: target.text })
    }
    case 'priority':
      return errorAt(word, 'priority cannot be written')
    default:
      return errorAt(word, `"${word.text}" is no action`)
  }
}

const emit = (r: Rendering, rule: JsonObject): undefined => {
  r.rules.push(rule)
}

const checkTarget = ({ text, word }: Argument): SourceError | undefined =>
  text.length === 10 && !text.startsWith('$') ? undefined : errorAt(word, `"${text}" is no address of 10 digits`)

/** `include name(a,b)`: parameters are bound for the body of the macro alone. */
const renderInclude = (word: Word, depth: number, r: Rendering): SourceError | undefined => {
  const [name = '', ...given] = word.text.split(/[(),]/).filter((part, i) => i === 0 || part !== '')
  const macro = r.definitions.macros.get(name)
  if (macro === undefined) return errorAt(word, `no macro "${name}"`)
  if (given.length < macro.parameters.length)
    return errorAt(word, `macro "${name}" takes ${macro.parameters.length} parameters`)
  if (depth >= MAX_INCLUDES) return errorAt(word, 'macros include each other too deeply')
  const bound = new Map(macro.parameters.map((parameter, i) => [parameter, given[i]!]))
  return renderActions(macro.items, bound, depth + 1, r)
}

/** From `from` on, the items are matches. NOT and OR wait for the next one, in any order. */
const renderMatches = (
  items: readonly Item[],
  from: number,
  parameters: Parameters,
  r: Rendering,
): SourceError | undefined => {
  let not = false
  let or = false
  for (let at = from; at < items.length; at++) {
    const word = items[at]!
    if (word._tag === 'Block') continue // cannot be: the word that opened it is no match
    const keyword = word.text.toLowerCase()
    if (keyword === 'not') not = true
    else if (keyword === 'or') or = true
    else if (keyword !== 'and') {
      const form = matchForms.get(keyword)
      if (form === undefined) return errorAt(word, `"${word.text}" is no match`)
      const given: Argument[] = []
      for (let i = 1; i <= form.takes; i++) {
        const item = items[at + i]
        if (item?._tag !== 'Word' || isReserved(item.text)) return errorAt(word, `${keyword} needs more arguments`)
        const one = argument(item, parameters)
        if (one === undefined) return errorAt(item, `no parameter "${item.text}"`)
        given.push(one)
      }
      const rule = form.rule(given, r.definitions.tags)
      if (rule._tag === 'Left') return rule.left
      const { type, ...fields } = rule.right
      r.rules.push({ type, not, or, ...fields })
      not = false
      or = false
      at += form.takes
    }
  }
  return undefined
}

/** `undefined`: no word, or a parameter that does not exist. */
const argument = (item: Item | undefined, parameters: Parameters): Argument | undefined => {
  if (item?._tag !== 'Word') return undefined
  const text = item.text.startsWith('$') ? parameters.get(item.text) : item.text
  return text === undefined ? undefined : { text, word: item }
}

const MAX_INCLUDES = 64
