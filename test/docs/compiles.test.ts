import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocks, root } from './blocks.ts'

/** Each document has a folder, so that blocks with names import each other as the files they are. */
const placeOf = (file: string, i: number, name: string | undefined): string =>
  `${file.replaceAll('/', '-')}/${name ?? `block-${i}.ts`}`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(root, 'test/docs/block-'))
  for (const { file, i, name, code } of blocks) {
    const path = join(folder, placeOf(file, i, name))
    mkdirSync(join(path, '..'), { recursive: true })
    // what no block is meant to show, and strict compilers want: that it is a module
    writeFileSync(path, `${code}\nexport {}\n`)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

it('every block of code in the documents compiles as strictly as the sources', { timeout: 300_000 }, () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const files = blocks.map(({ file, i, name }) => join(folder, placeOf(file, i, name)))
  const program = ts.createProgram(files, { ...options, noUnusedLocals: false, noUnusedParameters: false })
  const problems = files.flatMap((file) => {
    const source = program.getSourceFile(file)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  })
  const told = problems.map(
    ({ file, messageText }) =>
      `${file?.fileName.slice(folder.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  )
  expect(told).toEqual([])
})
