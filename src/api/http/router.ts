import type { HttpAnswer, HttpHead } from '../../streams/io/http-server.ts'
import { nothing } from './answer.ts'

export interface Call {
  /** GET, POST or DELETE; PUT is POST and HEAD is GET. */
  readonly method: string
  readonly path: string
  readonly body: Uint8Array
}
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: RegExp
  /** `ids` are what the groups of `path` caught, lower-case. */
  readonly run: (call: Call, ...ids: readonly string[]) => HttpAnswer | Promise<HttpAnswer>
}

/** `/network/:nwid` as a pattern; the words after a colon stand for IDs of their length in hex. */
export const route = (method: Route['method'], path: string, run: Route['run']): Route => ({
  method,
  path: new RegExp(`^${path.replace(/:([a-z]+)/g, (_, name: keyof typeof ID) => ID[name] ?? name)}$`),
  run,
})

export const callOf = ({ method, path }: HttpHead, body: Uint8Array): Call => ({
  method: method === 'PUT' ? 'POST' : method === 'HEAD' ? 'GET' : method,
  path,
  body,
})

/** The first route that fits. Native nodes answer 404 to anything else, wrong methods included. */
export const dispatch = (routes: readonly Route[], call: Call): HttpAnswer | Promise<HttpAnswer> => {
  for (const { method, path, run } of routes) {
    const found = method === call.method ? path.exec(call.path) : null
    if (found !== null) return run(call, ...found.slice(1).map((id) => id.toLowerCase()))
  }
  return nothing(404)
}

const ID = {
  nwid: '([0-9a-fA-F]{16})',
  address: '([0-9a-fA-F]{10})',
  /** Written with or without the zeros it begins with. */
  world: '([0-9a-fA-F]{10,16})',
} as const
