import { type Identity, parseIdentity, printIdentity } from '../../protocol/crypto/identity.ts'
import type { Endpoint } from '../../protocol/datagram.ts'
import { parseEndpoint, printEndpoint } from '../../protocol/peer/endpoint.ts'
import type { Root, World } from '../../protocol/world/world.ts'
import { fail } from '../failure.ts'
import { fromHex, toHex } from './hex.ts'

/** A world to be signed, as the JSON of native tools has it; planets have one too, with their signing key. */
export interface WorldDraft {
  readonly type: 'planet' | 'moon'
  readonly id: bigint
  readonly updateKey: Uint8Array
  readonly signingKey: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }
  readonly roots: readonly Root[]
}

/** Fields of the JSON that `initmoon` of either tool writes; `file` is named in what is wrong. */
export const worldDraft = (text: string, file: string): WorldDraft => {
  const json = objectIn(text, file)
  const { worldType: type, roots } = json
  if (type !== 'moon' && type !== 'planet') return wrong(file, 'worldType', 'write "moon" or "planet"')
  if (typeof json['id'] !== 'string' || !/^[0-9a-f]{1,16}$/i.test(json['id']) || /^0+$/.test(json['id']))
    return wrong(file, 'id', 'write up to 16 hex digits, not 0')
  if (!Array.isArray(roots) || roots.length === 0) return wrong(file, 'roots', 'write [{ identity, stableEndpoints }]')
  return {
    type,
    id: BigInt(`0x${json['id']}`),
    updateKey: keyIn(json, 'updatesMustBeSignedBy', file),
    signingKey: { publicKey: keyIn(json, 'signingKey', file), secretKey: keyIn(json, 'signingKey_SECRET', file) },
    roots: roots.map((root: unknown, i) => rootIn(root, `roots[${i}]`, file)),
  }
}

/** The JSON in the form and the order of native tools. */
export const printDraft = ({ type, id, updateKey, signingKey, roots }: WorldDraft): string =>
  JSON.stringify(
    {
      id: id.toString(16).padStart(10, '0'),
      objtype: 'world',
      roots: roots.map(({ identity, endpoints }) => ({
        identity: printIdentity(identity),
        stableEndpoints: endpoints.map(printEndpoint),
      })),
      signingKey: toHex(signingKey.publicKey),
      signingKey_SECRET: toHex(signingKey.secretKey),
      updatesMustBeSignedBy: toHex(updateKey),
      worldType: type,
    },
    null,
    1,
  )

/** A key pair alone: what signs the revisions of a planet. */
export const keyIn = (json: Readonly<Record<string, unknown>>, name: string, file: string): Uint8Array => {
  const found = json[name]
  const bytes = typeof found === 'string' ? fromHex(found) : undefined
  return bytes?.length === 64
    ? bytes
    : wrong(file, name, 'it is 128 hex digits: restore the file that was made with it')
}

export const objectIn = (text: string, file: string): Readonly<Record<string, unknown>> => {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json }
  } catch {
    // what the parser says repeats what it read, and that may be a key
    return fail(
      `${file} is no JSON`,
      'name a file that `rxzt idtool initmoon` or `rxzt planet create` made, or correct it',
    )
  }
  return fail(`${file} holds no JSON object`, 'name a file that `rxzt idtool initmoon` or `rxzt planet create` made')
}

const rootIn = (root: unknown, name: string, file: string): Root => {
  const { identity, stableEndpoints = [] }: { readonly identity?: unknown; readonly stableEndpoints?: unknown } =
    Object(root)
  const parsed = parseIdentity(typeof identity === 'string' ? identity.trim() : '')
  if (parsed._tag === 'Left')
    return wrong(file, `${name}.identity`, 'write the text of the identity.public of that root')
  if (!Array.isArray(stableEndpoints)) return wrong(file, `${name}.stableEndpoints`, 'write ["192.0.2.1/9993"]')
  const endpoints = stableEndpoints.map(
    (text: unknown) =>
      (typeof text === 'string' ? parseEndpoint(text) : undefined) ??
      wrong(file, `${name}.stableEndpoints ${JSON.stringify(text)}`, 'write ["192.0.2.1/9993"]'),
  )
  return { identity: withoutSecret(parsed.right), endpoints }
}

export const withoutSecret = ({ address, publicKey }: Identity): Identity => ({ address, publicKey })

/** What people read of a world. */
export const describeWorld = ({ type, id, timestamp, updateKey, roots }: World, signed: boolean) => ({
  type,
  id: id.toString(16).padStart(16, '0'),
  timestamp: Number(timestamp),
  date: new Date(Number(timestamp)).toJSON(),
  updatesMustBeSignedBy: toHex(updateKey),
  signedByThat: signed,
  roots: roots.map(({ identity, endpoints }) => ({
    identity: printIdentity(identity),
    stableEndpoints: endpoints.map((one: Endpoint) => printEndpoint(one)),
  })),
})

const wrong = (file: string, field: string, cure: string): never =>
  fail(`${file}: ${field} is not what it has to be`, cure)
