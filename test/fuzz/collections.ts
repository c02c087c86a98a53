/**
 * The largest size of every collection within `root`, by the name under which it is held: `peers`, `waiting.held`,
 * `peers[].routes`. So that a table that nobody thought of is seen as well.
 */
export const collections = (root: object): ReadonlyMap<string, number> => {
  const sizes = new Map<string, number>()
  const seen = new Set<object>()
  const note = (path: string, size: number): void => void sizes.set(path, Math.max(sizes.get(path) ?? 0, size))
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
    seen.add(value)
    if (Array.isArray(value)) {
      note(path, value.length)
      for (const one of value) walk(one, `${path}[]`)
    } else if (value instanceof Map || value instanceof Set) {
      note(path, value.size)
      for (const one of value.values()) walk(one, `${path}[]`)
    } else for (const [key, one] of Object.entries(value)) walk(one, path === '' ? key : `${path}.${key}`)
  }
  walk(root, '')
  return sizes
}

/** The collections that are larger than their bound; those without one may hold `rest`. */
export const oversized = (root: object, bounds: Readonly<Record<string, number>>, rest: number): readonly string[] =>
  [...collections(root)]
    .filter(([path, size]) => size > (bounds[path] ?? rest))
    .map(([path, size]) => `${path} holds ${size}, of at most ${bounds[path] ?? rest}`)
