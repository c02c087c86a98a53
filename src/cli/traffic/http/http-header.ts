/**
 * The fields of a message as a proxy hands them on: names, values, names, values, as they were written, without those that
 * concern one connection only (RFC 9110 §7.6.1), and with its own `Via`.
 */
export const forwarded = (raw: readonly string[], version: string): string[] => {
  const dropped = new Set(HOP_BY_HOP)
  const each = function* (): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i]!, raw[i + 1]!]
  }
  let chunked = false
  for (const [name, value] of each()) {
    const key = name.toLowerCase()
    if (key === 'connection') for (const one of value.split(',')) dropped.add(one.trim().toLowerCase())
    if (key === 'transfer-encoding') chunked = true
  }
  const kept = [...each()].filter(([name]) => !dropped.has(name.toLowerCase()))
  // how the body is cut is told anew, as Node then cuts it
  if (chunked) kept.push(['Transfer-Encoding', 'chunked'])
  return [...kept, ['Via', `${version} rxzt`] as const].flat()
}

const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]
