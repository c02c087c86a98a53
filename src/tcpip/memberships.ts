import type { Ip } from './ip-output.ts'

/** The multicast groups that the sockets of a stack have joined, counted: the link needs each of them once. */
export interface Memberships {
  /** False if there are too many. */
  readonly join: (group: Ip) => boolean
  readonly leave: (text: string) => void
  readonly has: (group: Ip) => boolean
  readonly all: () => Iterable<Ip>
  /** Counts the changes of the set. */
  readonly version: () => number
}

export const groupMemberships = (): Memberships => {
  const joined = new Map<string, { readonly group: Ip; sockets: number }>()
  let version = 0
  return {
    join: (group) => {
      const known = joined.get(group.text)
      if (known !== undefined) known.sockets++
      else if (joined.size >= MOST_GROUPS) return false
      else {
        joined.set(group.text, { group, sockets: 1 })
        version++
      }
      return true
    },
    leave: (text) => {
      const known = joined.get(text)
      if (known === undefined || --known.sockets > 0) return
      joined.delete(text)
      version++
    },
    has: (group) => joined.has(group.text),
    all: () => [...joined.values()].map(({ group }) => group),
    version: () => version,
  }
}

const MOST_GROUPS = 1024
