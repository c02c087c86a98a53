import { ALWAYS, NEVER, YES } from './rule-finding.ts'
import { logMatch, logSkipped, type RuleLog } from './rule-log.ts'
import { findMatch } from './rule-match.ts'
import { FIRST_MATCH, RULE_NOT, RULE_OR, RULE_TYPE, RULE_WORDS, type RuleProgram } from './rule-program.ts'
import type { Scene } from './rule-scene.ts'

/** What a list of rules comes to; anything above DROP lets the frame go somewhere. */
export type Outcome = typeof NO_MATCH | typeof DROP | typeof REDIRECT | typeof ACCEPT | typeof SUPER_ACCEPT
export const NO_MATCH = 0
export const DROP = 1
export const REDIRECT = 2
export const ACCEPT = 3
export const SUPER_ACCEPT = 4

/**
 * One list of rules against one frame (§8.2): strictly from left to right, `set` being what the matches so far come
 * to. An action that is not taken begins the next set; one that is taken and does not end the evaluation leaves the set
 * as it is. `log`, where there is one, is told of each match.
 */
export const evaluate = (program: RuleProgram, s: Scene, log?: RuleLog): Outcome => {
  const { heads, words, length } = program
  let set = true
  s.super = false
  s.skipDrop = false
  s.copyTo = 0
  s.bucket = -1
  for (let i = 0; i < length; i++) {
    const head = heads[i]!
    const type = head & RULE_TYPE
    if (type >= FIRST_MATCH) {
      const or = (head & RULE_OR) !== 0
      if (!set && !or) {
        if (log !== undefined) logSkipped(log, i)
        continue
      }
      const found = findMatch(type, words, i * RULE_WORDS, s)
      const not = (head & RULE_NOT) !== 0
      const matched = found >= NEVER ? found === ALWAYS : (found === YES) !== not
      if (log !== undefined) logMatch(log, i, matched !== not, set)
      set = matched || (or && set)
      continue
    }
    if (!set) {
      set = true
      if (type >= TEE && type <= REDIRECT_TYPE && s.inbound && words[i * RULE_WORDS] === s.self) s.super = true
      continue
    }
    switch (type) {
      case 0: // DROP
        if (!s.skipDrop) return DROP
        s.skipDrop = false
        break
      case 1: // ACCEPT
        return s.super ? SUPER_ACCEPT : ACCEPT
      case 5: // BREAK
        return NO_MATCH
      // PRIORITY
      case 6: {
        const bucket = words[i * RULE_WORDS]!
        s.bucket = bucket <= MAX_BUCKET ? bucket : DEFAULT_BUCKET
        return ACCEPT
      }
      case 2: // TEE
      case 3: // WATCH, and REDIRECT
      case 4: {
        const target = words[i * RULE_WORDS]!
        if (target === s.source) break
        if (target === s.self) {
          if (s.inbound) return SUPER_ACCEPT
          break
        }
        if (target === s.dest) break
        if (type === REDIRECT_TYPE) {
          s.dest = target
          return REDIRECT
        }
        const most = words[i * RULE_WORDS + 1]!
        s.copyTo = target
        s.copyLength = most === 0 ? s.payload.length : Math.min(most, s.payload.length)
        s.copyIsWatch = type === WATCH
        break
      }
    }
  }
  return NO_MATCH
}

const TEE = 2
const WATCH = 3
const REDIRECT_TYPE = 4
const MAX_BUCKET = 8
const DEFAULT_BUCKET = 4
