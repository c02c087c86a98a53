import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { networkId, nodeId, worldId } from '../operand.ts'
import { type ServiceOptions, serviceOptions } from './service-options.ts'

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
    { flags: '--planet <file>', text: 'roots instead of those of the home directory' },
    { flags: '--ephemeral', text: 'a new identity, and nothing is kept: the home directory is not used' },
    ...serviceOptions,
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
