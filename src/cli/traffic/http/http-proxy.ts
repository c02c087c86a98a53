import { createServer, type IncomingMessage, request as requestOf, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { unbracketed, ZtAgent } from '../../../api/adapter/agent.ts'
import { toDuplex } from '../../../api/adapter/to-duplex.ts'
import type { Network } from '../../../api/network.ts'
import { connectFor } from '../tunnel/connect-for.ts'
import { type Place, type Service, serviceOf } from '../tunnel/host-listener.ts'
import type { Login } from '../tunnel/login.ts'
import type { Report } from '../tunnel/report.ts'
import { ignore, splice } from '../tunnel/splice.ts'
import { forwarded } from './http-header.ts'

export interface HttpProxyOptions {
  /** Clients have to name them. */
  readonly login?: Login | undefined
  readonly report?: Report
}

/**
 * An HTTP proxy into a virtual network (RFC 9110 §9.3.6, RFC 9112 §3.2.2): CONNECT for whatever speaks TLS, and requests
 * for `http:` with the whole address in their first line. Names are resolved by the network.
 */
export const httpProxy = (network: Network, listen: Place, options: HttpProxyOptions = {}): Promise<Service> => {
  const { login, report = ignore } = options
  // a connection for each request: nothing is left behind by clients that went away
  const agent = new ZtAgent(network, { keepAlive: false })
  const told = (to: Place, error: unknown): readonly [number, string] => {
    const cause = error instanceof Error ? error.message : String(error)
    report({ event: 'connect-failed', to, cause })
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return [code === 'ETIMEDOUT' ? 504 : 502, cause]
  }

  const server = createServer(
    { headersTimeout: HEADERS, requestTimeout: 0, connectionsCheckingInterval: 1_000, keepAlive: true, noDelay: true },
    (request, response) => {
      if (!isKnown(request, login)) return refuse(response, 407, 'name user and password', CHALLENGE)
      const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
      if (url?.protocol !== 'http:')
        return refuse(response, 400, 'this is a proxy: ask for an address that begins with http://')
      const to = { host: unbracketed(url.hostname), port: Number(url.port || 80) }
      const far = requestOf({
        ...to,
        agent,
        method: request.method ?? 'GET',
        path: `${url.pathname}${url.search}`,
        headers: forwarded(request.rawHeaders, request.httpVersion),
        setHost: false,
      })
      far.once('response', (answer) => {
        const { statusCode = 502, statusMessage = '', rawHeaders, httpVersion } = answer
        response.writeHead(statusCode, statusMessage, forwarded(rawHeaders, httpVersion))
        answer.pipe(response)
        answer.once('close', () => {
          if (!answer.complete) response.destroy()
        })
      })
      far.once('error', (error) => {
        if (response.headersSent) response.destroy()
        else refuse(response, ...told(to, error))
      })
      response.once('close', () => far.destroy())
      request.pipe(far)
    },
  )

  const tunnel = async (request: IncomingMessage, client: Socket, head: Uint8Array): Promise<void> => {
    client.on('error', ignore)
    if (!isKnown(request, login)) return turnAway(client, 407, 'name user and password', CHALLENGE)
    const to = authority(request.url ?? '')
    if (to === undefined) return turnAway(client, 400, 'CONNECT needs a host and a port')
    try {
      const far = await connectFor(client, network, to)
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) client.unshift(head)
      splice(client, toDuplex(far, { allowHalfOpen: true }))
    } catch (error) {
      if (!client.destroyed) turnAway(client, ...told(to, error))
    }
  }
  server.on('connect', (request, client, head) => void tunnel(request, client as Socket, head))
  return serviceOf(server, listen)
}

const isKnown = ({ headers }: IncomingMessage, login: Login | undefined): boolean => {
  if (login === undefined) return true
  const [, encoded = ''] = /^basic +([a-z0-9+/=]+)$/i.exec(headers['proxy-authorization'] ?? '') ?? []
  const told = Buffer.from(encoded, 'base64')
  const colon = told.indexOf(':')
  return colon >= 0 && login.isRight(told.subarray(0, colon), told.subarray(colon + 1))
}

/** `host:port`, as CONNECT names it. */
const authority = (text: string): Place | undefined => {
  const [, host = '', digits = ''] = /^(\[[0-9a-f:.]+\]|[^:/@\s]+):(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  return port > 0 && port < 65_536 ? { host: unbracketed(host), port } : undefined
}

type Fields = Readonly<Record<string, string>>

const refuse = (response: ServerResponse, status: number, text: string, fields: Fields = {}): void => {
  response.writeHead(status, { ...fields, 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(`rxzt: ${text}\n`)
}

const turnAway = (client: Socket, status: number, text: string, fields: Fields = {}): void => {
  const body = `rxzt: ${text}\n`
  const lines = Object.entries({
    ...fields,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  client.resume()
  client.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  client.destroySoon()
}

const CHALLENGE = { 'proxy-authenticate': 'Basic realm="rxzt"' }
/** ms for the header of a request. */
const HEADERS = 30_000
