import type { Subscription } from 'rxjs'
import type { RunningNode, Saved } from '../streams/node.ts'
import type { NetworkId } from '../streams/public-id.ts'
import type { StateStore, StoreKey } from '../streams/store.ts'
import { printStoreKey } from '../streams/store.ts'

/** What the store may keep. */
export interface Kept {
  readonly identity: boolean
  readonly networks: boolean
  readonly peers: boolean
  readonly roots: boolean
}

/**
 * Writes what a node wants kept to its store, one write after another, the last value of each key only. A write that
 * fails is noted in the trace: the node goes on without memory.
 */
export class Keeper {
  readonly store: StateStore
  readonly #kept: Kept
  readonly #waiting = new Map<string, Saved>()
  #node: RunningNode | undefined
  #watching: Subscription | undefined
  #writing: Promise<void> | undefined

  constructor(store: StateStore, kept: Kept) {
    this.store = store
    this.#kept = kept
  }

  watch(node: RunningNode): void {
    this.#node = node
    this.#watching = node.saved$.subscribe((saved) => this.save(saved.key, saved.value))
  }

  save(key: StoreKey, value: Uint8Array | undefined): void {
    if (!this.#mayKeep(key)) return
    this.#waiting.set(printStoreKey(key), { key, value })
    this.#writing ??= this.#write()
  }

  async left(id: NetworkId): Promise<void> {
    this.save({ kind: 'network', id }, undefined)
    this.save({ kind: 'network.local', id }, undefined)
    await this.#writing
  }

  async close(): Promise<void> {
    this.#watching?.unsubscribe()
    await this.#writing
    await this.store.close?.()
  }

  async #write(): Promise<void> {
    for (const [name, { key, value }] of this.#waiting) {
      this.#waiting.delete(name)
      try {
        if (value === undefined) await this.store.delete(key)
        else await this.store.set(key, value)
      } catch (error) {
        this.#failed(key, error)
      }
    }
    this.#writing = undefined
  }

  #failed(key: StoreKey, error: unknown): void {
    this.#node?.note('error', 'store', `${printStoreKey(key)} was not kept`, { error: String(error) })
  }

  #mayKeep(key: StoreKey): boolean {
    switch (key.kind) {
      case 'identity.public':
      case 'identity.secret':
        return this.#kept.identity
      case 'network':
      case 'network.local':
        return this.#kept.networks
      case 'peer':
        return this.#kept.peers
      case 'planet':
      case 'moon':
        return this.#kept.roots
      case 'controller':
        return true
    }
  }
}
