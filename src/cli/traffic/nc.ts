import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { type NameChoice, type NodeChoice, nameOptions, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { networkId, portOf, seconds } from '../operand.ts'
import { connectFailure } from './tunnel/connect-failure.ts'

interface Options extends NodeChoice, NameChoice {
  readonly listen?: boolean
  readonly udp?: boolean
  readonly wait?: number
}

export const command = defineCommand<Options, readonly [nwid: string, host: string, port: string | undefined]>({
  about: `Stdin goes to the other end, what comes from there to stdout. The end of stdin is passed on (FIN) and the answer read
to its end; once the other end has ended and stdin has nothing more to say, so has the command. With -l it waits for one connection instead, on
the port and, if one is named, the address of this node. With -u each piece of stdin is a datagram, and only -w or an
interrupt ends it. The exit code is 0 if the connection stood and ended in order, 1 if not.`,
  operands: [
    { name: '<nwid>', text: 'network ID' },
    { name: '<host>', text: 'address or name; left out with -l, an address of this node' },
    { name: '[port]', text: 'port' },
  ],
  options: [
    { flags: '-l, --listen', text: 'wait for a connection' },
    { flags: '-u, --udp', text: 'datagrams instead of a connection' },
    { flags: '-w, --wait <seconds>', text: 'give up when nothing is said for so long', parse: seconds('--wait') },
    ...nameOptions,
    ...nodeOptions,
  ],
  examples: [
    ["ssh -o ProxyCommand='rxzt nc 8056c2e21c000001 %h %p' user@10.147.17.5", 'ssh to a member, through the network'],
    ['rxzt nc -l 8056c2e21c000001 9000 > file', 'receives a file'],
    ['rxzt nc 8056c2e21c000001 10.147.17.5 9000 < file', 'sends it'],
  ],
  async run(call) {
    const {
      operands: [nwid, first, second],
      options: { listen = false, udp = false, wait },
      out,
      io,
    } = call
    if (second === undefined && !listen) misuse('the port is missing', 'write rxzt nc <nwid> <host> <port>')
    const host = second === undefined ? undefined : first
    const port = portOf(second ?? first)
    const { network, ...opened } = await openNetwork(call, networkId(nwid))
    try {
      const [tcp, { netcatUdp }] = await Promise.all([import('./nc/netcat-tcp.ts'), import('./nc/netcat-udp.ts')])
      const ends = { stdin: io.stdin, stdout: io.stdout, signal: io.interrupted() }
      const target = { host, port, idle: wait }
      if (udp) await netcatUdp(network, ends, { ...target, listen })
      else if (listen) await tcp.listenTcp(network, ends, target, ({ port }) => out.detail(`listening on port ${port}`))
      else await tcp.connectTcp(network, ends, target)
      return 0
    } catch (error) {
      throw connectFailure(error)
    } finally {
      await opened[Symbol.asyncDispose]()
    }
  },
})
