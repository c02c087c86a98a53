import type { SchedulerLike } from 'rxjs'
import { SocketError } from '../../streams/error.ts'
import { waitFor } from '../wait.ts'
import { CentralError, refusal } from './central-error.ts'
import type { CallOptions } from './central-options.ts'
import { pauseOf, type RateLimit, rateLimitOf } from './rate-limit.ts'

/** Where requests go, and how. */
export interface Line {
  readonly base: string
  readonly token: string
  readonly fetch: typeof globalThis.fetch
  readonly scheduler: SchedulerLike
}
export interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its slash; what is variable in it is encoded. */
  readonly path: string
  readonly body?: unknown
  /** What must not be told, besides the token. */
  readonly secret?: string
}
export interface Reply {
  readonly status: number
  readonly header: (name: string) => string | null
  readonly text: string
}

/**
 * One request and its answer, whatever its status.
 * @throws {CentralError} `ERR_ZT_CENTRAL_UNREACHABLE`, `ERR_ZT_CENTRAL_ANSWER` if it is too long
 */
export const exchange = async (line: Line, ask: Ask, signal: AbortSignal): Promise<Reply> => {
  let status: number | undefined
  try {
    const response = await line.fetch.call(undefined, `${line.base}${ask.path}`, {
      method: ask.method,
      headers: {
        accept: 'application/json',
        authorization: `token ${line.token}`,
        ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
      // the token goes where it was meant to go, and nothing else goes with it
      redirect: 'manual',
      credentials: 'omit',
      signal,
    })
    status = response.status
    return { status, header: (name) => response.headers.get(name), text: await textOf(response) }
  } catch (error) {
    if (error instanceof TooLong)
      throw new CentralError(
        'ERR_ZT_CENTRAL_ANSWER',
        `${nameOf(ask)}: the answer is longer than ${MOST_ANSWER} bytes — check the url`,
        { status: status! },
      )
    const reason = reasonOf(error, line, ask)
    throw new CentralError(
      'ERR_ZT_CENTRAL_UNREACHABLE',
      `${nameOf(ask)}: no answer from ${new URL(line.base).host} (${reason}) — check the connection and the url`,
      { cause: new Error(reason) },
    )
  }
}

/**
 * The JSON of a good answer (`undefined` for an empty one), asked again after a 429 as often as the caller wants.
 * @throws {CentralError} whatever else came, and `SocketError` `ETIMEDOUT` for nothing in time
 */
export const answerTo = (
  line: Line,
  ask: Ask,
  { signal, timeout, retries = 0 }: CallOptions,
  heard: (limit: RateLimit) => void,
): Promise<unknown> => {
  const late = (): Error =>
    new SocketError(
      'ETIMEDOUT',
      'central',
      undefined,
      `${nameOf(ask)} was not answered in ${timeout} ms; raise timeout`,
    )
  return waitFor<unknown>(line.scheduler, { signal, timeout }, late, ({ resolve, reject }) => {
    const call = new AbortController()
    untilHeard(line, ask, retries, call.signal, heard).then(resolve, reject)
    return () => call.abort()
  })
}

const untilHeard = async (
  line: Line,
  ask: Ask,
  retries: number,
  signal: AbortSignal,
  heard: (limit: RateLimit) => void,
): Promise<unknown> => {
  for (let left = retries; ; left--) {
    const reply = await exchange(line, ask, signal)
    const limit = rateLimitOf(reply.header)
    if (limit !== undefined) heard(limit)
    if (reply.status >= 200 && reply.status < 300) return jsonIn(reply, ask)
    const pause = pauseOf(reply.header, line.scheduler.now())
    if (reply.status !== 429 || left === 0 || pause > MOST_PAUSE)
      throw refusal(nameOf(ask), reply.status, complaintIn(reply, line, ask), pause, limit)
    await sleep(line.scheduler, pause, signal)
  }
}

const sleep = (clock: SchedulerLike, ms: number, signal: AbortSignal): Promise<void> =>
  waitFor<void>(
    clock,
    { signal },
    () => new Error('never late'),
    ({ resolve }) => {
      const alarm = clock.schedule(() => resolve(), ms)
      return () => alarm.unsubscribe()
    },
  )

const jsonIn = ({ status, text }: Reply, ask: Ask): unknown => {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // the parser's own words quote what it read, and that may be a token
    throw new CentralError('ERR_ZT_CENTRAL_ANSWER', `${nameOf(ask)}: the answer is no JSON — check the url`, { status })
  }
}

class TooLong extends Error {}

const textOf = async (response: Response): Promise<string> => {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  const parts: string[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return parts.join('') + decoder.decode()
    length += value.byteLength
    if (length > MOST_ANSWER) {
      reader.cancel().catch(() => undefined)
      throw new TooLong()
    }
    parts.push(decoder.decode(value, { stream: true }))
  }
}

export const nameOf = ({ method, path }: Ask): string => `${method} ${path}`

/** What the server says was wrong: the message of its JSON, short, on one line, and without a token. */
const complaintIn = ({ text }: Reply, line: Line, ask: Ask): string => {
  try {
    const body: unknown = JSON.parse(text)
    const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
    const said = fields['message'] ?? fields['error'] ?? fields['description']
    return typeof said === 'string' ? discreet(said, line, ask) : ''
  } catch {
    return '' // a page for people
  }
}

/** Errors of fetch are told by their text alone: some carry the whole request with them. */
const reasonOf = (error: unknown, line: Line, ask: Ask): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(inner instanceof Error)) return discreet(String(inner), line, ask)
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : ''
  return discreet(code === '' ? inner.message : code, line, ask)
}

const discreet = (text: string, { token }: Line, { secret }: Ask): string => {
  const hidden = [token, ...(secret === undefined ? [] : [secret])].reduce((all, one) => all.replaceAll(one, '…'), text)
  const short = hidden.replace(/\s+/g, ' ').trim()
  return short.length > MOST_QUOTED ? `${short.slice(0, MOST_QUOTED)}…` : short
}

/** A network of 25 000 members is 25 MB. */
const MOST_ANSWER = 64 * 1024 * 1024
/** ms; a server that wants more is not waited for. */
const MOST_PAUSE = 60_000
const MOST_QUOTED = 200
