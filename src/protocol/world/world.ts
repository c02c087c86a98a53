/**
 * Worlds: signed lists of roots (`docs/protocol/vl1.md`, worlds).
 *
 *     type[1] = 1 planet | 127 moon   id[8]   timestamp[8]   update key[64]   signature[96]   roots[1] ≤ 4
 *     per root: identity[71]   endpoints[1] ≤ 32   InetAddress…      moon only: dictionary length[2] and as many bytes
 *
 * Signed are the same bytes without the signature and with an empty dictionary, between eight 7f and eight f7.
 */

import { type Identity, identityCodec } from '../crypto/identity.ts'
import { sign, verify } from '../crypto/signature.ts'
import type { Crypto } from '../crypto/suite.ts'
import type { Endpoint } from '../datagram.ts'
import {
  bytes,
  type Codec,
  counted,
  reader,
  struct,
  u8,
  u16,
  u64,
  type Writer,
  writer,
  written,
} from '../kernel/codec.ts'
import { badField, short, type WireError } from '../kernel/error.ts'
import { E } from '../kernel/fp.ts'
import { parseIp } from '../kernel/ip.ts'
import { inetAddress } from '../peer/endpoint.ts'

/** A root server: who it is and where it always is. */
export interface Root {
  readonly identity: Identity
  readonly endpoints: readonly Endpoint[]
}

/** A planet or moon: a signed list of roots (`docs/protocol/vl1.md`, worlds). */
export interface World {
  readonly type: 'planet' | 'moon'
  readonly id: bigint
  /** Revision, in ms since the epoch. */
  readonly timestamp: bigint
  /** The 64-byte public key that must sign the next revision. */
  readonly updateKey: Uint8Array
  readonly signature: Uint8Array
  readonly roots: readonly Root[]
}
export type UnsignedWorld = Omit<World, 'signature'>

/** The pair that signs worlds: laid out like an identity's keys, with no address. */
export interface WorldKey {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** A world; the cursor stops behind it, so that worlds can stand back to back. */
export const world: Codec<World> = {
  read: (r) => {
    const one = worldOrNull.read(r)
    if (one._tag === 'Left') return one
    return one.right === null ? E.left(badField('world type', NULL)) : E.right(one.right)
  },
  write: (w, value) => {
    writeBeforeSignature(w, value)
    signature.write(w, value.signature)
    writeAfterSignature(w, value)
  },
}

/** A world, or `null` for type 0, which is laid out like a planet and means nothing. */
export const worldOrNull: Codec<World | null> = {
  read: (r) => {
    const start = r.at
    const head = heading.read(r)
    if (head._tag === 'Left') return head
    const { type, id, timestamp } = head.right
    if (type !== PLANET && type !== MOON && type !== NULL) return E.left(badField('world type', type))
    const list = roots.read(r)
    if (list._tag === 'Left') return list
    if (type === MOON) {
      const length = u16.read(r)
      if (length._tag === 'Left') return length
      if (r.end - r.at < length.right) return E.left(short(r.at, length.right - (r.end - r.at)))
      r.at += length.right
    }
    if (r.at - start > MAX_WORLD) return E.left(badField('world size', r.at - start))
    if (type === NULL) return E.right(null)
    // copied: worlds outlive the packet they came in
    const kept = { updateKey: head.right.updateKey.slice(), signature: head.right.signature.slice(), roots: list.right }
    return E.right({ type: type === MOON ? 'moon' : 'planet', id, timestamp, ...kept })
  },
  write: (w, value) => {
    if (value !== null) world.write(w, value)
  },
}

/** As many worlds as stand back to back; what follows the first malformed one is not read. Null worlds are left out. */
export const readWorlds = (data: Uint8Array): readonly World[] => {
  const r = reader(data)
  const worlds: World[] = []
  while (r.at < r.end) {
    const one = worldOrNull.read(r)
    if (one._tag === 'Left') break
    if (one.right !== null) worlds.push(one.right)
  }
  return worlds
}

export const signedBytes = (value: UnsignedWorld): Uint8Array => {
  const w = writer(1024)
  guard.write(w, OPENING)
  writeBeforeSignature(w, value)
  writeAfterSignature(w, value)
  guard.write(w, CLOSING)
  return written(w)
}

/** The world with its signature by `key`, the pair whose public half the previous revision names. */
export const signWorld = (crypto: Crypto, key: WorldKey, value: UnsignedWorld): World => ({
  ...value,
  signature: sign(crypto, key, signedBytes(value)),
})

/**
 * Whether `next` takes the place of `current`: anything does where nothing is (no world, or ID 0), else only a newer
 * revision of the same world, signed by the key that the current one names.
 */
export const isReplacedBy = (crypto: Crypto, current: World | undefined, next: World): boolean => {
  if (current === undefined || current.id === 0n) return true
  if (current.type !== next.type || current.id !== next.id || next.timestamp <= current.timestamp) return false
  return verify(crypto, current.updateKey, signedBytes(next), next.signature)
}

/**
 * Makes and signs a world. Roots are put in the order of their identities and endpoints in the order of their bytes, so
 * that the same facts always give the same world.
 */
export const createWorld = (crypto: Crypto, key: WorldKey, value: UnsignedWorld): E.Either<WireError, World> => {
  if (value.id === 0n) return E.left(badField('world ID', 0n))
  if (value.roots.length > MAX_ROOTS) return E.left(badField('number of roots', value.roots.length))
  for (const { endpoints } of value.roots) {
    if (endpoints.length > MAX_ENDPOINTS) return E.left(badField('number of endpoints', endpoints.length))
    for (const { address } of endpoints)
      if (parseIp(address) === undefined) return E.left(badField('endpoint address', address))
  }
  const sorted = [...value.roots]
    .sort((a, b) => a.identity.address - b.identity.address || compare(a.identity.publicKey, b.identity.publicKey))
    .map((root) => ({ ...root, endpoints: [...root.endpoints].sort(byBytes) }))
  return E.right(signWorld(crypto, key, { ...value, roots: sorted }))
}

const byBytes = (a: Endpoint, b: Endpoint): number => {
  const [x, y] = [parseIp(a.address)!, parseIp(b.address)!]
  return x.length - y.length || compare(x, y) || a.port - b.port
}
const compare = (a: Uint8Array, b: Uint8Array): number => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

const writeBeforeSignature = (w: Writer, value: UnsignedWorld): void => {
  u8.write(w, value.type === 'moon' ? MOON : PLANET)
  u64.write(w, value.id)
  u64.write(w, value.timestamp)
  updateKey.write(w, value.updateKey)
}
const writeAfterSignature = (w: Writer, value: UnsignedWorld): void => {
  roots.write(w, value.roots)
  if (value.type === 'moon') u16.write(w, 0)
}

export const MAX_ROOTS = 4
export const MAX_ENDPOINTS = 32
/** The largest serialized world that is considered, in bytes. */
export const MAX_WORLD = 8480
const NULL = 0
const PLANET = 1
const MOON = 127
const updateKey = bytes(64)
const signature = bytes(96)
const guard = bytes(8)
const OPENING = new Uint8Array(8).fill(0x7f)
const CLOSING = new Uint8Array(8).fill(0xf7)
const heading = struct({ type: u8, id: u64, timestamp: u64, updateKey, signature })
/** A root that lists "no address" gives no place to reach it: such entries are passed over. */
const endpoints: Codec<readonly Endpoint[]> = {
  read: (r) => {
    const all = counted(u8, inetAddress, 'number of endpoints', MAX_ENDPOINTS).read(r)
    return all._tag === 'Left' ? all : E.right(all.right.filter((one) => one !== null))
  },
  write: (w, list) => counted(u8, inetAddress, 'number of endpoints', MAX_ENDPOINTS).write(w, list),
}
const roots: Codec<readonly Root[]> = counted(
  u8,
  struct({ identity: identityCodec, endpoints }),
  'number of roots',
  MAX_ROOTS,
)
