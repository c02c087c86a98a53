import type { Checker } from '../checker.ts'
import { codecCheckers } from './vl2/codec.ts'
import { configCheckers } from './vl2/config.ts'
import { controllerCheckers } from './vl2/controller.ts'
import { credentialCheckers } from './vl2/credential.ts'
import { payloadCheckers } from './vl2/payload.ts'

export const vl2Checkers: Readonly<Record<string, Checker>> = {
  ...codecCheckers,
  ...configCheckers,
  ...credentialCheckers,
  ...payloadCheckers,
  ...controllerCheckers,
}
