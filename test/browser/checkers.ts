import type { Checker } from '../support/checker.ts'
import { cryptoCheckers } from '../support/checkers/crypto.ts'
import { ruleCheckers } from '../support/checkers/rules.ts'
import { vl1Codec } from '../support/checkers/vl1-codec.ts'
import { vl1Messages } from '../support/checkers/vl1-messages.ts'
import { vl2Checkers } from '../support/checkers/vl2.ts'
import { vl2Behaviour } from '../support/checkers/vl2-behaviour.ts'

/** All but the transcripts, whose player takes identities from files. */
export const checkers: Readonly<Record<string, Checker>> = {
  ...cryptoCheckers,
  ...vl1Codec,
  ...vl1Messages,
  ...vl2Checkers,
  ...vl2Behaviour,
  ...ruleCheckers,
}
