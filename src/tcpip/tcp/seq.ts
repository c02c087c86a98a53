/**
 * Sequence numbers (RFC 9293 §3.4) as int32: arithmetic wraps by `| 0`, comparisons look at the sign of the difference,
 * so they hold for distances below 2³¹. Timestamps of RFC 7323 compare the same way.
 */
export const distance = (from: number, to: number): number => (to - from) | 0
export const before = (a: number, b: number): boolean => ((a - b) | 0) < 0
export const after = (a: number, b: number): boolean => ((a - b) | 0) > 0
export const atOrBefore = (a: number, b: number): boolean => ((a - b) | 0) <= 0
export const atOrAfter = (a: number, b: number): boolean => ((a - b) | 0) >= 0
