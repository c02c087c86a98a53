import { isRecord, refuse } from './option.ts'
import type { NetworkId, NodeId, WorldId } from './public-id.ts'

/** What a node remembers between runs; each key is a file of a native home directory. */
export type StoreKey =
  | { readonly kind: 'identity.public' | 'identity.secret' | 'planet' }
  | { readonly kind: 'moon'; readonly id: WorldId }
  | { readonly kind: 'network' | 'network.local'; readonly id: NetworkId }
  | { readonly kind: 'peer'; readonly id: NodeId }
  | { readonly kind: 'controller'; readonly path: string }

export interface StateStore {
  get(key: StoreKey): Promise<Uint8Array | undefined>
  /** Atomic: a reader sees the old value or the new one. */
  set(key: StoreKey, value: Uint8Array): Promise<void>
  delete(key: StoreKey): Promise<void>
  list(kind: StoreKey['kind']): Promise<readonly StoreKey[]>
  /** Claims the store for one node; called before anything else, where it exists. */
  open?(): Promise<void>
  close?(): Promise<void>
}

/** One line per key: what errors and maps call it. */
export const printStoreKey = (key: StoreKey): string =>
  'id' in key ? `${key.kind}/${key.id}` : 'path' in key ? `${key.kind}/${key.path}` : key.kind

/** Forgets everything with the process. */
export const memoryStore = (initial: Iterable<readonly [StoreKey, Uint8Array]> = []): StateStore => {
  const entries = Symbol.iterator in Object(initial) ? [...initial] : [undefined]
  if (!entries.every((entry) => isRecord(entry?.[0]) && entry[1] instanceof Uint8Array))
    refuse('initial', initial, 'pass pairs of a key and a Uint8Array, as in [[{ kind: "planet" }, bytes]]')
  const values = new Map<string, { readonly key: StoreKey; readonly value: Uint8Array }>()
  for (const [key, value] of initial) values.set(printStoreKey(key), { key, value })
  return {
    get: async (key) => values.get(printStoreKey(key))?.value.slice(),
    set: async (key, value) => {
      values.set(printStoreKey(key), { key, value: value.slice() })
    },
    delete: async (key) => {
      values.delete(printStoreKey(key))
    },
    list: async (kind) => [...values.values()].map(({ key }) => key).filter((key) => key.kind === kind),
  }
}
