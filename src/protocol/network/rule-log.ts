import { MAX_RULES } from './rule.ts'

/**
 * How an evaluation went, rule by rule, for traces (`docs/protocol/vl2.md` §17): a nibble each, the even rule of a pair in
 * the low one.
 *
 *     0   not reached, or no match
 *     set + 1                      a match that was skipped, since the set had failed already
 *     (found + 1) << 2 | set + 1   a match that was asked: what it found before NOT, and what the set was until then
 */
export type RuleLog = Uint8Array
export const ruleLog = (): RuleLog => new Uint8Array(MAX_RULES / 2)

export const logSkipped = (log: RuleLog, rule: number): void => {
  log[rule >> 1] = log[rule >> 1]! | (1 << ((rule & 1) << 2))
}
export const logMatch = (log: RuleLog, rule: number, found: boolean, set: boolean): void => {
  log[rule >> 1] = log[rule >> 1]! | (((found ? 8 : 4) | (set ? 2 : 1)) << ((rule & 1) << 2))
}

/** What one decision leaves behind where somebody wants to know. */
export interface DecisionLog {
  readonly base: RuleLog
  /** Of the capability that let the frame pass. */
  capability: { readonly id: number; readonly log: RuleLog } | undefined
}
