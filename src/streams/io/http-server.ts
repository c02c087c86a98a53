import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIpv6 } from '../../protocol/kernel/ip.ts'
import { NodeError } from '../error.ts'

/** A request without its body. */
export interface HttpHead {
  /** Upper case. */
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
  /** The IP it came from. */
  readonly from: string
}
export interface HttpAnswer {
  readonly status: number
  /** Of `body`; none where there is none. */
  readonly type?: string
  readonly body: string
}

export interface HttpHandler {
  /** An answer without reading the body: strangers cost nothing. */
  readonly refuse: (head: HttpHead) => HttpAnswer | undefined
  readonly answer: (head: HttpHead, body: Uint8Array) => HttpAnswer | Promise<HttpAnswer>
  /** What to say when a body is longer than is taken. */
  readonly tooLong: HttpAnswer
}

/** HTTP on the addresses given, all with one port. An address of a family that this machine has not is left out. */
export class HttpServer {
  readonly port: number
  readonly addresses: readonly string[]
  readonly #servers: readonly Server[]

  private constructor(servers: readonly Server[], port: number, addresses: readonly string[]) {
    this.#servers = servers
    this.port = port
    this.addresses = addresses
  }

  /** `port` 0: any free one. @throws {NodeError} `ERR_ZT_BIND` */
  static async open(handler: HttpHandler, port: number, addresses: readonly string[]): Promise<HttpServer> {
    const servers: Server[] = []
    const bound: string[] = []
    let common = port
    for (const address of addresses) {
      const server = createServer(OPTIONS, (request, response) => void serve(handler, request, response))
      server.maxConnections = MOST_CONNECTIONS
      const failed = await listening(server, common, address)
      if (failed === undefined) {
        common = (server.address() as AddressInfo).port
        servers.push(server)
        bound.push(address)
      } else if (!MISSING.has(failed.code ?? '')) {
        for (const one of servers) one.close()
        const where = `${isIpv6(address) ? `[${address}]` : address}:${common}`
        throw new NodeError('ERR_ZT_BIND', `HTTP cannot listen on ${where}: ${failed.message} — choose another port`, {
          cause: failed,
        })
      }
    }
    if (servers.length > 0) return new HttpServer(servers, common, bound)
    throw new NodeError('ERR_ZT_BIND', `HTTP cannot listen on ${addresses.join(', ')}: this machine has none of them`)
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      ),
    )
  }
  ref(): void {
    for (const server of this.#servers) server.ref()
  }
  unref(): void {
    for (const server of this.#servers) server.unref()
  }
}

const serve = async (handler: HttpHandler, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const head = headOf(request)
  try {
    const refused = handler.refuse(head)
    const body = refused === undefined ? await bodyOf(request) : undefined
    if (refused !== undefined) send(response, refused, request.headers['content-length'] !== undefined)
    else if (body === undefined) send(response, handler.tooLong, true)
    else send(response, await handler.answer(head, body), false)
  } catch {
    // the client went away in the middle of its request
    response.destroy()
  }
}

const headOf = (request: IncomingMessage): HttpHead => {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return {
    method: request.method ?? '',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    header: (name) => {
      const value = request.headers[name]
      return typeof value === 'string' ? value : value?.[0]
    },
    from: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '').replace(/%.*$/, ''),
  }
}

/** `undefined`: longer than is taken. */
const bodyOf = async (request: IncomingMessage): Promise<Uint8Array | undefined> => {
  const chunks: Buffer[] = []
  let length = 0
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY) return undefined
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MOST_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const send = (response: ServerResponse, { status, type, body }: HttpAnswer, hangUp: boolean): void => {
  response.writeHead(status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(hangUp ? { connection: 'close' } : {}),
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

const listening = (
  server: Server,
  port: number,
  host: string,
): Promise<(Error & { readonly code?: string }) | undefined> =>
  new Promise((resolve) => {
    server.once('error', resolve)
    server.listen({ port, host, exclusive: true, ...(isIpv6(host) ? { ipv6Only: true } : {}) }, () => {
      server.removeListener('error', resolve)
      resolve(undefined)
    })
  })

/** The native command line sends no Host. */
const OPTIONS = { requireHostHeader: false, headersTimeout: 5_000, requestTimeout: 20_000, keepAliveTimeout: 5_000 }
const MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])
const MOST_CONNECTIONS = 256
/** Bytes: the largest network has some hundred thousand. */
const MOST_BODY = 4 * 1024 * 1024
