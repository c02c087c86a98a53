import { type Identity, identityCodec } from '../crypto/identity.ts'
import type { Endpoint } from '../datagram.ts'
import { type Codec, remaining, rest, sized, struct, type TypeOf, u8, u16, u64 } from '../kernel/codec.ts'
import { E } from '../kernel/fp.ts'
import { inetAddress } from '../peer/endpoint.ts'

/**
 * OK (0x03): the answer to a packet, named by verb and wire ID.
 *
 *     verb[1]   packet ID[8]   what that verb answers…
 */
export const ok = struct({ inReVerb: u8, inReId: u64, answer: rest })
export type Ok = TypeOf<typeof ok>

export interface OkHello {
  /** The clock of the HELLO, back to its sender. */
  readonly clock: bigint
  readonly protocol: number
  readonly major: number
  readonly minor: number
  readonly revision: number
  /** Where the HELLO came from, as its receiver saw it; `null` if it does not say. */
  readonly seenAt: Endpoint | null
  /** Worlds back to back, for `readWorlds`, if the sender is one whose worlds count. */
  readonly updates: Uint8Array
}

/**
 * What OK answers to HELLO. Behind the version everything may be missing.
 *
 *     clock[8]   protocol[1]   major[1]   minor[1]   revision[2]   seen at: InetAddress   length[2]   worlds[length]
 */
export const okHello: Codec<OkHello> = {
  read: (r) => {
    const head = versions.read(r)
    if (head._tag === 'Left') return head
    if (remaining(r) === 0) return E.right({ ...head.right, seenAt: null, updates: NOTHING })
    const seenAt = inetAddress.read(r)
    if (seenAt._tag === 'Left') return seenAt
    if (remaining(r) === 0) return E.right({ ...head.right, seenAt: seenAt.right, updates: NOTHING })
    const worlds = updates.read(r)
    if (worlds._tag === 'Left') return worlds
    return E.right({ ...head.right, seenAt: seenAt.right, updates: worlds.right })
  },
  write: (w, value) => {
    versions.write(w, value)
    inetAddress.write(w, value.seenAt)
    updates.write(w, value.updates)
  },
}

/**
 * What OK answers to WHOIS: one or more public identities. Native nodes read only the first, so it alone must be
 * whole; a later one that is not ends the list.
 */
export const okWhois: Codec<readonly Identity[]> = {
  read: (r) => {
    const first = identityCodec.read(r)
    if (first._tag === 'Left') return first
    const identities = [first.right]
    while (remaining(r) > 0) {
      const one = identityCodec.read(r)
      if (one._tag === 'Left') break
      identities.push(one.right)
    }
    return E.right(identities)
  },
  write: (w, identities) => {
    for (const one of identities) identityCodec.write(w, one)
  },
}

const versions = struct({ clock: u64, protocol: u8, major: u8, minor: u8, revision: u16 })
const updates = sized(u16, 'world updates')
const NOTHING = new Uint8Array(0)
