import type { Instance } from '../instance.ts'
import { bsdFunctions } from './bsd-functions.ts'
import { Calls } from './calls.ts'
import { olderSocketFunctions } from './older-functions.ts'
import { simpleFunctions } from './simple-functions.ts'
import { simpleOptionFunctions } from './simple-options.ts'

/** Every socket call of the headers, current and older, over the descriptors of one instance. */
export const socketFunctions = (instance: Instance) => {
  const calls = new Calls(instance)
  const bsd = bsdFunctions(calls)
  const simple = simpleFunctions(calls, bsd)
  return {
    ...bsd,
    ...simple,
    ...simpleOptionFunctions(calls, bsd),
    ...olderSocketFunctions(calls, bsd, simple),
  }
}
