import { E } from '../../kernel/fp.ts'
import { isName, MAX_U32, parseNumber, parseUpTo } from './name.ts'
import { errorAt, type Item, type SourceError, type Word } from './source.ts'

/** `macro name($a,$b)` and the actions that `include` puts in its place. */
export interface Macro {
  readonly parameters: readonly string[]
  readonly items: readonly Item[]
}
/** `tag`: a number that members carry, with names for values and for sets of bits. */
export interface TagDefinition {
  readonly id: number
  readonly default: number | undefined
  readonly enums: ReadonlyMap<string, number>
  readonly flags: ReadonlyMap<string, number>
}
/** `cap`: actions for members that hold it. Rendered last, so that it may use what is defined after it. */
export interface CapabilityDefinition {
  readonly id: number
  readonly default: boolean
  readonly items: readonly Item[]
}
export interface Definitions {
  readonly macros: Map<string, Macro>
  readonly tags: Map<string, TagDefinition>
  readonly capabilities: Map<string, CapabilityDefinition>
}

/** Files the definition in `items`, what follows the word `keyword` (`docs/protocol/vl2.md` §18.2). */
export const define = (keyword: Word, items: readonly Item[], all: Definitions): SourceError | undefined => {
  const kind = keyword.text.toLowerCase()
  const first = items[0]
  if (first?._tag !== 'Word') return errorAt(keyword, `${kind} needs a name`)
  const [written = '', ...parameters] =
    kind === 'macro' ? first.text.split(/[(),]/).filter((part, i) => i === 0 || part !== '') : [first.text]
  if (!isName(written)) return errorAt(first, `"${written}" cannot be the name of a ${kind}`)
  const name = written.toLowerCase()
  const known: ReadonlyMap<string, unknown> =
    kind === 'macro' ? all.macros : kind === 'tag' ? all.tags : all.capabilities
  if (known.has(name)) return errorAt(first, `${kind} "${name}" is defined already`)
  const body = items.slice(1)
  if (kind === 'macro') {
    all.macros.set(name, { parameters, items: body })
    return undefined
  }
  if (kind === 'tag') {
    const tag = tagDefinition(first, body)
    if (tag._tag === 'Left') return tag.left
    all.tags.set(name, tag.right)
    return undefined
  }
  const taken = new Set([...all.capabilities.values()].map((one) => one.id))
  const capability = capabilityDefinition(first, body, taken)
  if (capability._tag === 'Left') return capability.left
  all.capabilities.set(name, capability.right)
  return undefined
}

const tagDefinition = (name: Word, items: readonly Item[]): E.Either<SourceError, TagDefinition> => {
  const enums = new Map<string, number>()
  const flags = new Map<string, number>()
  let id: number | undefined
  let otherwise: string | undefined
  let at = 0
  for (let item = items[at]; item !== undefined; item = items[at]) {
    if (item._tag === 'Block') return E.left(errorAt(name, 'a tag has no actions'))
    const keyword = item.text.toLowerCase()
    const [one, two] = [wordAt(items, at + 1), wordAt(items, at + 2)]
    if (one === undefined) return E.left(errorAt(item, `"${item.text}" needs a value or means nothing in a tag`))
    switch (keyword) {
      case 'id': {
        const value = parseUpTo(one.text, MAX_U32)
        if (id !== undefined) return E.left(errorAt(item, 'a tag has one id'))
        if (value === undefined) return E.left(errorAt(one, `"${one.text}" is no id of 32 bits`))
        id = value
        at += 2
        break
      }
      case 'default':
        if (otherwise !== undefined) return E.left(errorAt(item, 'a tag has one default'))
        otherwise = one.text
        at += 2
        break
      case 'enum':
      case 'flag': {
        const names = keyword === 'enum' ? enums : flags
        if (two === undefined) return E.left(errorAt(item, `${keyword} needs a value and a name`))
        const value = keyword === 'enum' ? parseUpTo(one.text, MAX_U32) : parseBits(one.text, flags)
        if (value === undefined) return E.left(errorAt(one, `"${one.text}" is no value of a tag`))
        const given = two.text.toLowerCase()
        if (!isName(given)) return E.left(errorAt(two, `"${two.text}" cannot be the name of a value`))
        if (names.has(given)) return E.left(errorAt(two, `${keyword} "${given}" is defined already`))
        names.set(given, value)
        at += 3
        break
      }
      default:
        return E.left(errorAt(item, `"${item.text}" means nothing in a tag`))
    }
  }
  if (id === undefined) return E.left(errorAt(name, 'a tag needs an id'))
  return E.right({
    id,
    default: otherwise === undefined ? undefined : defaultOf(otherwise, enums, flags),
    enums,
    flags,
  })
}

/** Bit numbers and names of flags defined before, together. */
const parseBits = (text: string, flags: ReadonlyMap<string, number>): number | undefined => {
  let value = 0
  for (const part of text.split(',')) {
    const known = flags.get(part.toLowerCase())
    const bit = parseUpTo(part, 31)
    if (known !== undefined) value |= known
    else if (bit !== undefined) value |= 1 << bit
    else return undefined
  }
  return value >>> 0
}

const defaultOf = (text: string, enums: ReadonlyMap<string, number>, flags: ReadonlyMap<string, number>): number => {
  const name = text.toLowerCase()
  const number = /^\s*[+-]?\d/.test(text) ? Math.abs(parseNumber(text)) : 0
  return enums.get(name) ?? flags.get(name) ?? number % 0x1_0000_0000
}

const capabilityDefinition = (
  name: Word,
  items: readonly Item[],
  taken: ReadonlySet<number>,
): E.Either<SourceError, CapabilityDefinition> => {
  const actions: Item[] = []
  let id: number | undefined
  let isDefault = false
  let at = 0
  for (let item = items[at]; item !== undefined; item = items[at]) {
    const keyword = item._tag === 'Word' ? item.text.toLowerCase() : ''
    if (item._tag === 'Word' && keyword === 'id') {
      const value = wordAt(items, at + 1)
      const number = value === undefined ? undefined : parseUpTo(value.text, MAX_U32)
      if (id !== undefined) return E.left(errorAt(item, 'a capability has one id'))
      if (number === undefined) return E.left(errorAt(value ?? item, 'a capability needs an id of 32 bits'))
      if (taken.has(number)) return E.left(errorAt(item, `another capability has the id ${number}`))
      id = number
      at += 2
    } else {
      if (keyword === 'default') isDefault = true
      else actions.push(item)
      at++
    }
  }
  if (id === undefined) return E.left(errorAt(name, 'a capability needs an id'))
  return E.right({ id, default: isDefault, items: actions })
}

const wordAt = (items: readonly Item[], at: number): Word | undefined => {
  const item = items[at]
  return item?._tag === 'Word' ? item : undefined
}
