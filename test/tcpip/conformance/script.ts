import { template, type Variables } from './expression.ts'

/** A case as it was read from its file: what it is about, and its lines. */
export interface Case {
  readonly id: string
  readonly title: string
  /** Families it is played in. */
  readonly families: readonly (4 | 6)[]
  readonly lines: readonly Line[]
}
/** A line of a script, or a block of them that is played several times. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly variable: string; readonly range: string; readonly lines: readonly Line[] }

/** When a line happens: so many ms from the line before (or from the mark), as soon as something comes in between. */
export interface When {
  readonly from: number
  readonly to: number
  readonly isAbsolute: boolean
}
/** One line in its parts: `5001: +10..20 > A 1+1000 ack=1 x2` is label, time, verb, words and fields. */
export interface Statement {
  readonly label: string | undefined
  readonly when: When | undefined
  readonly verb: string
  readonly words: readonly string[]
  readonly fields: ReadonlyMap<string, string>
  readonly times: number
}

export const parseCase = (text: string): Case => {
  const rows = text.split('\n').map((row, i) => ({ number: i + 1, text: row.replace(/(^|\s)#.*$/, '').trim() }))
  const [, id, title] = /^case (\w+) (.+)$/.exec(rows[0]?.text ?? '') ?? []
  if (id === undefined || title === undefined) throw new Error('a script begins with `case ID title`')
  const only = rows.find((row) => row.text.startsWith('only '))?.text
  const families = only === undefined ? ([4, 6] as const) : only === 'only v4' ? ([4] as const) : ([6] as const)
  const body = rows.slice(1).filter((row) => row.text !== '' && row.text !== only)
  let at = 0
  const block = (isInner: boolean): readonly Line[] => {
    const lines: Line[] = []
    for (; at < body.length; ) {
      const row = body[at++]!
      if (row.text === '}') {
        if (!isInner) throw new Error(`line ${row.number}: a bracket too many`)
        return lines
      }
      const [, variable, range] = /^repeat (\w+) (\S+) \{$/.exec(row.text) ?? []
      if (variable === undefined || range === undefined) lines.push(row)
      else lines.push({ number: row.number, variable, range, lines: block(true) })
    }
    if (isInner) throw new Error('a block stays open')
    return lines
  }
  return { id, title, families, lines: block(false) }
}

/** `[a|b]` is `a` over IPv4 and `b` over IPv6. */
const ofFamily = (text: string, family: 4 | 6): string =>
  text.replace(/\[([^[\]|]*)\|([^[\]|]*)\]/g, (_, v4: string, v6: string) => (family === 4 ? v4 : v6))

/** A line read once: what of it depends on variables is filled in whenever it is played. */
export const parseStatement = (line: string, family: 4 | 6): ((variables: Variables) => Statement) => {
  const tokens: string[] = ofFamily(line, family).match(/(?:\{[^}]*\}|[^\s{])+/g) ?? []
  const label = tokens[0]!.endsWith(':') ? tokens.shift()!.slice(0, -1) : undefined
  const when = whenOf(tokens)
  const verb = tokens.shift() ?? 'wait'
  const words: string[] = []
  const fields: (readonly [string, string])[] = []
  let times = '1'
  for (const token of tokens) {
    const [, name, value] = /^([a-z]\w*)([=<>].*)$/i.exec(token) ?? []
    if (/^x(\d+|\{.*\})$/.test(token)) times = token.slice(1)
    else if (name !== undefined && value !== undefined)
      fields.push([name, value.startsWith('=') ? value.slice(1) : value])
    else words.push(token)
  }
  const texts = [label ?? '', when?.from ?? '', when?.to ?? '', times, ...words, ...fields.map(([, value]) => value)]
  const fill = (filled: readonly string[]): Statement => ({
    label: label === undefined ? undefined : filled[0]!,
    when: when === undefined ? undefined : { ...when, from: Number(filled[1]), to: Number(filled[2]) },
    ...{ verb, times: Number(filled[3]), words: filled.slice(4, 4 + words.length) },
    fields: new Map(fields.map(([name], i) => [name, filled[4 + words.length + i]!])),
  })
  if (!line.includes('{')) {
    const always = fill(texts)
    return () => always
  }
  const templates = texts.map(template)
  return (variables) => fill(templates.map((text) => text(variables)))
}

/** The time in front of a line, as text. */
const whenOf = (
  tokens: string[],
): { readonly from: string; readonly to: string; readonly isAbsolute: boolean } | undefined => {
  const first = tokens[0]!
  if (first === 'at') {
    const from = tokens[1]!
    tokens.splice(0, 2)
    return { from, to: from, isAbsolute: true }
  }
  if (!/^\+[\d{]/.test(first)) return undefined
  tokens.shift()
  const [from, to] = first.slice(1).split('..')
  return { from: from!, to: to ?? from!, isAbsolute: false }
}

/** Whether `found` is what a field asks for: a value, `*`, `none`, `<n`, `>n` or `lo..hi`. */
export const fits = (found: string | undefined, wanted: string): boolean => {
  if (wanted === 'none') return found === undefined
  if (found === undefined) return false
  if (wanted === '*' || wanted === found) return true
  if (wanted.includes('/')) {
    const parts = found.split('/')
    return wanted.split('/').every((part, i) => fits(parts[i], part))
  }
  if (wanted.startsWith('<')) return Number(found) < Number(wanted.slice(1))
  if (wanted.startsWith('>')) return Number(found) > Number(wanted.slice(1))
  const [, low, high] = /^(-?\d+)\.\.(-?\d+)$/.exec(wanted) ?? []
  return low !== undefined && Number(found) >= Number(low) && Number(found) <= Number(high)
}
