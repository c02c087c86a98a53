import { defineCommand } from '../command.ts'
import { type NameChoice, type NodeChoice, nameOptions, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { networkId } from '../operand.ts'
import { forwardSpec, LOCAL } from './tunnel/place.ts'
import { reporter, runServices } from './tunnel/run-services.ts'

interface Options extends NodeChoice, NameChoice {
  readonly reverse?: boolean
  readonly udp?: boolean
}

export const command = defineCommand<Options, readonly [nwid: string, specs: readonly string[]]>({
  about: `Connections to a port of this machine come out at a host of the network or, with -R, connections to a port of
this node in the network come out at a host that this machine reaches. Without an address it listens
on ${LOCAL}, so that other machines do not get in; with -R on all addresses in the network.
IPv6 addresses are written in brackets. Runs until it is interrupted.`,
  operands: [
    { name: '<nwid>', text: 'network ID' },
    { name: '<spec...>', text: '[bind:]port:host:port; port 0 is any free one' },
  ],
  options: [
    { flags: '-R, --reverse', text: 'from the network to this machine' },
    { flags: '-u, --udp', text: 'datagrams instead of connections' },
    ...nameOptions,
    ...nodeOptions,
  ],
  examples: [
    ['rxzt forward 8056c2e21c000001 5432:10.147.17.5:5432', 'psql -h localhost talks to the database of a member'],
    ['rxzt forward 8056c2e21c000001 -R 8080:localhost:3000', 'members see what runs here on port 3000'],
    ['rxzt forward 8056c2e21c000001 -u 5353:10.147.17.5:53', 'dig @127.0.0.1 -p 5353 asks the name server of a member'],
  ],
  async run(call) {
    const {
      operands: [nwid, texts],
      options: { reverse = false, udp = false },
      out,
    } = call
    const specs = texts.map(forwardSpec)
    const opened = await openNetwork(call, networkId(nwid))
    const { network } = opened
    const report = reporter(call)
    return runServices(call, opened, async (keep) => {
      const [tcp, datagrams] = await Promise.all([import('./tunnel/forward-tcp.ts'), import('./tunnel/forward-udp.ts')])
      for (const { bind, port, to } of specs) {
        const near = { host: bind ?? LOCAL, port }
        const far = { port, ...(bind === undefined || bind === '0.0.0.0' ? {} : { host: bind }) }
        const { forwardTcp, forwardTcpBack } = tcp
        const { forwardUdp, forwardUdpBack } = datagrams
        const service = reverse
          ? await (udp ? forwardUdpBack : forwardTcpBack)(network, far, to, report)
          : await (udp ? forwardUdp : forwardTcp)(network, near, to, report)
        keep(service)
        const protocol = udp ? 'udp' : 'tcp'
        out.result(
          { event: 'listening', protocol, reverse, at: service.at, to },
          `${protocol} ${place(service.at)} → ${place(to)}`,
        )
      }
    })
  },
})

const place = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
