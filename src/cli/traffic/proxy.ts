import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { type NameChoice, type NodeChoice, nameOptions, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { networkId } from '../operand.ts'
import type { Place } from './tunnel/host-listener.ts'
import { isLocal, LOCAL, listenSpec } from './tunnel/place.ts'
import { reporter, runServices } from './tunnel/run-services.ts'

interface Options extends NodeChoice, NameChoice {
  readonly socks?: Place
  readonly http?: Place
  readonly user?: string
}

export const command = defineCommand<Options, readonly [nwid: string]>({
  about: `Programs that can be told of a proxy reach every member of the network through it: SOCKS5 with CONNECT and
UDP ASSOCIATE, HTTP with CONNECT and plain requests. Names are resolved by the network, so tell the program
to leave names to the proxy (curl: --socks5-hostname). Without --socks and --http there is a SOCKS proxy
on port 1080. By itself it listens on ${LOCAL}; whoever can call another address is in the network
unless --user is given. Runs until it is interrupted.`,
  operands: [{ name: '<nwid>', text: 'network ID' }],
  options: [
    { flags: '--socks <[address:]port>', text: 'SOCKS5', parse: listenSpec },
    { flags: '--http <[address:]port>', text: 'HTTP', parse: listenSpec },
    {
      flags: '--user <name:password>',
      text: 'what clients have to name ($RXZT_PROXY_USER: not seen in lists of processes)',
    },
    ...nameOptions,
    ...nodeOptions,
  ],
  examples: [
    ['rxzt proxy 8056c2e21c000001', 'curl --socks5-hostname 127.0.0.1:1080 http://10.147.17.5/'],
    [
      'rxzt proxy 8056c2e21c000001 --http 8080',
      'https_proxy=http://127.0.0.1:8080 git clone https://git.corp.example/x',
    ],
  ],
  async run(call) {
    const {
      operands: [nwid],
      options,
      out,
      io,
    } = call
    const { socks = options.http === undefined ? { host: LOCAL, port: 1080 } : undefined, http } = options
    const user = options.user ?? io.env['RXZT_PROXY_USER']
    const colon = user?.indexOf(':') ?? 1
    if (colon < 1) misuse('--user names no password', 'write name:password')
    const opened = await openNetwork(call, networkId(nwid))
    const { network } = opened
    const report = reporter(call)
    return runServices(call, opened, async (keep) => {
      const [{ socksProxy }, { httpProxy }, { Login }, { printPlace }] = await Promise.all([
        import('./socks/server.ts'),
        import('./http/http-proxy.ts'),
        import('./tunnel/login.ts'),
        import('./tunnel/host-listener.ts'),
      ])
      const login = user === undefined ? undefined : new Login(user.slice(0, colon), user.slice(colon + 1))
      const start = async (protocol: 'socks5' | 'http', place: Place | undefined): Promise<void> => {
        if (place === undefined) return
        const service = await (protocol === 'http' ? httpProxy : socksProxy)(network, place, { login, report })
        keep(service)
        out.result({ event: 'listening', protocol, at: service.at }, `${protocol}://${printPlace(service.at)}`)
        if (login === undefined && !isLocal(place.host))
          out.note(`whoever reaches ${printPlace(service.at)} is in the network: --user asks them who they are`)
      }
      await start('socks5', socks)
      await start('http', http)
    })
  },
})
