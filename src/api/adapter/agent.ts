import {
  type ClientRequestArgs,
  type Duplex,
  HttpAgent,
  HttpsAgent,
  type TlsOptions,
} from '../../streams/io/node-modules.ts'
import type { Network } from '../network.ts'
import { checkNetwork, createConnection } from './connection.ts'
import type { VirtualDuplex } from './duplex.ts'
import { lendAddresses } from './tls-addresses.ts'

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
    return dial(this.#network, options, 80)
  }
}

/** The same for `https`: TLS over a virtual connection; sessions are resumed as `https.Agent` does. */
export class ZtHttpsAgent extends HttpsAgent {
  readonly #network: Network

  constructor(network: Network, options?: HttpsAgentOptions) {
    checkNetwork(network)
    super(options)
    this.#network = network
  }

  override createConnection(options: ClientRequestArgs & TlsOptions): Duplex {
    const raw = dial(this.#network, options, 443)
    // with a `socket`, Node's own agent makes TLS over that and connects nowhere
    const secure = super.createConnection({ ...options, socket: raw } as ClientRequestArgs)
    if (secure == null) return raw
    raw.once('error', (error) => secure.destroy(error))
    return lendAddresses(secure, raw)
  }
}

/** What `net.connect` does with the options of an agent. */
const dial = (network: Network, options: DialOptions, fallbackPort: number): VirtualDuplex => {
  const { host, hostname, port, localAddress, timeout, noDelay } = options
  const duplex = createConnection(network, {
    host: unbracketed(host ?? hostname ?? 'localhost'),
    port: Number(port) || fallbackPort,
    ...(localAddress === undefined ? {} : { localAddress }),
  })
  if (timeout) duplex.setTimeout(timeout)
  return noDelay === false ? duplex.setNoDelay(false) : duplex
}

type DialOptions = ClientRequestArgs & { readonly noDelay?: boolean }

/** URLs write IPv6 addresses in brackets. */
export const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
