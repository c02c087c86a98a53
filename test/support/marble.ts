/** Something that happened on one line of a diagram, as one character. */
export interface Mark {
  readonly at: number
  readonly act: Act
  readonly line: string
  readonly symbol: string
}
/** A part of a story, from something that the scenario does to the next. */
export interface Act {
  readonly at: number
  readonly title: string
}

/**
 * A marble diagram: time goes to the right, one column for each moment at which something happened and one line for each
 * node or link, a diagram for each act. What happens on one line at one moment stands in brackets, in order.
 *
 *     alice moves
 *     ms         0      21    88
 *     alice      -----------------|
 *     alice→bob  (qu)---p(pd)-----|
 */
export const marbles = (acts: readonly Act[], marks: readonly Mark[], end: number): string => {
  const lines = [...new Set(marks.map(({ line }) => line))].sort((a, b) => (a < b ? -1 : 1))
  return acts
    .map((act, i) => {
      const until = acts[i + 1]
      const mine = marks.filter((mark) => mark.act === act)
      return `${act.title}\n${diagram(lines, act.at, mine, until?.at ?? end)}`
    })
    .join('\n')
}

const diagram = (lines: readonly string[], start: number, marks: readonly Mark[], end: number): string => {
  const moments = [...new Set(marks.map(({ at }) => at))].sort((a, b) => a - b)
  const columns = moments.map((moment) => {
    const label = `${Math.round(moment - start)}`
    const cells = lines.map((line) => {
      const symbols = marks.filter((mark) => mark.at === moment && mark.line === line).map(({ symbol }) => symbol)
      return symbols.length > 1 ? `(${symbols.join('')})` : (symbols[0] ?? '')
    })
    return { label, cells, width: 2 + Math.max(label.length, ...cells.map((cell) => cell.length)) }
  })
  const margin = Math.max('ms'.length, ...lines.map((line) => line.length)) + 2
  const last = `${Math.round(end - start)}`
  const time = `${'ms'.padEnd(margin)}${columns.map(({ label, width }) => label.padEnd(width)).join('')}${last}\n`
  const rows = lines.map((line, i) => {
    const cells = columns.map(({ cells, width }) => cells[i]!.padEnd(width, '-')).join('')
    return `${line.padEnd(margin)}${cells}|\n`
  })
  return time + rows.join('')
}
