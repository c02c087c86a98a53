/** What a script's numbers come from: `let` names, variables of `repeat`, `now`. */
export type Variables = ReadonlyMap<string, number>
/** Read once, worked out as often as a line is played. */
export type Expression = (variables: Variables) => number

/** A text with `{…}` in it, each of which is replaced by the value of what it holds. */
export const template = (text: string): ((variables: Variables) => string) => {
  const parts = text.split(/\{([^{}]*)\}/)
  if (parts.length === 1) return () => text
  const values = parts.map((part, i) => (i % 2 === 0 ? part : expression(part)))
  return (variables) => values.reduce<string>((all, v) => all + (typeof v === 'string' ? v : v(variables)), '')
}

/** The arithmetic of scripts: numbers, names, `+ - * / %` and brackets, with the usual precedence. */
export const expression = (text: string): Expression => {
  const tokens = text.match(/\d+(?:\.\d+)?|[a-z]\w*|[-+*/%()]/gi) ?? []
  if (tokens.join('') !== text.replace(/\s/g, '')) throw new Error(`cannot read {${text}}`)
  let at = 0
  const atom = (): Expression => {
    const token = tokens[at++]
    if (token === '-') {
      const value = atom()
      return (variables) => -value(variables)
    }
    if (token === '(') {
      const value = sum()
      if (tokens[at++] !== ')') throw new Error(`a bracket stays open in {${text}}`)
      return value
    }
    if (token !== undefined && /^\d/.test(token)) return () => Number(token)
    return (variables) => {
      const value = token === undefined ? undefined : variables.get(token)
      if (value === undefined) throw new Error(`${token ?? 'nothing'} is no number in {${text}}`)
      return value
    }
  }
  const chain = (next: () => Expression, operators: string): Expression => {
    let value = next()
    for (; tokens[at] !== undefined && operators.includes(tokens[at]!); ) {
      const apply = OPERATORS[tokens[at++]!]!
      const [left, right] = [value, next()]
      value = (variables) => apply(left(variables), right(variables))
    }
    return value
  }
  const product = (): Expression => chain(atom, '*/%')
  const sum = (): Expression => chain(product, '+-')
  const value = sum()
  if (at !== tokens.length) throw new Error(`cannot read {${text}}`)
  return value
}

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}
