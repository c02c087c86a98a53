import { parseIdentity } from '../../protocol/crypto/identity.ts'
import type { Endpoint } from '../../protocol/datagram.ts'
import { decode, encode } from '../../protocol/kernel/codec.ts'
import { createWorld, type Root, world } from '../../protocol/world/world.ts'
import { isRecord } from '../../streams/option.ts'
import { parseIp } from '../address.ts'
import { newSigningKey } from '../planet.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import { isPort } from './sockaddr.ts'

/** `zts_root_set_t`: the identities of at most four roots, and for each of them its endpoints as `192.0.2.1/9993`. */
export interface ZtsRootSet {
  readonly public_id_str: readonly string[]
  readonly endpoint_ip_str: readonly (readonly string[])[]
}
export interface ZtsSignedRootSet {
  readonly err: number
  /** For `zts_init_set_roots`, and the `planet` file of native nodes. */
  readonly roots: Uint8Array
  /** 128 bytes each, public and secret halves. */
  readonly prevKey: Uint8Array
  readonly currKey: Uint8Array
}

export const rootSetFunctions = (instance: Instance) => ({
  /**
   * Signs a planet with `prevKey`; its next revision has to be signed with `currKey`. Keys that are null are made. `id` is
   * not 0, `ts` is ms since the epoch, and later in later revisions.
   */
  zts_util_sign_root_set: (
    prevKey: Uint8Array | null,
    currKey: Uint8Array | null,
    id: bigint,
    ts: bigint,
    roots_spec: ZtsRootSet,
  ): ZtsSignedRootSet => {
    const { crypto, random } = instance.host.platform
    const made = (): Uint8Array => {
      const { publicKey, secretKey } = newSigningKey(crypto(), random())
      return Uint8Array.of(...publicKey, ...secretKey)
    }
    const roots = rootsOf(roots_spec)
    if (roots === undefined || !isKey(prevKey) || !isKey(currKey) || !isBits(id) || !isBits(ts)) return refused
    const [prev, curr] = [prevKey ?? made(), currKey ?? made()]
    const key = { publicKey: prev.subarray(0, KEY), secretKey: prev.subarray(KEY) }
    const updateKey = curr.slice(0, KEY)
    const signed = createWorld(crypto(), key, { type: 'planet', id, timestamp: ts, updateKey, roots })
    if (signed._tag === 'Left') return refused
    const bytes = encode(world, signed.right)
    // nobody is handed what no node would take
    if (decode(world, bytes)._tag === 'Left') return { ...refused, err: result.ZTS_ERR_GENERAL }
    return { err: result.ZTS_ERR_OK, roots: bytes, prevKey: prev, currKey: curr }
  },
})

const rootsOf = (spec: unknown): readonly Root[] | undefined => {
  if (!isRecord(spec)) return undefined
  const { public_id_str: ids, endpoint_ip_str: endpoints } = spec
  if (!Array.isArray(ids) || ids.length === 0 || !Array.isArray(endpoints)) return undefined
  const found: Root[] = []
  for (const [i, id] of ids.entries()) {
    const parsed = parseIdentity(String(id))
    const places: unknown = endpoints[i]
    const own = Array.isArray(places) ? places.map(endpointOf) : []
    if (parsed._tag === 'Left' || own.length === 0 || own.includes(undefined)) return undefined
    const { secretKey: _, ...identity } = parsed.right
    found.push({ identity, endpoints: own as Endpoint[] })
  }
  return found
}

const endpointOf = (text: unknown): Endpoint | undefined => {
  const [, ip = '', digits = ''] = /^([^/]+)\/(\d{1,5})$/.exec(String(text)) ?? []
  const [address, port] = [parseIp(ip), Number(digits)]
  return address === undefined || !isPort(port) || port === 0 ? undefined : { address, port }
}

const isKey = (key: unknown): key is Uint8Array | null =>
  key === null || (key instanceof Uint8Array && key.length === 2 * KEY)
const isBits = (x: unknown): x is bigint => typeof x === 'bigint' && x > 0n && x < 1n << 64n

const nothing = new Uint8Array(0)
const refused: ZtsSignedRootSet = { err: result.ZTS_ERR_ARG, roots: nothing, prevKey: nothing, currKey: nothing }
const KEY = 64
