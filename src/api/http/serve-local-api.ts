import type { IpAddress } from '../../protocol/kernel/ip.ts'
import { ArgumentError } from '../../streams/error.ts'
import { newToken, tokenIn } from '../../streams/io/auth-token.ts'
import { HomeFolder } from '../../streams/io/home-folder.ts'
import { type HttpAnswer, type HttpHandler, HttpServer } from '../../streams/io/http-server.ts'
import { asIp, asPort } from '../address.ts'
import { type Controller, HostedController } from '../controller.ts'
import { notOfThisThread, VirtualNode, type ZtNode } from '../node.ts'
import { mayAsk } from './access.ts'
import { asScript, failure, json } from './answer.ts'
import { controllerRoutes } from './controller-routes.ts'
import { LocalConf } from './local-conf.ts'
import { metrics } from './metrics.ts'
import { nodeRoutes } from './node-routes.ts'
import { callOf, dispatch, type Route, route } from './router.ts'

export interface LocalApiOptions {
  /** TCP. Default: the node's primary UDP port; 0: any free one. */
  readonly port?: number
  /**
   * Where to listen, by default on loopback only. Others are let in from where `allowManagementFrom` in `local.conf`
   * says, and what they send is not encrypted.
   */
  readonly address?: IpAddress | readonly IpAddress[]
  /**
   * The home directory: `authtoken.secret` is read or made there, `zerotier-one.port` written, `local.conf` used.
   * Without one, the token is made for this run, and settings last as long.
   */
  readonly home?: string
  /** Instead of the one in `home`. */
  readonly token?: string
  /** Whose networks are under `/controller`. */
  readonly controller?: Controller
}

/** The HTTP API of native nodes, spoken by one of ours. */
export interface LocalApi extends AsyncDisposable {
  readonly port: number
  readonly addresses: readonly IpAddress[]
  /** What callers have to show. */
  readonly token: string
  close(): Promise<void>
  /** Whether it keeps the process alive. */
  ref(): this
  unref(): this
}

/**
 * Serves the local API (`docs/protocol/vl2.md` §15–16), as `zerotier-cli` and scripts for native controllers use it.
 * Ends with the node.
 * @throws {NodeError} `ERR_ZT_BIND` @throws {StoreError} @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`
 * @example await serveLocalApi(node, { home: './home', controller: createController(node) })
 */
export const serveLocalApi = async (node: ZtNode, options: LocalApiOptions = {}): Promise<LocalApi> => {
  if (!(node instanceof VirtualNode)) throw notOfThisThread(node)
  const { controller, token } = options
  if (controller !== undefined && !(controller instanceof HostedController))
    throw invalid('controller is none of this library — pass what createController() gave')
  if (token !== undefined && (typeof token !== 'string' || token === ''))
    throw invalid('token is empty — pass some text that is hard to guess')
  const port = asPort('port', options.port ?? (node.info.ports.primary || DEFAULT_PORT), 0)
  const given = options.address ?? LOOPBACK
  const addresses = (typeof given === 'string' ? [given] : given).map((one) => asIp('address', one))

  const home = options.home === undefined ? undefined : new HomeFolder(options.home)
  const conf = await LocalConf.read(home)
  const keys = {
    token: token ?? (home === undefined ? newToken() : await tokenIn(home, 'authtoken.secret')),
    metricsToken: home === undefined ? undefined : await tokenIn(home, 'metricstoken.secret'),
  }
  const handler = handlerOf(
    [
      ...nodeRoutes(node, conf, options.home ?? ''),
      route('GET', '/metrics', () => metrics(node, controller)),
      ...(controller === undefined ? [] : controllerRoutes(controller, () => node.running.now(), node.id)),
    ],
    (head) => mayAsk(head, { ...keys, allowedFrom: conf.allowManagementFrom }),
  )
  const server = await HttpServer.open(handler, port, addresses)
  try {
    await home?.write('zerotier-one.port', String(server.port))
    if (node.running.ended !== undefined) throw node.running.ended
  } catch (error) {
    await server.close()
    throw error
  }
  node.beforeClose(() => server.close())
  return new RunningApi(server, keys.token)
}

class RunningApi implements LocalApi {
  readonly port: number
  readonly addresses: readonly IpAddress[]
  readonly token: string
  readonly #server: HttpServer

  constructor(server: HttpServer, token: string) {
    this.#server = server
    this.port = server.port
    this.addresses = server.addresses
    this.token = token
  }

  close(): Promise<void> {
    return this.#server.close()
  }
  ref(): this {
    this.#server.ref()
    return this
  }
  unref(): this {
    this.#server.unref()
    return this
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const handlerOf = (
  routes: readonly Route[],
  isAllowed: (head: Parameters<HttpHandler['refuse']>[0]) => boolean,
): HttpHandler => ({
  refuse: (head) => (isAllowed(head) ? undefined : json({}, 401)),
  answer: async (head, body) => {
    const name = head.query.get('jsonp')
    let answer: HttpAnswer
    try {
      answer = await dispatch(routes, callOf(head, body))
    } catch (error) {
      answer = failure(500, error instanceof Error ? error.message : String(error))
    }
    return name === null ? answer : asScript(answer, name)
  },
  tooLong: failure(413, 'the body is longer than anything that is taken here'),
})

const invalid = (message: string): ArgumentError => new ArgumentError('ERR_ZT_INVALID_OPTION', message)

const LOOPBACK: readonly IpAddress[] = ['127.0.0.1', '::1']
const DEFAULT_PORT = 9993
