import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StoreError } from '../error.ts'
import { refuse } from '../option.ts'
import { checkedKey, checkedValue, type StateStore, type StoreKey } from '../store.ts'
import { DirectoryLock } from './directory-lock.ts'
import { removeFile, replaceFile, syncFolder } from './durable-file.ts'

/**
 * A home directory with the layout of native nodes, so that either may continue where the other stopped
 * (`docs/protocol/vl1.md`, local state). Files are replaced by rename, secrets are 0600, unknown files are left alone.
 * Identity, networks and controller records are on the disk when a call resolves: a crash leaves the old or the new.
 */
export const directoryStore = (path: string): StateStore =>
  typeof path === 'string' && path !== '' && !path.includes('\0')
    ? new DirectoryStore(resolve(path))
    : refuse('store', path, 'pass the path of a directory')

class DirectoryStore implements StateStore {
  readonly #root: string
  readonly #lock: DirectoryLock
  #serial = 0
  #pruned = 0

  constructor(root: string) {
    this.#root = root
    this.#lock = new DirectoryLock(root)
  }

  async open(): Promise<void> {
    await this.#makeFolder(this.#root, undefined)
    await this.#lock.take()
    await this.#prune()
    for (const entry of await readdir(this.#root).catch(() => []))
      if (DRAFT.test(entry)) await rm(join(this.#root, entry), { force: true }).catch(() => undefined)
    for (const { name } of Object.values(FOLDERS)) await this.#sweep(join(this.#root, name))
  }

  async close(): Promise<void> {
    await this.#lock.release()
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    for (const name of namesOf(checkedKey(key))) {
      const found = await this.#read(join(this.#root, name), key)
      if (found !== undefined) return found
    }
    return undefined
  }

  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    checkedValue(value)
    const [name] = namesOf(checkedKey(key))
    if (key.kind === 'peer' && Date.now() - this.#pruned >= PRUNE_EVERY) await this.#prune()
    const path = join(this.#root, name!)
    const had = await this.#read(path, key)
    if (had !== undefined && same(had, value)) {
      if (key.kind === 'peer') await utimes(path, new Date(), new Date()).catch(() => undefined)
      return
    }
    await this.#makeFolder(dirname(path), key)
    const draft = `${path}.${process.pid}.${this.#serial++}.tmp`
    await replaceFile(path, draft, value, isSecret(key)).catch((cause: unknown) => {
      throw unwritable(path, key, cause)
    })
  }

  async delete(key: StoreKey): Promise<void> {
    for (const name of namesOf(checkedKey(key))) {
      const path = join(this.#root, name)
      await removeFile(path, isSecret(key)).catch((cause: unknown) => {
        throw unwritable(path, key, cause)
      })
    }
  }

  async list(kind: StoreKey['kind']): Promise<readonly StoreKey[]> {
    const folder = FOLDERS[kind]
    if (folder === undefined) {
      const key = { kind } as StoreKey
      return (await this.get(key)) === undefined ? [] : [key]
    }
    const names = await this.#names(folder.name, kind === 'controller')
    return names.flatMap((name) => {
      if (kind === 'controller') return name.endsWith('.json') ? [{ kind, path: name }] : []
      const id = folder.pattern.exec(name)?.[1]
      return id === undefined ? [] : [{ kind, id } as StoreKey]
    })
  }

  /** Drafts of a process that died while it wrote. */
  async #sweep(folder: string): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await this.#sweep(path)
      else if (DRAFT.test(entry.name)) await rm(path, { force: true }).catch(() => undefined)
    }
  }

  async #names(folder: string, deep: boolean): Promise<readonly string[]> {
    const path = join(this.#root, folder)
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      if (isMissing(cause)) return []
      throw new StoreError('ERR_ZT_STORE_CORRUPT', undefined, `${path} cannot be read — check its permissions`, {
        cause,
      })
    })
    const found: string[] = []
    for (const entry of entries) {
      if (entry.isFile()) found.push(entry.name)
      else if (deep && entry.isDirectory())
        for (const name of await this.#names(`${folder}/${entry.name}`, true)) found.push(`${entry.name}/${name}`)
    }
    return found.sort()
  }

  async #read(path: string, key: StoreKey): Promise<Uint8Array | undefined> {
    try {
      const file = await readFile(path)
      return new Uint8Array(file.buffer, file.byteOffset, file.length)
    } catch (cause) {
      if (isMissing(cause)) return undefined
      throw new StoreError('ERR_ZT_STORE_CORRUPT', key, `${path} cannot be read — check its permissions`, { cause })
    }
  }

  /**
   * Makes a folder and what is missing above it, one level at a time: the recursive `mkdir` of Node 20 can hang on
   * pseudo file systems that refuse it.
   */
  async #makeFolder(path: string, key: StoreKey | undefined): Promise<void> {
    const missing: string[] = []
    for (let at = path; ; at = dirname(at)) {
      const found = await stat(at).catch(() => undefined)
      if (found?.isDirectory()) break
      if (found !== undefined) throw unwritable(at, key, new Error('not a directory'))
      if (dirname(at) === at) break
      missing.unshift(at)
    }
    for (const folder of missing) {
      await mkdir(folder, { mode: 0o700 }).catch((cause: unknown) => {
        if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'))
          throw unwritable(folder, key, cause)
      })
      await syncFolder(dirname(folder))
    }
  }

  /** Peers not seen for 30 days are forgotten, as native nodes do: at the start, and once an hour while others are stored. */
  async #prune(): Promise<void> {
    this.#pruned = Date.now()
    const folder = join(this.#root, 'peers.d')
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile() && name.endsWith('.peer') && Date.now() - found.mtimeMs > PEER_AGE)
        await rm(path, { force: true }).catch(() => undefined)
    }
  }
}

/** The file of a key, and the names under which other programs keep the same. */
const namesOf = (key: StoreKey): readonly string[] => {
  switch (key.kind) {
    case 'identity.public':
    case 'identity.secret':
      return [key.kind]
    case 'planet':
      return ['planet', 'roots']
    case 'moon':
      return [`moons.d/${key.id}.moon`]
    case 'network':
      return [`networks.d/${key.id}.conf`]
    case 'network.local':
      return [`networks.d/${key.id}.local.conf`]
    case 'peer':
      return [`peers.d/${key.id}.peer`]
    case 'controller':
      if (!CONTROLLER_PATH.test(key.path) || key.path.includes('..'))
        throw new StoreError(
          'ERR_ZT_INVALID_OPTION',
          key,
          'path leaves the folder — use names of letters, digits, dots and slashes',
        )
      return [`controller.d/${key.path}`]
  }
}

const isSecret = (key: StoreKey): boolean =>
  key.kind === 'identity.secret' || key.kind === 'network' || key.kind === 'controller'

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

const unwritable = (path: string, key: StoreKey | undefined, cause: unknown): StoreError =>
  new StoreError(
    'ERR_ZT_STORE_UNWRITABLE',
    key,
    `${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)}) — choose a directory you own`,
    { cause },
  )

const FOLDERS: Readonly<Partial<Record<StoreKey['kind'], { readonly name: string; readonly pattern: RegExp }>>> = {
  moon: { name: 'moons.d', pattern: /^([0-9a-f]{16})\.moon$/ },
  network: { name: 'networks.d', pattern: /^(?!0{16})([0-9a-f]{16})\.conf$/ },
  'network.local': { name: 'networks.d', pattern: /^([0-9a-f]{16})\.local\.conf$/ },
  peer: { name: 'peers.d', pattern: /^([0-9a-f]{10})\.peer$/ },
  controller: { name: 'controller.d', pattern: /^(.+\.json)$/ },
}
const CONTROLLER_PATH = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/
const DRAFT = /\.\d+\.\d+\.tmp$/
const PEER_AGE = 30 * 86_400_000
const PRUNE_EVERY = 3_600_000
