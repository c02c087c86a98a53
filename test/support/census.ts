/**
 * How many entries every table in a state has: maps, sets and arrays, by where they are, those of all members of a table
 * together. New tables are counted without being named here.
 */
export const census = (state: object): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  const seen = new Set<object>()
  const visit = (value: unknown, at: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
    seen.add(value)
    if (depth > DEEPEST) return
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      const members = [...value.values()]
      counts.set(at, (counts.get(at) ?? 0) + members.length)
      for (const member of members) visit(member, `${at}*`, depth + 1)
    } else if (!(value instanceof WeakMap))
      for (const [key, member] of Object.entries(value)) visit(member, `${at}.${key}`, depth + 1)
  }
  visit(state, '', 0)
  return counts
}

const DEEPEST = 8
