/**
 * One checker per vector file. It is given the parsed file and answers case by case, so that a folder of other cases
 * of the same shape is judged by the same code.
 */
export type Verdict =
  | { readonly _tag: 'Passed' }
  | { readonly _tag: 'Failed'; readonly why: string }
  /** Not built yet: counted by name, never as passed. */
  | { readonly _tag: 'Skipped'; readonly why: string }

export interface Checked {
  readonly name: string
  readonly verdict: Verdict
}

export interface VectorFile {
  readonly description: string
  // biome-ignore lint/suspicious/noExplicitAny: vector files are data of many shapes, each read by its own checker
  readonly cases: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly [field: string]: any
}

export type Checker = (file: VectorFile) => readonly Checked[] | Promise<readonly Checked[]>

export const passed: Verdict = { _tag: 'Passed' }
export const failed = (why: string): Verdict => ({ _tag: 'Failed', why })
export const skipped = (why: string): Verdict => ({ _tag: 'Skipped', why })

/** Runs one case; what it throws, or returns as text, is why it failed. */
export const attempt = (name: string, run: () => string | undefined | Verdict): Checked => {
  try {
    const result = run()
    return {
      name,
      verdict: result === undefined ? passed : typeof result === 'string' ? failed(result) : result,
    }
  } catch (error) {
    return { name, verdict: failed(error instanceof Error ? (error.stack ?? error.message) : String(error)) }
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
/** `undefined` if equal, else what differs. */
export const differs = (what: string, found: unknown, expected: unknown): string | undefined => {
  const [a, b] = [plain(found), plain(expected)]
  return a === b ? undefined : `${what}: found ${a}, expected ${b}`
}
const plain = (value: unknown): string =>
  JSON.stringify(value, (_key, v) => (typeof v === 'bigint' ? v.toString() : v instanceof Uint8Array ? hex(v) : v))
