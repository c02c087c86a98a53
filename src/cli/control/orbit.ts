import { defineCommand } from '../command.ts'
import { nodeId, worldId } from '../operand.ts'
import { connectionOptions, type ServiceChoice, withService } from './service.ts'

export const command = defineCommand<ServiceChoice, [world: string, seed: string]>({
  operands: [
    { name: '<world>', text: 'ID of the moon, 10 to 16 hex digits', parse: worldId },
    { name: '<seed>', text: 'node ID of one of its roots', parse: nodeId },
  ],
  about: 'The service uses the roots of a moon beside those of its planet, from now on. The seed tells which they are.',
  options: connectionOptions,
  run: (call) =>
    withService(call, async (service) => {
      const [world, seed] = call.operands
      call.out.result(await service.post(`/moon/${world}`, { seed }), '200 orbit OK')
    }),
})
