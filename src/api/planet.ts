import { parseIdentity, publicKeyOf } from '../protocol/crypto/identity.ts'
import type { Crypto } from '../protocol/crypto/suite.ts'
import type { Endpoint } from '../protocol/datagram.ts'
import { decode, encode } from '../protocol/kernel/codec.ts'
import { explain } from '../protocol/kernel/error.ts'
import { parseIp } from '../protocol/kernel/ip.ts'
import type { Random } from '../protocol/kernel/rng.ts'
import { publicPlanet } from '../protocol/world/planet.ts'
import { createWorld, MAX_ENDPOINTS, MAX_ROOTS, world as worldCodec } from '../protocol/world/world.ts'
import { ArgumentError } from '../streams/error.ts'
import { anything, checkOptions, isRecord, type OptionRules, shown } from '../streams/option.ts'
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
  return { publicKey: publicKeyOf(crypto, secretKey), secretKey }
}

/** The signed bytes, for `createNode({ planet })` and as the `planet` file of native nodes. */
export const signedWorld = (crypto: Crypto, type: 'planet' | 'moon', spec: PlanetSpec | MoonSpec): Uint8Array => {
  checkOptions(type === 'planet' ? 'createPlanet()' : 'createMoon()', spec, rules)
  const { timestamp, signingKey, roots } = spec
  const id = idOf(type, spec.id)
  if (typeof timestamp !== 'bigint' || timestamp <= 0n || timestamp >= 1n << 64n)
    throw invalid(`timestamp ${String(timestamp)} is no time — pass a bigint of ms, like BigInt(Date.now())`)
  if (!isKeyPair(crypto, signingKey)) throw invalid('signingKey is no key pair — pass what createSigningKey() gave')
  if (!Array.isArray(roots)) throw invalid(`roots ${String(roots)} is no list — pass [{ identity, endpoints }]`)
  if (roots.length === 0 || roots.length > MAX_ROOTS) throw invalid(`${roots.length} roots — name 1 to ${MAX_ROOTS}`)
  const parsed = roots.map((root: RootSpec, i) => rootOf(root, `roots[${i}]`))
  if (new Set(parsed.map(({ identity }) => identity.address)).size < parsed.length)
    throw invalid('roots name one node twice — name each root once, with all its endpoints')
  const made = createWorld(crypto, signingKey, { type, id, timestamp, updateKey: signingKey.publicKey, roots: parsed })
  if (made._tag === 'Left') throw invalid(`${type}: ${explain(made.left)} — correct it and sign again`)
  return encode(worldCodec, made.right)
}

/** The nodes that a planet or moon names as roots; none for bytes that are neither. */
export const rootsOf = (bytes: Uint8Array): readonly NodeId[] => {
  const parsed = decode(worldCodec, bytes)
  return parsed._tag === 'Left' ? [] : parsed.right.roots.map((root) => publicNodeId(root.identity.address))
}

const rules: OptionRules<PlanetSpec> = { id: anything, timestamp: anything, roots: anything, signingKey: anything }

const idOf = (type: 'planet' | 'moon', id: bigint | string): bigint => {
  if (type === 'moon') return BigInt(`0x${asWorldId(id)}`)
  if (typeof id !== 'bigint' || id <= 0n || id >= 1n << 64n)
    throw invalid(`id ${String(id)} is no planet ID — pass a bigint of 64 bits, not 0`)
  if (id === publicPlanet.id) throw invalid(`id ${id} is the public planet — choose another`)
  return id
}

const isKeyPair = (crypto: Crypto, key: unknown): key is SigningKey => {
  if (!isRecord(key)) return false
  const { publicKey, secretKey } = key
  return (
    publicKey instanceof Uint8Array &&
    secretKey instanceof Uint8Array &&
    publicKey.length === 64 &&
    secretKey.length === 64 &&
    publicKeyOf(crypto, secretKey).every((byte, i) => byte === publicKey[i])
  )
}

const rootOf = (root: unknown, name: string) => {
  const { identity, endpoints } = isRecord(root) ? root : {}
  const parsed = parseIdentity(typeof identity === 'string' ? identity : '')
  if (parsed._tag === 'Left') throw invalid(`${name}.identity is invalid: ${parsed.left} — pass identity.public`)
  if (!Array.isArray(endpoints) || endpoints.length === 0 || endpoints.length > MAX_ENDPOINTS)
    throw invalid(
      `${name}.endpoints ${shown('', endpoints)} is not valid — pass 1 to ${MAX_ENDPOINTS} of { address, port }`,
    )
  const { secretKey: _, ...open } = parsed.right
  return { identity: open, endpoints: endpoints.map((one, i) => endpointOf(one, `${name}.endpoints[${i}]`)) }
}

const endpointOf = (endpoint: unknown, name: string): Endpoint => {
  const { address, port } = isRecord(endpoint) ? endpoint : {}
  if (typeof address === 'string' && parseIp(address) !== undefined && isPort(port)) return { address, port }
  throw invalid(`${name} ${shown('', endpoint)} is not valid — pass { address: '192.0.2.1', port: 9993 }`)
}

const isPort = (x: unknown): x is number => Number.isInteger(x) && (x as number) > 0 && (x as number) <= 65_535

const invalid = (message: string): ArgumentError => new ArgumentError('ERR_ZT_INVALID_OPTION', message)
