import { ArgumentError } from './error.ts'

/** What an option may be, and what to write instead of anything else. */
export interface OptionRule {
  readonly is: (value: unknown) => boolean
  readonly cure: string
}
/** A rule for every option of `O`: an option without one does not compile. */
export type OptionRules<O> = { readonly [K in keyof Required<O>]: OptionRule }

/**
 * Names the first option that does not exist or cannot have its value, says what it was and what to write instead.
 * `undefined` counts as not given.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 */
export const checkOptions = <O extends object>(of: string, options: O, rules: OptionRules<O>): void => {
  if (!isRecord(options)) refuse(`options of ${of}`, options, `pass an object of ${Object.keys(rules).join(', ')}`)
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof O] : undefined
    if (rule === undefined) refuse(name, value, `there is no such option; known are ${Object.keys(rules).join(', ')}`)
    else if (value !== undefined && !rule.is(value)) refuse(name, value, rule.cure)
  }
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION` */
export const refuse = (name: string, value: unknown, cure: string): never => {
  throw new ArgumentError('ERR_ZT_INVALID_OPTION', `${name} ${shown(name, value)} is not valid — ${cure}`)
}

/** Values in messages: short, and never a secret. */
export const shown = (name: string, value: unknown): string => {
  if (name === 'identity' || name === 'random') return `(${typeof value})`
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : isRecord(value)
        ? preview(value)
        : typeof value === 'function'
          ? 'a function'
          : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Plain objects and lists by what is in them, others by what they are. */
const preview = (value: object): string => {
  if (ArrayBuffer.isView(value)) return `of ${value.byteLength} bytes`
  const plain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))
  try {
    if (plain) return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
  } catch {
    // a circle
  }
  return Object.prototype.toString.call(value)
}

export const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null
export const isStream = (x: unknown): boolean => isRecord(x) && typeof x['subscribe'] === 'function'
export const isSignal = (x: unknown): x is AbortSignal =>
  isRecord(x) &&
  typeof x['aborted'] === 'boolean' &&
  typeof x['throwIfAborted'] === 'function' &&
  typeof x['addEventListener'] === 'function'

export const anything: OptionRule = { is: () => true, cure: '' }
export const yesOrNo: OptionRule = { is: (x) => typeof x === 'boolean', cure: 'use true or false' }
export const aFunction: OptionRule = { is: (x) => typeof x === 'function', cure: 'pass a function' }
export const aSignal: OptionRule = { is: isSignal, cure: 'pass the signal of an AbortController' }
/** ms, 0 for no limit. */
export const aTimeout: OptionRule = {
  is: (x) => typeof x === 'number' && x >= 0,
  cure: 'use ms, or 0 for no limit',
}
export const whole = (least: number, most: number): OptionRule => ({
  is: (x) => Number.isInteger(x) && (x as number) >= least && (x as number) <= most,
  cure: `use ${least} to ${most}`,
})
export const atLeast = (least: number): OptionRule => ({
  is: (x) => typeof x === 'number' && x >= least,
  cure: `use ${least} or more`,
})
export const oneOf = (...values: readonly unknown[]): OptionRule => ({
  is: (x) => values.includes(x),
  cure: `use ${values.map((value) => JSON.stringify(value)).join(' or ')}`,
})
