import { publicKeyOf } from '../../protocol/crypto/identity.ts'
import { isIdentity, wireIdentity } from '../identity.ts'
import { generateIdentityOn, validateIdentityOn } from '../identity-functions.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'

/** They need no node. */
export const identityFunctions = (instance: Instance) => {
  const { platform } = instance.host
  const generate = generateIdentityOn(platform)
  const validate = validateIdentityOn(platform)
  return {
    /** A new identity with its secret, as text: a puzzle of 0.2 to 5 s, off the loop where the host can. */
    zts_id_new: async (): Promise<{ readonly err: number; readonly key: string }> => {
      try {
        return { err: result.ZTS_ERR_OK, key: (await generate()).exportSecret() }
      } catch (error) {
        instance.failed(error)
        return { err: result.ZTS_ERR_GENERAL, key: '' }
      }
    },
    /** 1 if it is an identity whose address follows from its key, and whose secret, if it has one, belongs to it. */
    zts_id_pair_is_valid: async (key: string): Promise<number> => {
      if (!isIdentity(key)) return 0
      const { publicKey, secretKey } = wireIdentity(key)
      if (secretKey !== undefined && !same(publicKeyOf(platform.crypto(), secretKey), publicKey)) return 0
      try {
        return Number(await validate(key))
      } catch (error) {
        instance.failed(error)
        return 0
      }
    },
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i])
