import { request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One request to the local API of a node. Rejects with what kept it from being answered. */
export const ask = (
  port: number,
  token: string,
  method: string,
  path: string,
  body: string | undefined,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      'X-ZT1-Auth': token,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    }
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length > MOST_ANSWER) asked.destroy(new Error(`more than ${MOST_ANSWER} bytes`))
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }))
    })
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`silent for ${PATIENCE / 1000} s`)))
    asked.on('error', reject)
    asked.end(body)
  })

/** Silence after which a service is taken for dead. */
const PATIENCE = 10_000
/** Bytes of an answer: a controller with a hundred thousand members lists them in some MB. */
const MOST_ANSWER = 64 * 1024 * 1024
