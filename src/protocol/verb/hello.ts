import { type Identity, identityCodec } from '../crypto/identity.ts'
import type { Endpoint } from '../datagram.ts'
import { type Codec, remaining, struct, u8, u16, u64 } from '../kernel/codec.ts'
import { short } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { inetAddress } from '../peer/endpoint.ts'

/** Which revision of a world a node has; timestamp 0 asks for a world it does not have yet. */
export interface WorldRevision {
  readonly id: bigint
  readonly timestamp: bigint
}

export interface Hello {
  readonly protocol: number
  readonly major: number
  readonly minor: number
  readonly revision: number
  /** The sender's clock in ms; the OK echoes it. */
  readonly clock: bigint
  readonly identity: Identity
  /** Where the sender believes to send this: `null` if it does not know, `undefined` if it does not say. */
  readonly sentTo: Endpoint | null | undefined
  readonly planet: WorldRevision | undefined
}

/**
 * HELLO (0x01): who I am, what I speak, and where I believe you are. Answered with OK, or ERROR on a collision.
 *
 *     protocol[1]   major[1]   minor[1]   revision[2]   clock[8]   identity[71]
 *     sent to: InetAddress   planet ID[8]   planet timestamp[8]   — encrypted from here on: helloMoons
 *
 * All behind the identity is optional. Reading stops where the encrypted part begins: decrypt it in place from
 * `r.at` on (`cryptHelloTail`), then read `helloMoons` from there.
 */
export const hello: Codec<Hello> = {
  read: (r) => {
    const head = introduction.read(r)
    if (head._tag === 'Left') return head
    let sentTo: Endpoint | null | undefined
    if (remaining(r) > 0) {
      const endpoint = inetAddress.read(r)
      if (endpoint._tag === 'Left') return endpoint
      sentTo = endpoint.right
    }
    let planet: WorldRevision | undefined
    if (remaining(r) >= REVISION) {
      const found = revision.read(r)
      if (found._tag === 'Left') return found
      planet = found.right
    } else r.at = r.end // too short for a planet, so nothing readable follows
    return E.right({ ...head.right, sentTo, planet })
  },
  write: (w, value) => {
    introduction.write(w, value)
    if (value.sentTo === undefined) return
    inetAddress.write(w, value.sentTo)
    if (value.planet !== undefined) revision.write(w, value.planet)
  },
}

/**
 * The end of HELLO, decrypted: every moon the sender orbits or wants. Entries of other world types are passed over, and
 * nothing at all is an empty list.
 *
 *     n[2]   then n times: world type[1] = 127   ID[8]   timestamp[8]
 */
export const helloMoons: Codec<readonly WorldRevision[]> = {
  read: (r) => {
    if (remaining(r) < 2) return E.right([])
    const n = u16.read(r)
    if (n._tag === 'Left') return n
    if (remaining(r) < n.right * ENTRY) return E.left(short(r.at, n.right * ENTRY - remaining(r)))
    const moons: WorldRevision[] = []
    for (let i = 0; i < n.right; i++) {
      const one = entry.read(r)
      if (one._tag === 'Left') return one
      if (one.right.type === MOON) moons.push({ id: one.right.id, timestamp: one.right.timestamp })
    }
    return E.right(moons)
  },
  write: (w, moons) => {
    u16.write(w, moons.length)
    for (const { id, timestamp } of moons) entry.write(w, { type: MOON, id, timestamp })
  },
}

const introduction = struct({ protocol: u8, major: u8, minor: u8, revision: u16, clock: u64, identity: identityCodec })
const revision = struct({ id: u64, timestamp: u64 })
const entry = struct({ type: u8, id: u64, timestamp: u64 })
const REVISION = 16
const ENTRY = 17
const MOON = 127
