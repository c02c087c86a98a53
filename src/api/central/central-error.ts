import { ZtError, type ZtErrorCode } from '../../streams/error.ts'
import type { RateLimit } from './rate-limit.ts'

/** The hosted controller refused, failed, or was not reached. Tokens are in none of its fields. */
export class CentralError extends ZtError {
  /** Of the answer, if there was one. */
  readonly status?: number
  /** With `ERR_ZT_CENTRAL_RATE_LIMIT`: ms after which a request will be heard again. */
  readonly retryAfter?: number

  constructor(code: ZtErrorCode, message: string, more: CentralErrorOptions = {}) {
    const { status, retryAfter, cause } = more
    super(code, message, cause === undefined ? undefined : { cause })
    if (status !== undefined) this.status = status
    if (retryAfter !== undefined) this.retryAfter = retryAfter
  }
}
export interface CentralErrorOptions {
  readonly status?: number
  readonly retryAfter?: number
  readonly cause?: unknown
}

/** What a status other than 2xx means. `what` is `GET /network`, `said` what the server had to say about it. */
export const refusal = (what: string, status: number, said: string, wait: number, limit?: RateLimit): CentralError => {
  const quote = said === '' ? '' : `: ${said}`
  const error = (code: ZtErrorCode, text: string, more: CentralErrorOptions = {}): CentralError =>
    new CentralError(code, `${what}: ${text}`, { status, ...more })
  if (status >= 300 && status < 400)
    return error('ERR_ZT_CENTRAL_ANSWER', `leads elsewhere (${status}) — pass the url of the API itself`)
  switch (status) {
    case 0: // what browsers make of a redirect
      return error('ERR_ZT_CENTRAL_ANSWER', 'leads elsewhere — pass the url of the API itself')
    case 401:
      return error('ERR_ZT_CENTRAL_TOKEN', `the token is not accepted (401)${quote} — make a new one in the account`)
    case 403:
      return error(
        'ERR_ZT_CENTRAL_DENIED',
        `this token may not do that, or is not accepted (403)${quote} — check it, and the permissions of its user`,
      )
    case 404:
      return error('ERR_ZT_CENTRAL_NOT_FOUND', `does not exist (404)${quote} — check the id`)
    case 429: {
      const most = limit?.limit === undefined ? '' : `, ${limit.limit} a second are allowed`
      return error(
        'ERR_ZT_CENTRAL_RATE_LIMIT',
        `too many requests (429)${most} — ask again in ${wait} ms, or pass retries`,
        { retryAfter: wait },
      )
    }
    default:
      return status >= 500
        ? error('ERR_ZT_CENTRAL_FAILED', `the server failed (${status})${quote} — try again later`)
        : error('ERR_ZT_CENTRAL_REFUSED', `refused (${status})${quote} — correct what was sent`)
  }
}
