import { defineCommand } from '../command.ts'
import { networkId } from '../operand.ts'
import { connectionOptions, type ServiceChoice, withService } from './service.ts'

export const command = defineCommand<ServiceChoice, [nwid: string]>({
  operands: [{ name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId }],
  about: 'The service leaves the network, and forgets its settings. A network that is not joined is as good as left.',
  options: connectionOptions,
  run: (call) =>
    withService(call, async (service) => {
      const [nwid] = call.operands
      await service.delete(`/network/${nwid}`, [404])
      call.out.result({ left: nwid }, '200 leave OK')
    }),
})
