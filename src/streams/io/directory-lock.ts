import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../error.ts'

/**
 * `.lock` in a home directory, holding the pid of its owner: two nodes with one identity would fight each other on the
 * wire. A lock whose process is gone is taken over.
 */
export class DirectoryLock {
  readonly #root: string
  readonly #path: string
  #held = false

  constructor(root: string) {
    this.#root = root
    this.#path = join(root, '.lock')
  }

  async take(): Promise<void> {
    if (this.#held) return
    if (ours.has(this.#root)) throw locked(this.#root, process.pid)
    ours.add(this.#root)
    try {
      await this.#create()
      this.#held = true
    } catch (error) {
      ours.delete(this.#root)
      throw error
    }
  }

  async release(): Promise<void> {
    if (!this.#held) return
    this.#held = false
    ours.delete(this.#root)
    await rm(this.#path, { force: true }).catch(() => undefined)
  }

  async #create(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const file = await open(this.#path, 'wx', 0o600)
        await file.writeFile(`${process.pid}\n`)
        await file.close()
        return
      } catch (cause) {
        if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw unwritable(this.#path, cause)
        // without its end the number may be half of one: whoever wrote it died doing so
        const [, pid = ''] = /^(\d+)\n$/.exec(await readFile(this.#path, 'utf8').catch(() => '')) ?? []
        const owner = Number(pid)
        // a lock with our own pid that this process does not hold is of an earlier process with the same number
        if (owner !== process.pid && isAlive(owner)) throw locked(this.#root, owner)
        await rm(this.#path, { force: true }).catch((cause: unknown) => {
          throw unwritable(this.#path, cause)
        })
      }
    }
    throw locked(this.#root, 0)
  }
}

const unwritable = (path: string, cause: unknown): StoreError =>
  new StoreError(
    'ERR_ZT_STORE_UNWRITABLE',
    undefined,
    `${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)}) — choose a directory you own`,
    { cause },
  )

const locked = (root: string, owner: number): StoreError =>
  new StoreError(
    'ERR_ZT_STORE_LOCKED',
    undefined,
    `${root} is in use by process ${owner} — close that node, or give this one a directory of its own`,
  )

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Directories that nodes of this process hold. */
const ours = new Set<string>()
const ATTEMPTS = 3
