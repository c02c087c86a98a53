import type { Entries, Entry } from './entries-of.ts'

/** The page that lists a directory: directories first, then by name, numbers in names by their value. `path` is that of the URL. */
export const directoryPage = (path: string, { entries, more }: Entries): string => {
  const title = `Index of ${escaped(decodeURIComponent(path))}`
  const sorted = [...entries].sort((a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name))
  const up = path === '/' ? [] : ['<tr><td><a href="../">../</a></td><td></td><td></td></tr>']
  const rest = more ? ['<tr><td>and more that are not listed</td><td></td><td></td></tr>'] : []
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em; color-scheme: light dark }
td { padding-right: 2em } td + td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
</style>
</head>
<body>
<h1>${title}</h1>
<table>
${[...up, ...sorted.map(row), ...rest].join('\n')}
</table>
</body>
</html>
`
}

const row = ({ name, size, changed }: Entry): string => {
  const slash = size === undefined ? '/' : ''
  // a name of its own origin, whatever is in it
  const href = `./${encodeURIComponent(name)}${slash}`
  const at = changed.toISOString()
  const when = `<time datetime="${at}">${at.slice(0, 10)} ${at.slice(11, 16)}</time>`
  return `<tr><td><a href="${href}">${escaped(name)}${slash}</a></td><td>${sizeOf(size)}</td><td>${when}</td></tr>`
}

const rank = ({ size }: Entry): number => (size === undefined ? 0 : 1)
const byName = new Intl.Collator('en', { numeric: true })

const sizeOf = (size: number | undefined): string => {
  if (size === undefined) return ''
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3))
  return `${step === 0 ? size : (size / 1000 ** step).toFixed(1)} ${UNITS[step]}`
}
const UNITS: readonly string[] = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
