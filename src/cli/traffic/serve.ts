import { defineCommand } from '../command.ts'
import { fail } from '../failure.ts'
import { type NodeChoice, nodeOptions } from '../node-options.ts'
import { openNetwork } from '../open-network.ts'
import { networkId, portOrAny } from '../operand.ts'
import { runServices } from './tunnel/run-services.ts'

interface Options extends NodeChoice {
  readonly port?: number
  readonly dotfiles?: boolean
  readonly listing?: boolean
}

export const command = defineCommand<Options, readonly [nwid: string, directory: string]>({
  about: `Members of the network see the files of a directory by HTTP: http://<address of this node>/path. A directory shows its
index.html or, without one, a list of what is in it; types, ranges and validation are handled; what changes on disk is seen
at once. Files whose name begins with a dot are not shown, nor what symbolic links have outside of the directory. Nothing can
be written. Runs until it is interrupted.`,
  operands: [
    { name: '<nwid>', text: 'network ID' },
    { name: '<directory>', text: 'what to show', offers: 'directories' },
  ],
  options: [
    { flags: '-p, --port <port>', text: 'in the network (default: 80)', parse: portOrAny },
    { flags: '--no-listing', text: 'a directory without an index.html is not found, instead of listed' },
    { flags: '--dotfiles', text: 'show files whose name begins with a dot' },
    ...nodeOptions,
  ],
  examples: [['rxzt serve 8056c2e21c000001 ./public', 'http://10.147.17.9/ is ./public/index.html for every member']],
  async run(call) {
    const {
      operands: [nwid, directory],
      options: { port = 80, dotfiles = false, listing = true },
      out,
    } = call
    const { access, constants, stat } = await import('node:fs/promises')
    const found = await stat(directory).catch(() => undefined)
    if (found?.isDirectory() !== true)
      fail(
        `${directory} is no directory${found === undefined ? ': it is not there' : ''}`,
        'name a directory that can be read',
      )
    await access(directory, constants.R_OK | constants.X_OK).catch((cause: unknown) =>
      fail(`${directory} cannot be read`, 'run as the user who owns it, or change its rights', { cause }),
    )
    const opened = await openNetwork(call, networkId(nwid))
    const { network } = opened
    return runServices(call, opened, async (keep) => {
      const { fileServer } = await import('./http/file-server.ts')
      const service = await fileServer(network, directory, {
        ...{ port, dotfiles, listing },
        onRequest: (line) => out.detail(line),
      })
      keep(service)
      for (const { address, family } of network.addresses) {
        const host = family === 6 ? `[${address}]` : address
        const url = `http://${host}${service.at.port === 80 ? '' : `:${service.at.port}`}/`
        out.result({ event: 'listening', url }, url)
      }
    })
  },
})
