import type { StateStore, StoreKey } from '../../streams/store.ts'
import { event as code } from './constant/event.ts'
import { storeMessage, type ZtsEventMessage } from './event-message.ts'
import type { Settings } from './settings.ts'

/**
 * A store that tells of what is kept, for programs that keep it themselves, and keeps no more than the settings allow:
 * they hear of what is not kept, too. Identity and planet are told of when the node starts.
 */
export class AnnouncingStore implements StateStore {
  /** Whether they were found in it. */
  hasIdentity = false
  hasPlanet = false
  readonly #store: StateStore
  readonly #cache: Settings['cache']
  readonly #announce: (message: ZtsEventMessage) => void

  constructor(store: StateStore, cache: Settings['cache'], announce: (message: ZtsEventMessage) => void) {
    this.#store = store
    this.#cache = cache
    this.#announce = announce
  }

  async open(): Promise<void> {
    await this.#store.open?.()
  }
  async close(): Promise<void> {
    await this.#store.close?.()
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    const isIdentity = key.kind === 'identity.secret' || key.kind === 'identity.public'
    if (!isIdentity && !this.#keeps(key.kind)) return undefined
    const found = await this.#store.get(key)
    if (key.kind === 'identity.secret') this.hasIdentity = found !== undefined
    if (key.kind === 'planet') this.hasPlanet = found !== undefined
    return found
  }

  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    const told = announced[key.kind]
    if (told !== undefined) this.#announce(storeMessage(told, value))
    if (this.#keeps(key.kind)) await this.#store.set(key, value)
  }

  async delete(key: StoreKey): Promise<void> {
    if (this.#keeps(key.kind)) await this.#store.delete(key)
  }

  async list(kind: StoreKey['kind']): Promise<readonly StoreKey[]> {
    return this.#keeps(kind) ? this.#store.list(kind) : []
  }

  #keeps(kind: StoreKey['kind']): boolean {
    const cached = cachedAs[kind]
    return cached === undefined || this.#cache[cached]
  }
}

const announced: Partial<Record<StoreKey['kind'], number>> = {
  planet: code.ZTS_EVENT_STORE_PLANET,
  peer: code.ZTS_EVENT_STORE_PEER,
  network: code.ZTS_EVENT_STORE_NETWORK,
}

const cachedAs: Readonly<Record<StoreKey['kind'], keyof Settings['cache'] | undefined>> = {
  'identity.secret': 'identity',
  'identity.public': 'identity',
  planet: 'roots',
  moon: 'roots',
  network: 'networks',
  'network.local': 'networks',
  peer: 'peers',
  controller: undefined,
}
