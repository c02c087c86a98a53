import type { HttpAnswer } from '../../streams/io/http-server.ts'

/** JSON with keys in order, as native nodes write it, and numbers of 64 bits whole. */
export const printJson = (value: unknown): string => {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map((one) => printJson(one ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${printJson(one)}`).join(',')}}`
}

export const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  type: 'application/json',
  body: printJson(value),
})
/** No such thing: with nothing in the body, like native nodes. */
export const nothing = (status: 400 | 404): HttpAnswer => ({ status, body: '' })
export const failure = (status: 400 | 413 | 500, description: string): HttpAnswer =>
  json({ error: status, description }, status)

/** The answer as a call of a function of that name: how web pages without CORS read it. */
export const asScript = (answer: HttpAnswer, name: string): HttpAnswer => {
  if (answer.status !== 200 || answer.type !== 'application/json') return answer
  if (!SCRIPT_NAME.test(name)) return failure(400, `jsonp "${name}" is no name of a function`)
  return { status: 200, type: 'application/javascript', body: `${name}(${answer.body});` }
}

const SCRIPT_NAME = /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/
