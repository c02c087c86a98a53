import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Every TypeScript file below a folder, as paths from the root with forward slashes. */
const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()

const text = (file: string): string => readFileSync(join(root, file), 'utf8')
/** What a file says to the machine: comments and strings in them do not count. */
const code = (file: string): string =>
  text(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')

const imports = (file: string): readonly string[] =>
  [...code(file).matchAll(/(?<!\.)\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => {
    const name = match[1]!
    return name.startsWith('.') ? posix.join(posix.dirname(file), name) : name
  })

/** A folder, and the only things it may import: prefixes of paths from the root, or package names. */
const mayImport: readonly (readonly [folder: string, allowed: readonly string[]])[] = [
  ['src/protocol', ['src/protocol/', 'fp-ts/lib/']],
  ['src/tcpip', ['src/tcpip/', 'src/protocol/kernel/', 'dns-packet', 'buffer']],
  ['src/streams', ['src/streams/', 'src/protocol/', 'src/tcpip/', 'rxjs']],
  ['src/api', ['src/api/', 'src/streams/', 'src/protocol/', 'src/tcpip/', 'rxjs', 'io-ts']],
  // the command line is a user of the public entries; what only it needs of the rooms below is named there
  [
    'src/cli',
    [
      'src/cli/',
      'src/index.node.ts',
      'src/node.ts',
      'src/controller.node.ts',
      'src/pcap.ts',
      'src/testing.node.ts',
      'src/api/',
      'src/streams/',
      'src/protocol/',
      'src/tcpip/',
      'rxjs',
      'commander',
      'dns-packet',
      '@fastify/send',
    ],
  ],
]
/** Where the hands are: these may also import `node:` and the crypto packages. */
const hands = /^src\/streams\/io\/|^src\/api\/adapter\/|^src\/cli\//

describe('who may import whom', () => {
  for (const [folder, allowed] of mayImport)
    it.each(sources(folder))('%s', (file) => {
      const foreign = imports(file).filter(
        (name) =>
          !allowed.some((prefix) => name.startsWith(prefix)) &&
          !(hands.test(file) && (name.startsWith('node:') || name.startsWith('@noble/'))),
      )
      expect(foreign).toEqual([])
    })
})

describe('the pure rooms have no hands', () => {
  const reach =
    /Date\.now|new Date\(|Math\.random|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|console\.|globalThis/
  it.each([...sources('src/protocol'), ...sources('src/tcpip')])('%s', (file) => {
    expect(code(file)).not.toMatch(reach)
  })
  it.each([...sources('src/protocol'), ...sources('src/tcpip')])('%s never throws', (file) => {
    expect(code(file)).not.toMatch(/\bthrow\b/)
  })
})

describe('fp-ts', () => {
  it('is imported through its one door, because its bare paths fail in Node', () => {
    const others = sources('src').filter(
      (file) => file !== 'src/protocol/kernel/fp.ts' && imports(file).some((name) => name.startsWith('fp-ts')),
    )
    expect(others).toEqual([])
  })
})

describe('the portable entries', () => {
  it.each(['src/index.ts', 'src/zts.ts', 'src/central.ts'])('%s reaches no node: module', (entry) => {
    const seen = new Set<string>()
    const reached: string[] = []
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const name of imports(file)) {
        if (name.startsWith('node:')) reached.push(`${file} → ${name}`)
        else if (name.startsWith('src/')) visit(name)
      }
    }
    visit(entry)
    expect(reached).toEqual([])
  })
})
