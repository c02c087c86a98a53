import type { Checker } from './checker.ts'
import { cryptoCheckers } from './checkers/crypto.ts'
import { ruleCheckers } from './checkers/rules.ts'
import { transcriptCheckers } from './checkers/transcripts.ts'
import { vl1Codec } from './checkers/vl1-codec.ts'
import { vl1Messages } from './checkers/vl1-messages.ts'
import { vl2Checkers } from './checkers/vl2.ts'
import { vl2Behaviour } from './checkers/vl2-behaviour.ts'

/** Vector file name → what it is held against. */
export const checkers: Readonly<Record<string, Checker>> = {
  ...vl1Codec,
  ...vl1Messages,
  ...transcriptCheckers,
  ...cryptoCheckers,
  ...vl2Checkers,
  ...vl2Behaviour,
  ...ruleCheckers,
}
