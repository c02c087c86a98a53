/**
 * The arithmetic of scripts: numbers, names, `+ - * / %` and brackets, with the usual precedence.
 * `{…}` in a line is replaced by the value of what it holds.
 */
export type Variables = ReadonlyMap<string, number>

export const interpolate = (line: string, variables: Variables): string =>
  line.includes('{') ? line.replace(/\{([^{}]*)\}/g, (_, text: string) => `${evaluate(text, variables)}`) : line

export const evaluate = (text: string, variables: Variables): number => {
  const tokens = text.match(/\d+(?:\.\d+)?|[a-z]\w*|[-+*/%()]/gi) ?? []
  if (tokens.join('') !== text.replace(/\s/g, '')) throw new Error(`cannot read {${text}}`)
  let at = 0
  const atom = (): number => {
    const token = tokens[at++]
    if (token === '-') return -atom()
    if (token === '(') {
      const value = sum()
      if (tokens[at++] !== ')') throw new Error(`a bracket stays open in {${text}}`)
      return value
    }
    const value = token === undefined ? Number.NaN : (variables.get(token) ?? Number(token))
    if (Number.isNaN(value)) throw new Error(`${token ?? 'nothing'} is no number in {${text}}`)
    return value
  }
  const product = (): number => {
    let value = atom()
    for (; tokens[at] === '*' || tokens[at] === '/' || tokens[at] === '%'; ) {
      const operator = tokens[at++]
      const other = atom()
      value = operator === '*' ? value * other : operator === '/' ? value / other : value % other
    }
    return value
  }
  const sum = (): number => {
    let value = product()
    for (; tokens[at] === '+' || tokens[at] === '-'; )
      value = tokens[at++] === '+' ? value + product() : value - product()
    return value
  }
  const value = sum()
  if (at !== tokens.length) throw new Error(`cannot read {${text}}`)
  return value
}
