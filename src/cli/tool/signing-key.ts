import { stat } from 'node:fs/promises'
import type { SigningKey } from '../../controller.node.ts'
import { type NewFile, readText, refuseExisting, writeAllNew } from '../file.ts'
import { toHex } from './hex.ts'

/**
 * Signs with the key of a file, JSON with `signingKey` and `signingKey_SECRET` as in the files of moons, and writes what it
 * signed. A key that is not there is made. All files, with those that come `along`, are there in the end, or none is new.
 */
export const signedInto = async (
  target: string,
  file: string,
  sign: (key: SigningKey) => Uint8Array,
  along: readonly NewFile[] = [],
): Promise<void> => {
  await refuseExisting(target)
  if ((await stat(file).catch(() => undefined)) !== undefined) {
    const { keyIn, objectIn } = await import('./world-json.ts')
    const json = objectIn(await readText(file), file)
    const key = { publicKey: keyIn(json, 'signingKey', file), secretKey: keyIn(json, 'signingKey_SECRET', file) }
    return writeAllNew([...along, { path: target, content: sign(key) }])
  }
  const { createSigningKey } = await import('../../controller.node.ts')
  const key = createSigningKey()
  const text = JSON.stringify({ signingKey: toHex(key.publicKey), signingKey_SECRET: toHex(key.secretKey) }, null, 1)
  const made = sign(key)
  return writeAllNew([...along, { path: file, content: text, secret: true }, { path: target, content: made }])
}

export const newPlanetId = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0]! | 1n
