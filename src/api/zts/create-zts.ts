import { checkOptions } from '../../streams/option.ts'
import { addressFunctions } from './addresses.ts'
import { centralFunctions } from './central-calls.ts'
import { constants } from './constants.ts'
import { coreQueryFunctions } from './core-query.ts'
import type { ZtsHost } from './host.ts'
import { identityFunctions } from './identities.ts'
import { initFunctions } from './init.ts'
import { Instance, type ZtsOptions, ztsRules } from './instance.ts'
import { Life } from './life.ts'
import { lifecycleFunctions } from './lifecycle.ts'
import { nameServerFunctions } from './name-servers.ts'
import { networkFunctions } from './networks.ts'
import { olderFunctions } from './older.ts'
import { olderNames } from './older-names.ts'
import { rootSetFunctions } from './root-set.ts'
import { socketFunctions } from './socket/functions.ts'
import { statisticsFunctions } from './statistics.ts'
import { utilityFunctions } from './utilities.ts'

/** Groups of functions, each made for one instance, under the names of the headers. */
const functionsOf = (instance: Instance) => {
  const life = new Life(instance)
  const current = {
    ...lifecycleFunctions(instance, life),
    ...initFunctions(instance),
    ...networkFunctions(instance),
    ...addressFunctions(instance),
    ...identityFunctions(instance),
    ...rootSetFunctions(instance),
    ...utilityFunctions(instance),
    ...coreQueryFunctions(instance),
    ...nameServerFunctions(instance),
    ...statisticsFunctions(instance),
    ...centralFunctions(instance),
  }
  return { ...current, ...olderFunctions(instance, life), ...olderNames(current), ...socketFunctions(instance) }
}

type Functions = ReturnType<typeof functionsOf>
type Constants = typeof constants

/**
 * The C interface of the native SDK for one node of its own: every function and constant under the name it has there.
 * Nothing throws: calls give result codes, and those that may take time give a promise of one.
 */
export interface Zts extends Functions, Constants {
  /** Why the last socket call that gave -1 did: POSIX, in Linux numbering. */
  errno: number
  /** The same, as C programs know it. */
  zts_errno: number
  /** The error behind the last negative result of a call that is about no socket: what was wrong, and what to do. */
  readonly error: Error | undefined
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`: the options are ours, and no affair of the C interface. */
export const createZtsOn =
  (host: ZtsHost) =>
  (options: ZtsOptions = {}): Zts => {
    checkOptions('createZts()', options, ztsRules)
    const instance = new Instance(host, options)
    const errno = { enumerable: true, get: () => instance.errno, set: instance.setErrno }
    const error = { enumerable: true, get: () => instance.error }
    const made = { ...constants, ...functionsOf(instance) }
    return Object.defineProperties(made, { errno, zts_errno: errno, error }) as Zts
  }
