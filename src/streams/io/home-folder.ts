import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../error.ts'

/** The plain files of a home directory that are no part of a node's state: tokens, the port, settings. */
export class HomeFolder {
  readonly path: string
  #serial = 0

  constructor(path: string) {
    this.path = path
  }

  /** `undefined` where there is no such file. @throws {StoreError} */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, name), 'utf8')
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined
      throw new StoreError(
        'ERR_ZT_STORE_CORRUPT',
        undefined,
        `${join(this.path, name)} cannot be read — check its permissions`,
        {
          cause,
        },
      )
    }
  }

  /** Replaces a file whole; secrets are for their owner alone from the first byte on. @throws {StoreError} */
  async write(name: string, text: string, secret = false): Promise<void> {
    const path = join(this.path, name)
    const draft = `${path}.${process.pid}.${this.#serial++}.tmp`
    try {
      const file = await open(draft, 'wx', secret ? 0o600 : 0o644)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      if (secret) await chmod(draft, 0o600)
      await rename(draft, path)
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined)
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new StoreError(
        'ERR_ZT_STORE_UNWRITABLE',
        undefined,
        `${path} cannot be written (${why}) — choose a directory you own`,
        {
          cause,
        },
      )
    }
  }
}

const codeOf = (cause: unknown): unknown => (cause instanceof Error && 'code' in cause ? cause.code : undefined)
