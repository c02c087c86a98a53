import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { ipAddress, networkId, nodeId, portOrAny, worldId } from '../operand.ts'
import type { ServiceOptions } from './serve-node.ts'

export interface UpOptions extends ServiceOptions {
  readonly join?: readonly string[]
  readonly moon?: readonly { readonly id: string; readonly seed: string }[]
  readonly planet?: string
  readonly ephemeral?: boolean
}

export const command = defineCommand<UpOptions>({
  about: `Runs a node until SIGINT or SIGTERM, which end it in good order (a second one at once); SIGHUP does nothing. The home directory
holds its identity, networks, moons and controller, in the layout of native nodes, and is made if it is not there.

The service speaks the HTTP API of native nodes on loopback: \`rxzt info\`, \`rxzt join\` … drive it, and so do zerotier-cli -D and
scripts for native controllers. Commands that carry traffic use its node while it runs.

What happens is printed, a line each: with -j as JSON, else as text, without times where systemd's journal keeps them.`,
  options: [
    { flags: '--join <nwid>', text: 'join this network; may be given again', parse: networkId, repeated: true },
    {
      flags: '--moon <id:seed>',
      text: 'use the roots of this moon; may be given again',
      parse: moonOf,
      repeated: true,
    },
    { flags: '-p, --port <port>', text: 'UDP port, and TCP port of the API; 0: any', parse: portOrAny, default: 9993 },
    { flags: '--api-port <port>', text: 'another TCP port for the API', parse: portOrAny },
    {
      flags: '--udp-address <ip>',
      text: 'only on this address of the machine; may be given again',
      parse: ipAddress,
      repeated: true,
    },
    { flags: '--planet <file>', text: 'roots instead of those of the home directory' },
    { flags: '--ephemeral', text: 'a new identity, and nothing is kept: the home directory is not used' },
    {
      flags: '--log-level <level>',
      text: 'what is printed (default: info; with -v debug)',
      choices: ['error', 'warn', 'info', 'debug'],
    },
    { flags: '--detach', text: 'go on in the background when the node runs; what it prints goes to <home>/rxzt.log' },
  ],
  examples: [
    ['rxzt up --join 8056c2e21c000001', 'run a node on the default home directory, in one network'],
    ['rxzt up -D /var/lib/rxzt', 'as a service manager would; see examples/rxzt.service'],
    ['rxzt up --detach && rxzt join 8056c2e21c000001 --wait', 'in the background, for a script'],
    ['kill $(cat ~/.rxzt/zerotier-one.pid)', 'ends one that was detached'],
  ],
  async run(call) {
    const { detach, ephemeral } = call.options
    if (detach !== true) {
      const { serve } = await import('./serve-node.ts')
      return serve(call)
    }
    if (ephemeral === true) misuse('--detach needs a home directory to be found again', 'leave --ephemeral out')
    const { detached } = await import('./detach.ts')
    return detached(call)
  },
})

function moonOf(text: string): { readonly id: string; readonly seed: string } {
  const [id = '', seed, ...more] = text.split(':')
  if (seed === undefined || more.length > 0)
    return misuse(`moon "${text}" names no seed`, 'write <world ID>:<node ID of one of its roots>')
  return { id: worldId(id).padStart(16, '0'), seed: nodeId(seed) }
}
