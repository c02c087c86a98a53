/**
 * JSON as controllers take it (`docs/protocol/vl2.md` §15.2): numbers may be decimal text or booleans, booleans may be
 * numbers or words. What cannot be read gives the default, never an error.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** Whole numbers only: fractions are cut. */
export const asNumber = (value: Json | undefined, otherwise: number): number => {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : otherwise
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return otherwise
  const digits = /^\s*[+-]?\d+/.exec(value)
  return digits === null ? 0 : Number(digits[0])
}
export const asBoolean = (value: Json | undefined, otherwise: boolean): boolean => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value > 0
  return typeof value === 'string' ? /^[tT1]/.test(value) : otherwise
}
export const asText = (value: Json | undefined, otherwise: string): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(Math.trunc(value))
  return typeof value === 'boolean' ? (value ? '1' : '0') : otherwise
}
