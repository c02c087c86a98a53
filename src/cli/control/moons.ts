import { defineCommand } from '../command.ts'
import { listOf } from './json.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

export const command = defineCommand<ServiceChoice>({
  about: 'The moons that this node is in orbit of, as JSON like `zerotier-cli listmoons`; with -j a moon a line.',
  options: serviceOptions,
  run: (call) =>
    withService(call, async (service) => {
      const moons = listOf(await service.get('/moon'))
      for (const moon of moons) call.out.document(moon)
      call.out.line(JSON.stringify(moons, null, 1))
    }),
})
