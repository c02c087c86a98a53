import { rm, stat } from 'node:fs/promises'
import type { SigningKey } from '../../controller.node.ts'
import { readText, refuseExisting, writeNew } from '../file.ts'
import { toHex } from './hex.ts'

/**
 * Signs with the key of a file, JSON with `signingKey` and `signingKey_SECRET` as in the files of moons, and writes what it
 * signed. A key that is not there is made. Both files are there in the end, or neither is new.
 */
export const signedInto = async (
  target: string,
  file: string,
  sign: (key: SigningKey) => Uint8Array,
): Promise<void> => {
  await refuseExisting(target)
  if ((await stat(file).catch(() => undefined)) !== undefined) {
    const { keyIn, objectIn } = await import('./world-json.ts')
    const json = objectIn(await readText(file), file)
    const key = { publicKey: keyIn(json, 'signingKey', file), secretKey: keyIn(json, 'signingKey_SECRET', file) }
    return writeNew(target, sign(key))
  }
  const { createSigningKey } = await import('../../controller.node.ts')
  const key = createSigningKey()
  const text = JSON.stringify({ signingKey: toHex(key.publicKey), signingKey_SECRET: toHex(key.secretKey) }, null, 1)
  const made = sign(key)
  await writeNew(file, text, true)
  await writeNew(target, made).catch(async (error: unknown) => {
    await rm(file, { force: true })
    throw error
  })
}

export const newPlanetId = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0]! | 1n
