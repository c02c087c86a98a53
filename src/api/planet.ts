import { parseIdentity } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import { decode, encode } from '../protocol/kernel/codec.ts'
import { explain } from '../protocol/kernel/error.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import { createWorld, MAX_ENDPOINTS, MAX_ROOTS, world as worldCodec } from '../protocol/world/world.ts'
import { ArgumentError } from '../streams/error.ts'
import { publicNodeId } from '../streams/public-id.ts'
import { asWorldId, type NodeId, type WorldId } from './id.ts'

/** Signs the revisions of a planet or moon: keep the secret half, whoever has it decides who the roots are. */
export interface SigningKey {
  /** 64 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  readonly secretKey: Uint8Array
}

export interface RootSpec {
  /** The *public* text of the root's identity. */
  readonly identity: string
  /** Where it always is. */
  readonly endpoints: readonly Endpoint[]
}

export interface PlanetSpec {
  /** Not 0; not 149604618, which is the public planet. */
  readonly id: bigint
  /** ms since the epoch; a later revision has a later one. */
  readonly timestamp: bigint
  readonly roots: readonly RootSpec[]
  readonly signingKey: SigningKey
}
export interface MoonSpec extends Omit<PlanetSpec, 'id'> {
  readonly id: WorldId | string
}

export const newSigningKey = (crypto: Crypto, random: Random): SigningKey => {
  const secretKey = random(64)
  const publicKey = new Uint8Array(64)
  publicKey.set(crypto.x25519PublicKey(secretKey.subarray(0, 32)))
  publicKey.set(crypto.ed25519PublicKey(secretKey.subarray(32)), 32)
  return { publicKey, secretKey }
}

/** The signed bytes, for `createNode({ planet })` and as the `planet` file of native nodes. */
export const signedWorld = (crypto: Crypto, type: 'planet' | 'moon', spec: PlanetSpec | MoonSpec): Uint8Array => {
  const { timestamp, signingKey, roots } = spec
  const id = typeof spec.id === 'bigint' ? spec.id : BigInt(`0x${asWorldId(spec.id)}`)
  if (typeof timestamp !== 'bigint' || timestamp <= 0n)
    throw invalid(`timestamp ${String(timestamp)} is no time — pass a bigint of ms, like BigInt(Date.now())`)
  if (signingKey?.publicKey?.length !== 64 || signingKey.secretKey?.length !== 64)
    throw invalid('signingKey is no key pair — pass what createSigningKey() gave')
  if (roots.length === 0 || roots.length > MAX_ROOTS) throw invalid(`${roots.length} roots — name 1 to ${MAX_ROOTS}`)
  const parsed = roots.map(({ identity, endpoints }) => {
    const root = parseIdentity(identity)
    if (root._tag === 'Left') throw invalid(`identity of a root is invalid: ${root.left} — pass identity.public`)
    if (endpoints.length > MAX_ENDPOINTS) throw invalid(`${endpoints.length} endpoints — name at most ${MAX_ENDPOINTS}`)
    const { secretKey: _, ...open } = root.right
    return { identity: open, endpoints }
  })
  const made = createWorld(crypto, signingKey, { type, id, timestamp, updateKey: signingKey.publicKey, roots: parsed })
  if (made._tag === 'Left') throw invalid(`${type}: ${explain(made.left)} — correct it and sign again`)
  return encode(worldCodec, made.right)
}

/** The nodes that a planet or moon names as roots; none for bytes that are neither. */
export const rootsOf = (bytes: Uint8Array): readonly NodeId[] => {
  const parsed = decode(worldCodec, bytes)
  return parsed._tag === 'Left' ? [] : parsed.right.roots.map((root) => publicNodeId(root.identity.address))
}

const invalid = (message: string): ArgumentError => new ArgumentError('ERR_ZT_INVALID_OPTION', message)
