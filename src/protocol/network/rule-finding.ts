/**
 * What a match says before NOT is applied: no, yes, or one of the two over which NOT has no say
 * (`docs/protocol/vl2.md` §8.3).
 */
export type Finding = typeof NO | typeof YES | typeof NEVER | typeof ALWAYS
export const NO = 0
export const YES = 1
export const NEVER = 2
export const ALWAYS = 3
