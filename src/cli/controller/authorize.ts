import { defineSubcommand, type Operand } from '../command.ts'
import { connectionOptions, type ServiceChoice, withService } from '../control/service.ts'
import { ipAddress, networkId, nodeId } from '../operand.ts'
import { known } from './change.ts'

const operands: readonly Operand[] = [
  { name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId },
  { name: '<member>', text: 'node ID, 10 hex digits', parse: nodeId },
]

export const auth = defineSubcommand<
  ServiceChoice & { readonly ip?: readonly string[]; readonly name?: string },
  [nwid: string, member: string]
>({
  summary: 'let a node into a network',
  operands,
  options: [
    {
      flags: '--ip <address>',
      text: 'instead of one of the pools; may be given again',
      parse: ipAddress,
      repeated: true,
    },
    { flags: '--name <text>', text: 'what it is called' },
    ...connectionOptions,
  ],
  about: 'Also before it asks. A node that waits gets in at once.',
  run: (call) =>
    withService(call, async (service) => {
      const [nwid, member] = call.operands
      const { ip, name } = call.options
      await known(service, nwid)
      const changed = await service.post(`/controller/network/${nwid}/member/${member}`, {
        authorized: true,
        ...(ip === undefined ? {} : { ipAssignments: ip }),
        ...(name === undefined ? {} : { name }),
      })
      call.out.result(changed, `${member} authorised on ${nwid}`)
    }),
})

export const deauth = defineSubcommand<ServiceChoice, [nwid: string, member: string]>({
  summary: 'put a node out of a network',
  operands,
  options: connectionOptions,
  about: 'It and the other members are told at once.',
  run: (call) =>
    withService(call, async (service) => {
      const [nwid, member] = call.operands
      await known(service, nwid)
      const changed = await service.post(`/controller/network/${nwid}/member/${member}`, { authorized: false })
      call.out.result(changed, `${member} put out of ${nwid}`)
    }),
})
