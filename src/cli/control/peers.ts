import { defineCommand } from '../command.ts'
import { listOf } from './json.ts'
import { peerLine } from './peer-line.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

export const command = defineCommand<ServiceChoice>({
  about: `One line for each node that this one knows, in the columns of \`zerotier-cli peers\`: address, version, role (LEAF, PLANET or
MOON), latency in ms (-1: not known), then DIRECT with when something was last sent and heard, in ms ago, and the path, or
RELAY where there is no direct path. \`rxzt listpeers\` has the same in the order of \`zerotier-cli listpeers\`.`,
  options: serviceOptions,
  examples: [
    ['rxzt peers', 'who is known, and how it is reached'],
    [`rxzt peers -j | jq -r 'select(.paths == []) | .address'`, 'whom this node reaches by relay only'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const { out } = call
      const peers = listOf(await service.get('/peer'))
      for (const peer of peers) out.document(peer)
      out.line('200 peers')
      out.line(out.style('bold', '<ztaddr>   <ver>  <role> <lat> <link>   <lastTX> <lastRX> <path>'))
      const lines = peers.map((peer) => peerLine(peer, Date.now()))
      for (const { address, version, role, latency, tunneled, path } of lines) {
        const way =
          path === undefined
            ? 'RELAY'
            : `${tunneled ? 'RELAY ' : 'DIRECT   '}${String(path.sent).padEnd(8)} ${String(path.heard).padEnd(8)} ${path.address}`
        out.line(`${address} ${version.padEnd(6)} ${role.padEnd(6)} ${String(latency).padStart(5)} ${way}`)
      }
      if (lines.some(({ tunneled }) => tunneled))
        out.line('NOTE: Currently tunneling through a TCP relay. Ensure that UDP is not blocked.')
    }),
})
