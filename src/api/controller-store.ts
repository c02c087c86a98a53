import { type Address, type NetworkId, parseNetworkId, printAddress, printNetworkId } from '../protocol/kernel/id.ts'
import { isObject, type Json, type JsonObject } from '../protocol/network/loose-json.ts'
import { StoreError } from '../streams/error.ts'
import type { StateStore, StoreKey } from '../streams/store.ts'

/** Where native controllers keep the record of a network, and of a member of it (`docs/protocol/vl2.md` §15.1). */
export const recordPath = (network: NetworkId, member?: Address): string => {
  const id = printNetworkId(network)
  return member === undefined ? `network/${id}.json` : `network/${id}/member/${printAddress(member)}.json`
}

export interface StoredRecords {
  readonly networks: readonly { readonly network: JsonObject; readonly members: readonly JsonObject[] }[]
  /** Networks of which a file cannot be read: to go on without it would put members out, or lose the network. */
  readonly damaged: ReadonlyMap<NetworkId, StoreError>
  /** Members whose network was deleted: they must not come back with a new network of the same ID. */
  readonly orphans: ReadonlyMap<NetworkId, readonly string[]>
}

/** Every stored network with its members. @throws {StoreError} if the store cannot say what it holds */
export const readRecords = async (store: StateStore): Promise<StoredRecords> => {
  const found = new Map<NetworkId, { network: JsonObject | undefined; members: JsonObject[]; paths: string[] }>()
  const damaged = new Map<NetworkId, StoreError>()
  for (const key of await store.list('controller')) {
    const parts = key.kind === 'controller' ? RECORD.exec(key.path) : null
    const id = parts === null ? undefined : parseNetworkId(parts[1]!)
    if (key.kind !== 'controller' || parts === null || id === undefined) continue
    const record = await read(store, key)
    if (record === undefined) continue
    if (record instanceof StoreError) {
      damaged.set(id, record)
      continue
    }
    const entry = found.get(id) ?? { network: undefined, members: [], paths: [] }
    found.set(id, entry)
    if (parts[2] === undefined) {
      // the file's name decides which network it is, as for native controllers
      entry.network = { ...record, id: parts[1]!, nwid: parts[1]! }
    } else {
      entry.members.push({ ...record, id: parts[2], address: parts[2] })
      entry.paths.push(key.path)
    }
  }
  const whole = [...found].filter(([id]) => !damaged.has(id))
  return {
    networks: whole.flatMap(([, { network, members }]) => (network === undefined ? [] : [{ network, members }])),
    damaged,
    orphans: new Map(whole.flatMap(([id, { network, paths }]) => (network === undefined ? [[id, paths]] : []))),
  }
}

/**
 * Writes records, one after another in the order in which they changed, each path's last value only. What could not be
 * written is tried again with the next change, so a store that recovers gets everything.
 */
export class RecordWriter {
  readonly #store: StateStore
  readonly #failed: (error: StoreError) => void
  readonly #due = new Map<string, object | undefined>()
  readonly #unwritten = new Map<string, { readonly record: object | undefined; readonly error: StoreError }>()
  #writing: Promise<void> | undefined

  constructor(store: StateStore, failed: (error: StoreError) => void) {
    this.#store = store
    this.#failed = failed
  }

  /** `undefined` deletes. */
  save(path: string, record: object | undefined): void {
    this.#retry()
    this.#unwritten.delete(path)
    this.#due.delete(path)
    this.#due.set(path, record)
    this.#writing ??= this.#write()
  }

  /** Resolves when everything is written. @throws {StoreError} of a record that could not be */
  async flush(): Promise<void> {
    if (this.#writing === undefined) this.#retry()
    if (this.#due.size > 0) this.#writing ??= this.#write()
    await this.#writing
    for (const { error } of this.#unwritten.values()) throw error
  }

  #retry(): void {
    if (this.#writing !== undefined) return
    for (const [path, { record }] of this.#unwritten) this.#due.set(path, record)
    this.#unwritten.clear()
  }

  async #write(): Promise<void> {
    for (const [path, record] of this.#due) {
      this.#due.delete(path)
      const error = await this.#kept({ kind: 'controller', path }, record)
      // what changed meanwhile is due already
      if (error === undefined || this.#due.has(path)) continue
      this.#unwritten.set(path, { record, error })
      this.#failed(error)
    }
    this.#writing = undefined
  }

  async #kept(key: StoreKey, record: object | undefined): Promise<StoreError | undefined> {
    try {
      if (record === undefined) await this.#store.delete(key)
      else await this.#store.set(key, new TextEncoder().encode(JSON.stringify(record)))
      return undefined
    } catch (cause) {
      return asStoreError('ERR_ZT_STORE_UNWRITABLE', key, 'was not kept', cause)
    }
  }
}

/** What went wrong in somebody's store, as the error that this library throws. */
export const asStoreError = (code: string, key: StoreKey | undefined, what: string, cause: unknown): StoreError =>
  cause instanceof StoreError
    ? cause
    : new StoreError(
        code,
        key,
        `${what} (${cause instanceof Error ? cause.message : String(cause)}) — check the store`,
        {
          cause,
        },
      )

const read = async (store: StateStore, key: StoreKey): Promise<JsonObject | StoreError | undefined> => {
  try {
    const bytes = await store.get(key)
    if (bytes === undefined) return undefined
    const json: Json = JSON.parse(new TextDecoder().decode(bytes))
    if (isObject(json)) return json
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) return asStoreError('ERR_ZT_STORE_CORRUPT', key, 'cannot be read', cause)
  }
  return new StoreError('ERR_ZT_STORE_CORRUPT', key, 'is no controller record — restore the file or delete it')
}

const RECORD = /^network\/([0-9a-f]{16})(?:\/member\/([0-9a-f]{10}))?\.json$/
