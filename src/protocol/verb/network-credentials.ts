import type { Reader, Writer } from '../kernel/codec.ts'
import { type Codec, u8, u16 } from '../kernel/codec.ts'
import type { WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { type Capability, capability } from '../network/credential/capability.ts'
import { type Com, com } from '../network/credential/com.ts'
import { type Ownership, ownership } from '../network/credential/ownership.ts'
import { type Revocation, revocation } from '../network/credential/revocation.ts'
import { type Tag, tag } from '../network/credential/tag.ts'

/**
 * NETWORK_CREDENTIALS (0x0a): what a member has to show, of any networks and issued to anybody.
 *
 *     COMs, each beginning with 01   00   n[2] capabilities   n[2] tags   n[2] revocations   n[2] ownership
 *
 * The input may end before any of the counts. Never answered.
 */
export interface NetworkCredentials {
  readonly coms: readonly Com[]
  readonly capabilities: readonly Capability[]
  readonly tags: readonly Tag[]
  readonly revocations: readonly Revocation[]
  readonly ownership: readonly Ownership[]
}
export const noCredentials: NetworkCredentials = {
  coms: [],
  capabilities: [],
  tags: [],
  revocations: [],
  ownership: [],
}

export const networkCredentials: Codec<NetworkCredentials> = {
  read: (r) => {
    const coms: Com[] = []
    while (r.at < r.end && r.bytes[r.at] !== 0) {
      const one = com.read(r)
      if (one._tag === 'Left') return one
      coms.push(one.right)
    }
    if (r.at < r.end) r.at++ // the zero that ends the COMs
    const capabilities = list(r, capability)
    if (capabilities._tag === 'Left') return capabilities
    const tags = list(r, tag)
    if (tags._tag === 'Left') return tags
    const revocations = list(r, revocation)
    if (revocations._tag === 'Left') return revocations
    const owned = list(r, ownership)
    if (owned._tag === 'Left') return owned
    return E.right({
      coms,
      capabilities: capabilities.right,
      tags: tags.right,
      revocations: revocations.right,
      ownership: owned.right,
    })
  },
  write: (w, value) => {
    for (const one of value.coms) com.write(w, one)
    u8.write(w, 0)
    put(w, capability, value.capabilities)
    put(w, tag, value.tags)
    put(w, revocation, value.revocations)
    put(w, ownership, value.ownership)
  },
}

/** A count and its items, or nothing at all. The packet's length bounds them: none is shorter than 130 bytes. */
const list = <A>(r: Reader, item: Codec<A>): E.Either<WireError, readonly A[]> => {
  if (r.at >= r.end) return E.right([])
  const count = u16.read(r)
  if (count._tag === 'Left') return count
  const items: A[] = []
  for (let i = 0; i < count.right; i++) {
    const one = item.read(r)
    if (one._tag === 'Left') return one
    items.push(one.right)
  }
  return E.right(items)
}
const put = <A>(w: Writer, item: Codec<A>, items: readonly A[]): void => {
  u16.write(w, items.length)
  for (const one of items) item.write(w, one)
}
