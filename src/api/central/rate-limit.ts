/** What the server says of its limit with an answer: `X-RateLimit-*`. */
export interface RateLimit {
  /** Requests a second: 20 for free accounts, 100 for others. */
  readonly limit?: number
  readonly remaining?: number
  /** ms since the epoch, by the server's clock. */
  readonly resetAt?: number
}

type Headers = (name: string) => string | null

export const rateLimitOf = (header: Headers): RateLimit | undefined => {
  const limit = wholeIn(header('x-ratelimit-limit'))
  const remaining = wholeIn(header('x-ratelimit-remaining'))
  const resetAt = dateIn(header('x-ratelimit-reset'))
  if (limit === undefined && remaining === undefined && resetAt === undefined) return undefined
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetAt === undefined ? {} : { resetAt }),
  }
}

/**
 * ms to wait after a 429: `Retry-After` (RFC 9110 §10.2.3, seconds or a date), else until the limit is reset, else a
 * second. Dates are compared with the server's own clock where it tells it.
 */
export const pauseOf = (header: Headers, now: number): number => {
  const seconds = wholeIn(header('retry-after'))
  if (seconds !== undefined) return seconds * 1_000
  const until = dateIn(header('retry-after')) ?? rateLimitOf(header)?.resetAt
  if (until === undefined) return USUAL_PAUSE
  return Math.max(0, until - (dateIn(header('date')) ?? now))
}

const wholeIn = (text: string | null): number | undefined =>
  text !== null && /^ *\d{1,9} *$/.test(text) ? Number(text) : undefined
const dateIn = (text: string | null): number | undefined => {
  // a number alone would be read as a year
  const at = text === null || wholeIn(text) !== undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

const USUAL_PAUSE = 1_000
