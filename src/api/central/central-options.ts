import type { SchedulerLike } from 'rxjs'
import { ArgumentError } from '../../streams/error.ts'
import { aFunction, checkOptions, isRecord, type OptionRule, type OptionRules, whole } from '../../streams/option.ts'
import { type WaitOptions, waitRules } from '../wait.ts'

export interface CentralOptions {
  /** An API token of the account. It is sent to `url` and appears nowhere else: not in errors, not in what is printed. */
  readonly token: string
  /** Default `https://api.zerotier.com/api/v1`. `http:` only to this machine, or with a `fetch` of one's own. */
  readonly url?: string | URL
  /** Default: the one of the host. */
  readonly fetch?: typeof globalThis.fetch
  /** Of every call that names none: ms, default 30 000, 0 for no limit. */
  readonly timeout?: number
  /** Of every call that names none: how often to ask again after a 429, default 0. */
  readonly retries?: number
  readonly scheduler?: SchedulerLike
}

/** `timeout` is for the whole call, with the waits between its tries. */
export interface CallOptions extends WaitOptions {
  /** How often to ask again, when it is time, after the server said that there were too many requests (429). */
  readonly retries?: number
}

/** Each costs up to a minute. */
const MOST_RETRIES = 100
const retries: OptionRule = whole(0, MOST_RETRIES)
export const callRules: OptionRules<CallOptions> = { ...waitRules, retries }

const centralRules: OptionRules<CentralOptions> = {
  token: { is: () => true, cure: '' },
  url: { is: (x) => typeof x === 'string' || x instanceof URL, cure: 'pass the URL of the API' },
  fetch: aFunction,
  timeout: waitRules.timeout,
  retries,
  scheduler: { is: (x) => isRecord(x) && typeof x['schedule'] === 'function', cure: 'pass an RxJS scheduler' },
}

/** @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, without the token in its message */
export const checkedCentralOptions = (options: CentralOptions): { readonly token: string; readonly base: string } => {
  // what is misspelled, or passed alone, may be a token: its value is not told
  if (!isRecord(options)) throw invalid('options of central() are not valid — pass an object like { token }')
  for (const name of Object.keys(options))
    if (!Object.hasOwn(centralRules, name))
      throw invalid(`there is no option ${name} — known are ${Object.keys(centralRules).join(', ')}`)
  checkOptions('central()', options, centralRules)
  const { token, url = PUBLISHED, fetch } = options
  // its value stays out of the message, right or wrong
  if (typeof token !== 'string' || !SENDABLE.test(token))
    throw invalid(`token (${typeof token}) is not valid — pass the text of an API token, without spaces or line ends`)
  return { token, base: checkedBase(url, fetch !== undefined) }
}

const checkedBase = (given: string | URL, hasOwnFetch: boolean): string => {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalid('url is no URL of the web — write it like https://api.zerotier.com/api/v1')
  const place = `${url.origin}${url.pathname}`
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid(`url ${place} has more than a place in it — pass no user, query or fragment`)
  if (url.protocol === 'http:' && !hasOwnFetch && !LOOPBACK.test(url.hostname))
    throw invalid(`url ${place} would send the token in the clear — use https:`)
  return place.replace(/\/+$/, '')
}

const invalid = (message: string): ArgumentError => new ArgumentError('ERR_ZT_INVALID_OPTION', message)

const PUBLISHED = 'https://api.zerotier.com/api/v1'
/** What a header can carry as it is. */
const SENDABLE = /^[\x21-\x7e]+$/
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/
