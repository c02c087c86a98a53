import type { Ip } from '../ip-output.ts'

/** Something that owns a 4-tuple: a connection or a TIME-WAIT record. */
export interface Entry<T> {
  readonly key: number
  readonly flow: { readonly local: Ip; readonly remote: Ip }
  readonly localPort: number
  readonly remotePort: number
  sibling: T | undefined
}

/**
 * Finds the owner of a 4-tuple without building a key of text: an int32 mixed from ports, addresses and a secret leads
 * to a (nearly always single) chain, whose members are then compared. The secret keeps strangers from making chains long.
 */
export interface Table<T extends Entry<T>> {
  readonly find: (key: number, local: Ip, remote: Ip, localPort: number, remotePort: number) => T | undefined
  readonly add: (entry: T) => void
  readonly remove: (entry: T) => void
  readonly size: () => number
  readonly values: () => readonly T[]
}

export const table = <T extends Entry<T>>(): Table<T> => {
  const heads = new Map<number, T>()
  let size = 0
  return {
    find: (key, local, remote, localPort, remotePort) => {
      let e = heads.get(key)
      while (e !== undefined) {
        if (
          e.remotePort === remotePort &&
          e.localPort === localPort &&
          sameIp(e.flow.remote, remote) &&
          sameIp(e.flow.local, local)
        )
          return e
        e = e.sibling
      }
      return undefined
    },
    add: (entry) => {
      entry.sibling = heads.get(entry.key)
      heads.set(entry.key, entry)
      size++
    },
    remove: (entry) => {
      const head = heads.get(entry.key)
      if (head === entry) {
        if (entry.sibling === undefined) heads.delete(entry.key)
        else heads.set(entry.key, entry.sibling)
        size--
      } else
        for (let e = head; e !== undefined; e = e.sibling)
          if (e.sibling === entry) {
            e.sibling = entry.sibling
            size--
            break
          }
      entry.sibling = undefined
    },
    size: () => size,
    values: () => {
      const all: T[] = []
      for (const head of heads.values()) for (let e: T | undefined = head; e !== undefined; e = e.sibling) all.push(e)
      return all
    },
  }
}

export const keyOf = (secret: number, local: Ip, remote: Ip, localPort: number, remotePort: number): number =>
  Math.imul(mix(remote.bytes, mix(local.bytes, secret)) ^ ((localPort << 16) | remotePort), GOLDEN)

export const sameIp = (a: Ip, b: Ip): boolean => a === b || a.text === b.text

const mix = (b: Uint8Array, start: number): number => {
  let h = start
  for (let i = 0; i < b.length; i += 4) {
    h = Math.imul(h ^ ((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!), GOLDEN)
    h ^= h >>> 15
  }
  return h
}
const GOLDEN = 0x9e3779b1 | 0
