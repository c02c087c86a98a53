import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What a directory holds, as far as it is shown. */
export interface Entries {
  readonly entries: readonly Entry[]
  /** There are more than these. */
  readonly more: boolean
}
export interface Entry {
  readonly name: string
  /** Bytes of a file; a directory has none. */
  readonly size: number | undefined
  readonly changed: Date
}

/** Files and directories, without names that begin with a dot unless these are shown, and without links that lead out. */
export const entriesOf = async (
  directory: string,
  dotfiles: boolean,
  isShown: (path: string) => Promise<boolean>,
): Promise<Entries> => {
  const names: string[] = []
  let more = false
  for await (const { name } of await opendir(directory)) {
    if (name.startsWith('.') && !dotfiles) continue
    more = names.length >= MOST_ENTRIES
    if (more) break
    names.push(name)
  }
  const entries = await Promise.all(
    names.map(async (name): Promise<readonly Entry[]> => {
      const path = join(directory, name)
      if (!(await isShown(path))) return []
      const found = await stat(path).catch(() => undefined)
      if (found?.isDirectory() === true) return [{ name, size: undefined, changed: found.mtime }]
      return found?.isFile() === true ? [{ name, size: found.size, changed: found.mtime }] : []
    }),
  )
  return { entries: entries.flat(), more }
}

/** Entries of a directory that are listed. */
const MOST_ENTRIES = 10_000
