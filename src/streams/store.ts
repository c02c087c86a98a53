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

/** Whether the parts of a key have the form that the layout of a home directory asks for. */
export const isStoreKey = (x: unknown): x is StoreKey => {
  if (!isRecord(x)) return false
  const { kind, id, path } = x
  switch (kind) {
    case 'identity.public':
    case 'identity.secret':
    case 'planet':
      return true
    case 'moon':
    case 'network':
    case 'network.local':
      return typeof id === 'string' && /^[0-9a-f]{16}$/i.test(id)
    case 'peer':
      return typeof id === 'string' && /^[0-9a-f]{10}$/i.test(id)
    case 'controller':
      return typeof path === 'string'
    default:
      return false
  }
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const checkedKey = (key: StoreKey): StoreKey =>
  isStoreKey(key) ? key : refuse('key', key, 'pass a key like { kind: "network", id: "8056c2e21c000001" }')
/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const checkedValue = (value: Uint8Array): Uint8Array =>
  value instanceof Uint8Array ? value : refuse('value', value, 'pass a Uint8Array')

/** Forgets everything with the process. */
export const memoryStore = (initial: Iterable<readonly [StoreKey, Uint8Array]> = []): StateStore => {
  const entries = Symbol.iterator in Object(initial) ? [...initial] : [undefined]
  if (!entries.every((entry) => isStoreKey(entry?.[0]) && entry[1] instanceof Uint8Array))
    refuse('initial', initial, 'pass pairs of a key and a Uint8Array, as in [[{ kind: "planet" }, bytes]]')
  const values = new Map<string, { readonly key: StoreKey; readonly value: Uint8Array }>()
  for (const [key, value] of initial) values.set(printStoreKey(key), { key, value })
  return {
    get: async (key) => values.get(printStoreKey(checkedKey(key)))?.value.slice(),
    set: async (key, value) => {
      values.set(printStoreKey(checkedKey(key)), { key, value: checkedValue(value).slice() })
    },
    delete: async (key) => {
      values.delete(printStoreKey(checkedKey(key)))
    },
    list: async (kind) => [...values.values()].map(({ key }) => key).filter((key) => key.kind === kind),
  }
}
