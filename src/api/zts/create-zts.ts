import { constants } from './constants.ts'
import type { ZtsHost } from './host.ts'
import { Instance, type ZtsOptions } from './instance.ts'

/** Groups of functions, each made for one instance, merged under the names of the headers. */
const functionsOf = (_instance: Instance) => ({})

/**
 * The C interface of the native SDK for one node of its own: each function under the name it has there. Nothing throws;
 * `errno` is of this instance.
 */
export type Zts = typeof constants &
  ReturnType<typeof functionsOf> & {
    /** Why the last call that gave -1 did. */
    errno: number
    zts_errno: number
  }

export const createZtsOn =
  (host: ZtsHost) =>
  (options: ZtsOptions = {}): Zts => {
    const instance = new Instance(host, options)
    const errno = { enumerable: true, get: () => instance.errno, set: instance.setErrno }
    const made = { ...constants, ...functionsOf(instance) }
    return Object.defineProperties(made, { errno, zts_errno: errno }) as Zts
  }
