import { defineCommand } from '../command.ts'
import { fieldsOf, textOf } from './json.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

export const command = defineCommand<ServiceChoice>({
  about: `Prints the line of \`zerotier-cli info\`: 200 info <address> <version> <status>, where the status is ONLINE if a root
answers, TUNNELED if only by a TCP relay, else OFFLINE. With -j the whole status, with settings and ports.`,
  options: serviceOptions,
  examples: [
    ['rxzt info', 'of the service on the default home directory'],
    ['rxzt info -D /var/lib/zerotier-one', 'of a native service'],
    ['rxzt info -j | jq -r .publicIdentity', 'what a controller or a planet is told of this node'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const status = fieldsOf(await service.get('/status'))
      const state = status['tcpFallbackActive'] === true ? 'TUNNELED' : status['online'] === true ? 'ONLINE' : 'OFFLINE'
      call.out.result(status, `200 info ${textOf(status['address'])} ${textOf(status['version'])} ${state}`)
    }),
})
