import { SocketError } from '../../streams/error.ts'
import { checkedCentralOptions } from '../central/central-options.ts'
import { type Ask, exchange, type Line, type Reply } from '../central/exchange.ts'
import { waitFor } from '../wait.ts'
import { flagOf, networkIdOf, nodeIdOf } from './bits.ts'
import { central } from './constant/central.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'

/** `http_resp_code` is that of the answer, 0 without one; a refusal is an answer, too. */
export interface ZtsCentralResult {
  readonly err: number
  readonly http_resp_code: number
}

/**
 * The hosted controller's HTTP API as it was when the headers had it: `<url>/api/…`, answers as text in one buffer. New
 * programs use `rxzt/central`.
 */
export const centralFunctions = (instance: Instance) => {
  let line: Line | undefined
  let modes: number = central.ZTS_CENTRAL_READ
  let last = ''

  const ask = async (method: Ask['method'], path: string | undefined, json?: unknown): Promise<ZtsCentralResult> => {
    const needed = method === 'GET' ? central.ZTS_CENTRAL_READ : central.ZTS_CENTRAL_WRITE
    if (path === undefined) return { err: result.ZTS_ERR_ARG, http_resp_code: 0 }
    if (line === undefined || (modes & needed) === 0) return { err: result.ZTS_ERR_SERVICE, http_resp_code: 0 }
    const body = typeof json === 'string' ? parsed(json) : undefined
    if (json !== undefined && body === undefined) return { err: result.ZTS_ERR_ARG, http_resp_code: 0 }
    last = ''
    try {
      const { status, text } = await answer(line, { method, path, ...(body === undefined ? {} : { body }) })
      last = text
      return { err: result.ZTS_ERR_OK, http_resp_code: status }
    } catch (error) {
      instance.failed(error)
      return { err: result.ZTS_ERR_SERVICE, http_resp_code: 0 }
    }
  }
  const updateMember = (net_id: bigint, node_id: bigint, post_data: string): Promise<ZtsCentralResult> =>
    ask('POST', typeof post_data === 'string' ? memberPath(net_id, node_id) : undefined, post_data)

  return {
    /** `token_str` has 32 characters. Until told otherwise it may only read. */
    zts_central_init: (url_str: string, token_str: string): number => {
      try {
        const isRight = `${token_str}`.length === central.ZTS_CENTRAL_TOKEN_LEN && isUrl(url_str)
        if (!isRight) return result.ZTS_ERR_ARG
        const { token, base } = checkedCentralOptions({ token: token_str, url: url_str })
        line = { base: `${base}/api`, token, fetch: globalThis.fetch, scheduler: instance.clock }
      } catch (error) {
        instance.failed(error)
        return result.ZTS_ERR_ARG
      }
      modes = central.ZTS_CENTRAL_READ
      last = ''
      return result.ZTS_ERR_OK
    },
    /** Forgets the token. */
    zts_central_cleanup: (): void => {
      line = undefined
      last = ''
    },
    /** `ZTS_CENTRAL_READ`, `ZTS_CENTRAL_WRITE`, or both by `|`. */
    zts_central_set_access_mode: (given: number): number => {
      if (!Number.isInteger(given) || (given & BOTH) === 0) return result.ZTS_ERR_ARG
      modes = given & BOTH
      return result.ZTS_ERR_OK
    },
    /** There is nothing more to tell than `error`. */
    zts_central_set_verbose: (is_verbose: number | boolean): number =>
      flagOf(is_verbose) === undefined ? result.ZTS_ERR_ARG : result.ZTS_ERR_OK,
    zts_central_clear_resp_buf: (): void => {
      last = ''
    },
    /** The text of the last answer: JSON, if all was well. */
    zts_central_get_last_resp_buf: (): { readonly err: number; readonly resp: string } => ({
      err: result.ZTS_ERR_OK,
      resp: last,
    }),
    zts_central_status_get: (): Promise<ZtsCentralResult> => ask('GET', '/status'),
    zts_central_self_get: (): Promise<ZtsCentralResult> => ask('GET', '/self'),
    zts_central_net_get: (net_id: bigint): Promise<ZtsCentralResult> => ask('GET', networkPath(net_id)),
    zts_central_net_get_all: (): Promise<ZtsCentralResult> => ask('GET', '/network'),
    /** `post_data` is JSON; the C library sends none. */
    zts_central_net_update: (net_id: bigint, post_data?: string): Promise<ZtsCentralResult> =>
      ask('POST', networkPath(net_id), post_data),
    zts_central_net_delete: (net_id: bigint): Promise<ZtsCentralResult> => ask('DELETE', networkPath(net_id)),
    zts_central_net_get_members: (net_id: bigint): Promise<ZtsCentralResult> => ask('GET', membersPath(net_id)),
    zts_central_member_get: (net_id: bigint, node_id: bigint): Promise<ZtsCentralResult> =>
      ask('GET', memberPath(net_id, node_id)),
    /** `post_data` is JSON. */
    zts_central_member_update: updateMember,
    zts_central_node_auth: (
      net_id: bigint,
      node_id: bigint,
      is_authed: number | boolean,
    ): Promise<ZtsCentralResult> => {
      const authorized = flagOf(is_authed)
      const path = authorized === undefined ? undefined : memberPath(net_id, node_id)
      return ask('POST', path, JSON.stringify({ config: { authorized } }))
    },
  }
}

const answer = (line: Line, asked: Ask): Promise<Reply> => {
  const late = (): Error => new SocketError('ETIMEDOUT', 'central', undefined, `no answer in ${TIMEOUT} ms; try again`)
  return waitFor<Reply>(line.scheduler, { timeout: TIMEOUT }, late, ({ resolve, reject }) => {
    const call = new AbortController()
    exchange(line, asked, call.signal).then(resolve, reject)
    return () => call.abort()
  })
}

const networkPath = (net_id: unknown): string | undefined => {
  const id = networkIdOf(net_id)
  return id === undefined ? undefined : `/network/${id}`
}
const membersPath = (net_id: unknown): string | undefined => {
  const network = networkPath(net_id)
  return network === undefined ? undefined : `${network}/member`
}
const memberPath = (net_id: unknown, node_id: unknown): string | undefined => {
  const [members, id] = [membersPath(net_id), nodeIdOf(node_id)]
  return members === undefined || id === undefined ? undefined : `${members}/${id}`
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json) ?? undefined
  } catch {
    return undefined
  }
}

const isUrl = (url: unknown): url is string =>
  typeof url === 'string' && url.length >= 3 && url.length <= central.ZTS_CENTRAL_MAX_URL_LEN

const TIMEOUT = 30_000
const BOTH = central.ZTS_CENTRAL_READ | central.ZTS_CENTRAL_WRITE
