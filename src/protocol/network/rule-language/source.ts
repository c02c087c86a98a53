/** A word of the source, and where it stands: lines count from 1, columns from 0 in UTF-16 units. */
export interface Word {
  readonly _tag: 'Word'
  readonly text: string
  readonly line: number
  readonly column: number
}
/** What follows an opening word up to its semicolon. */
export interface Block {
  readonly _tag: 'Block'
  readonly items: readonly Item[]
}
export type Item = Word | Block

/** Why a source is no rules, and where. */
export interface SourceError {
  readonly line: number
  readonly column: number
  readonly message: string
}

export const errorAt = (word: Word, message: string): SourceError => ({ line: word.line, column: word.column, message })

/**
 * The words of a source, nested by block (`docs/protocol/vl2.md` §18.1). White space separates words, `#` at the start
 * of a word begins a comment, a semicolon at the end of a word closes the innermost block unless that is still empty.
 *
 * So `accept;` closes the block *around* it where there is one, and else opens a block that takes in the next
 * statement: deployed compilers read it that way.
 */
export const parseSource = (source: string): readonly Item[] => {
  const open: Item[][] = [[]]
  let line = 1
  let lineStart = 0
  let at = 0
  while (at < source.length) {
    const c = source[at]!
    if (isSpace(c)) {
      at++
      if (c === '\n') {
        line++
        lineStart = at
      }
    } else if (c === '#') while (at < source.length && source[at] !== '\n' && source[at] !== '\r') at++
    else {
      const start = at
      while (at < source.length && !isSpace(source[at]!)) at++
      const whole = source.slice(start, at)
      const ends = whole.endsWith(';')
      const text = ends ? whole.slice(0, -1) : whole
      const top = open.at(-1)!
      if (text !== '') top.push({ _tag: 'Word', text, line, column: start - lineStart })
      if (at === source.length) break // the last word neither opens nor closes
      if (ends && open.length > 1 && top.length > 0) fold(open)
      else if (openers.has(text)) open.push([])
    }
  }
  while (open.length > 1 && open.at(-1)!.length > 0) fold(open)
  return open[0]!
}

const fold = (open: Item[][]): void => {
  const items = open.pop()!
  open.at(-1)!.push({ _tag: 'Block', items })
}

const isSpace = (c: string): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n'
const openers: ReadonlySet<string> = new Set([
  'macro',
  'tag',
  'cap',
  'drop',
  'accept',
  'tee',
  'watch',
  'redirect',
  'break',
  'priority',
])
