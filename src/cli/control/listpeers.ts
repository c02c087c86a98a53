import { defineCommand } from '../command.ts'
import { listOf } from './json.ts'
import { peerLine } from './peer-line.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

export const command = defineCommand<ServiceChoice>({
  about: `The lines of \`zerotier-cli listpeers\`, for scripts that read them: address, path with when something was last sent and
heard in ms ago, latency in ms, version, role.`,
  options: serviceOptions,
  run: (call) =>
    withService(call, async (service) => {
      const { out } = call
      const peers = listOf(await service.get('/peer'))
      for (const peer of peers) out.document(peer)
      out.line('200 listpeers <ztaddr> <path> <latency> <version> <role>')
      for (const { address, path, latency, version, role } of peers.map((peer) => peerLine(peer, Date.now()))) {
        const way = path === undefined ? '-' : `${path.address};${path.sent};${path.heard}`
        out.line(`200 listpeers ${address} ${way} ${latency} ${version} ${role}`)
      }
    }),
})
