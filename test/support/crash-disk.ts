import type { Chance } from '../fuzz/chance.ts'

/**
 * A disk that can lose power, as far as `node:fs/promises` is used by stores: what was not synced may be there afterwards,
 * or not, or in part. The process dies with call number `diesAt` that changes anything, in the middle of it.
 */
export class CrashDisk {
  /** Calls so far that change something. */
  calls = 0
  diesAt = Number.POSITIVE_INFINITY
  #root: Folder = folder()
  #dead = false
  readonly #diesLate: boolean

  constructor(diesLate: boolean) {
    this.#diesLate = diesLate
  }

  get isDead(): boolean {
    return this.#dead
  }

  /** What is found when power is back: synced things, and of the others whatever chance says. */
  reboot(c: Chance): void {
    this.#root = survivor(this.#root, c)
    this.#dead = false
    this.diesAt = Number.POSITIVE_INFINITY
  }

  readonly open = async (path: string, flags = 'r'): Promise<Handle> => {
    this.#alive()
    const [parent, name] = this.#parent(path)
    const known = name === '' ? parent : parent.now.get(name)
    if (flags === 'wx') {
      if (known !== undefined) throw failure('EEXIST', path)
      const made: File = { data: new Uint8Array(0), synced: undefined }
      this.#change(() => link(parent, name, made))
      return this.#handle(made)
    }
    if (known === undefined) throw failure('ENOENT', path)
    return this.#handle(known)
  }
  readonly readFile = async (path: string, encoding?: 'utf8'): Promise<Uint8Array | string> => {
    const found = this.#find(path)
    if (found === undefined || 'now' in found) throw failure('ENOENT', path)
    const data = Buffer.from(found.data)
    return encoding === undefined ? data : data.toString(encoding)
  }
  readonly readdir = async (path: string, options?: { readonly withFileTypes: true }): Promise<readonly unknown[]> => {
    const found = this.#find(path)
    if (found === undefined || !('now' in found)) throw failure('ENOENT', path)
    return [...found.now].map(([name, node]) => {
      const isFolder = 'now' in node
      return options === undefined ? name : { name, isFile: () => !isFolder, isDirectory: () => isFolder }
    })
  }
  readonly stat = async (path: string): Promise<unknown> => {
    const found = this.#find(path)
    if (found === undefined) throw failure('ENOENT', path)
    return { isDirectory: () => 'now' in found, isFile: () => !('now' in found), mtimeMs: 0 }
  }
  readonly mkdir = async (path: string): Promise<void> => {
    this.#alive()
    const [parent, name] = this.#parent(path)
    if (parent.now.has(name)) throw failure('EEXIST', path)
    this.#change(() => link(parent, name, folder()))
  }
  readonly rename = async (from: string, to: string): Promise<void> => {
    this.#alive()
    const [[source, old], [target, name]] = [this.#parent(from), this.#parent(to)]
    const node = source.now.get(old)
    if (node === undefined) throw failure('ENOENT', from)
    if (source !== target) throw new Error('only within a folder')
    this.#change(() => {
      source.now.delete(old)
      source.now.set(name, node)
      source.unsynced.push([
        [old, undefined],
        [name, node],
      ])
    })
  }
  readonly rm = async (path: string, options?: { readonly force?: boolean }): Promise<void> => {
    this.#alive()
    const [parent, name] = this.#parent(path)
    if (!parent.now.has(name)) {
      if (options?.force === true) return
      throw failure('ENOENT', path)
    }
    this.#change(() => link(parent, name, undefined))
  }
  readonly chmod = async (): Promise<void> => this.#alive()
  readonly utimes = async (): Promise<void> => this.#alive()

  #handle(node: File | Folder): Handle {
    return {
      writeFile: async (data) => {
        if ('now' in node) throw failure('EISDIR', '')
        const bytes = typeof data === 'string' ? Buffer.from(data) : data
        node.synced = undefined
        this.#change(() => {
          node.data = bytes.slice()
        })
      },
      sync: async () => {
        this.#change(() => {
          if ('now' in node) {
            node.synced = new Map(node.now)
            node.unsynced = []
          } else node.synced = node.data
        })
      },
      close: async () => undefined,
    }
  }

  /** The process dies before the change, or after it and before it hears of it. */
  #change(change: () => void): void {
    this.#alive()
    const call = this.calls++
    if (call < this.diesAt || this.#diesLate) change()
    if (call >= this.diesAt) {
      this.#dead = true
      throw failure('EIO', 'power failure')
    }
  }
  #alive(): void {
    if (this.#dead) throw failure('EIO', 'power failure')
  }
  #parent(path: string): readonly [Folder, string] {
    const names = path.split('/').filter((name) => name !== '')
    const last = names.pop() ?? ''
    let at = this.#root
    for (const name of names) {
      const next = at.now.get(name)
      if (next === undefined || !('now' in next)) throw failure('ENOENT', path)
      at = next
    }
    return [at, last]
  }
  #find(path: string): File | Folder | undefined {
    this.#alive()
    try {
      const [parent, name] = this.#parent(path)
      return name === '' ? parent : parent.now.get(name)
    } catch {
      return undefined
    }
  }
}

interface Handle {
  readonly writeFile: (data: Uint8Array | string) => Promise<void>
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}
interface File {
  data: Uint8Array
  synced: Uint8Array | undefined
}
type Entry = readonly [name: string, node: File | Folder | undefined]
interface Folder {
  readonly now: Map<string, File | Folder>
  synced: Map<string, File | Folder>
  /** Changes since, each of which is made as a whole or not at all. */
  unsynced: (readonly Entry[])[]
}

const folder = (): Folder => ({ now: new Map(), synced: new Map(), unsynced: [] })

const link = (parent: Folder, name: string, node: File | Folder | undefined): void => {
  if (node === undefined) parent.now.delete(name)
  else parent.now.set(name, node)
  parent.unsynced.push([[name, node]])
}

const survivor = (before: Folder, c: Chance): Folder => {
  const entries = new Map(before.synced)
  for (const change of before.unsynced)
    if (c.once(2))
      for (const [name, node] of change) {
        if (node === undefined) entries.delete(name)
        else entries.set(name, node)
      }
  const now = new Map(
    [...entries].map(([name, node]): [string, File | Folder] => {
      if ('now' in node) return [name, survivor(node, c)]
      const data = node.synced ?? node.data.slice(0, c.below(node.data.length + 1))
      return [name, { data, synced: data }]
    }),
  )
  return { now, synced: new Map(now), unsynced: [] }
}

const failure = (code: string, what: string): Error => Object.assign(new Error(`${code}: ${what}`), { code })
