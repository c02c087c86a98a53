import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Checked, VectorFile } from './checker.ts'
import { checkers } from './checkers.ts'

/** Every `.json` below a folder (or the file itself), in name order. */
export const vectorFiles = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((entry) => vectorFiles(join(path, entry)))
    : path.endsWith('.json')
      ? [path]
      : []

/** The verdict on each case of a file, or `undefined` if no checker knows its name. */
export const checkFile = async (path: string): Promise<readonly Checked[] | undefined> => {
  const checker = checkers[basename(path, '.json')]
  if (checker === undefined) return undefined
  return checker(JSON.parse(readFileSync(path, 'utf8')) as VectorFile)
}
