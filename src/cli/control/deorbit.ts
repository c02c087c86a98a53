import { defineCommand } from '../command.ts'
import { worldId } from '../operand.ts'
import { connectionOptions, type ServiceChoice, withService } from './service.ts'

export const command = defineCommand<ServiceChoice, [world: string]>({
  operands: [{ name: '<world>', text: 'ID of the moon, 10 to 16 hex digits', parse: worldId }],
  about: 'The service forgets a moon and its roots.',
  options: connectionOptions,
  run: (call) =>
    withService(call, async (service) => {
      const [world] = call.operands
      await service.delete(`/moon/${world}`, [404])
      call.out.result({ deorbited: world }, '200 deorbit OK')
    }),
})
