import {
  type ClientRequestArgs,
  connectTls,
  type Duplex,
  HttpAgent,
  HttpsAgent,
  type TlsOptions,
} from '../../streams/io/node-modules.ts'
import type { Network } from '../network.ts'
import { checkNetwork, createConnection } from './connection.ts'
import type { VirtualDuplex } from './duplex.ts'

type AgentOptions = ConstructorParameters<typeof HttpAgent>[0]
type HttpsAgentOptions = ConstructorParameters<typeof HttpsAgent>[0]

/**
 * An `http.Agent` whose connections run over a virtual network; pooling and all options are those of `http.Agent`.
 * @example http.get({ host: '10.147.17.5', agent: new ZtAgent(net) }, (response) => response.pipe(process.stdout))
 */
export class ZtAgent extends HttpAgent {
  readonly #network: Network

  constructor(network: Network, options?: AgentOptions) {
    checkNetwork(network)
    super(options)
    this.#network = network
  }

  override createConnection(options: ClientRequestArgs): Duplex {
    return createConnection(this.#network, target(options, 80))
  }
}

/** The same for `https`: TLS over a virtual connection. */
export class ZtHttpsAgent extends HttpsAgent {
  readonly #network: Network

  constructor(network: Network, options?: HttpsAgentOptions) {
    checkNetwork(network)
    super(options)
    this.#network = network
  }

  override createConnection(options: ClientRequestArgs & TlsOptions): Duplex {
    return overTls(createConnection(this.#network, target(options, 443)), options)
  }
}

interface UndiciTarget {
  readonly hostname: string
  readonly port?: string | number
  readonly protocol?: string
  readonly servername?: string | null
}
type UndiciCallback = (...result: [error: Error, socket: null] | [error: null, socket: Duplex]) => void

/** A `connect` for undici: `new Agent({ connect: undiciConnector(net) })` makes `fetch` speak over the network. */
export const undiciConnector = (network: Network) => {
  checkNetwork(network)
  return ({ hostname, port, protocol, servername }: UndiciTarget, done: UndiciCallback): void => {
    const secure = protocol === 'https:'
    const at = { host: unbracketed(hostname), port: Number(port) || (secure ? 443 : 80) }
    const raw = createConnection(network, at)
    const socket = secure ? overTls(raw, { servername: servername ?? at.host, ALPNProtocols: ['http/1.1'] }) : raw
    const failed = (error: Error): void => done(error, null)
    socket.once('error', failed)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', failed)
      done(null, socket)
    })
  }
}

const overTls = (raw: VirtualDuplex, options: TlsOptions): Duplex => {
  const { host, port, path, ...rest } = options
  const secure = connectTls({ ...rest, ...(host === undefined ? {} : { host }), socket: raw })
  raw.once('error', (error) => secure.destroy(error))
  return secure
}

const target = ({ host, hostname, port, localAddress }: ClientRequestArgs, fallback: number) => ({
  host: unbracketed(host ?? hostname ?? 'localhost'),
  port: Number(port) || fallback,
  ...(localAddress === undefined ? {} : { localAddress }),
})

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
