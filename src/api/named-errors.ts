import { StoreError } from '../streams/error.ts'
import { isStoreKey, type StateStore, type StoreKey } from '../streams/store.ts'
import { asStoreError } from './controller-store.ts'

/** Somebody's store, of which whatever goes wrong is a `StoreError` that names the key. */
export const namedErrors = (store: StateStore): StateStore => ({
  get: (key) => reading(key, async () => bytesOf(key, await store.get(key))),
  set: (key, value) => writing(key, () => store.set(key, value)),
  delete: (key) => writing(key, () => store.delete(key)),
  list: (kind) => reading(undefined, async () => keysOf(kind, await store.list(kind))),
  open: () => reading(undefined, async () => store.open?.()),
  close: async () => store.close?.(),
})

const bytesOf = (key: StoreKey, value: unknown): Uint8Array | undefined => {
  if (value === undefined || value instanceof Uint8Array) return value
  throw new StoreError('ERR_ZT_STORE_CORRUPT', key, `is ${typeof value} — get() has to give a Uint8Array or undefined`)
}

const keysOf = (kind: StoreKey['kind'], keys: unknown): readonly StoreKey[] => {
  if (Array.isArray(keys) && keys.every((key) => isStoreKey(key) && key.kind === kind)) return keys
  throw new StoreError('ERR_ZT_STORE_CORRUPT', undefined, `list('${kind}') gave no list of such keys — check the store`)
}

const reading = async <T>(key: StoreKey | undefined, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    throw asStoreError('ERR_ZT_STORE_CORRUPT', key, 'the store cannot be read', cause)
  }
}

const writing = async (key: StoreKey, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (cause) {
    throw asStoreError('ERR_ZT_STORE_UNWRITABLE', key, 'the store cannot be written', cause)
  }
}
