import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: string
}

/**
 * One request to the local API of a node. Rejects with what kept it from being answered.
 *
 * It is a request of HTTP/1.0 (RFC 1945), whose answer is a head and what follows until the connection ends: so little that
 * it is read here. `node:http` would be a tenth of all the time that `rxzt info` takes.
 */
export const ask = (
  port: number,
  token: string,
  method: string,
  path: string,
  body: string | undefined,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = requestText(`${method} ${path}`, token, body)
    if (request === undefined) return reject(new Error('the token is not of one line of ASCII'))
    const socket = connect({ host: '127.0.0.1', port })
    const parts: Buffer[] = []
    let length = 0
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length > MOST_ANSWER) socket.destroy(new Error(`more than ${MOST_ANSWER} bytes`))
    })
    socket.on('end', () => {
      const answer = answerIn(Buffer.concat(parts))
      if (answer === undefined) reject(new Error(length === 0 ? 'it hung up' : 'what it says is no answer, or cut off'))
      else resolve(answer)
    })
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error(`silent for ${PATIENCE / 1000} s`)))
    socket.on('error', reject)
    socket.write(request)
  })

/** `undefined` for a token that would end its line. */
const requestText = (what: string, token: string, body: string | undefined): string | undefined => {
  if (!/^[\x20-\x7e]*$/.test(token)) return undefined
  const content =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  return `${what} HTTP/1.0\r\nX-ZT1-Auth: ${token}\r\n${content}\r\n${body ?? ''}`
}

/** `undefined` for what is none, or not whole. */
const answerIn = (bytes: Buffer): Answer | undefined => {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, Math.max(0, end))
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |\r\n|$)/.exec(head) ?? []
  const [, length] = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head) ?? []
  const body = bytes.subarray(end + 4)
  if (status === undefined || (length !== undefined && body.length < Number(length))) return undefined
  return { status: Number(status), body: body.toString() }
}

/** Silence after which a service is taken for dead. */
const PATIENCE = 10_000
/** Bytes of an answer: a controller with a hundred thousand members lists them in some MB. */
const MOST_ANSWER = 64 * 1024 * 1024
