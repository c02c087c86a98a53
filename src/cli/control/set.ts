import { defineCommand } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { networkId } from '../operand.ts'
import { fieldsOf } from './json.ts'
import { connectionOptions, type ServiceChoice, withService } from './service.ts'

const SETTINGS: readonly string[] = ['allowManaged', 'allowGlobal', 'allowDefault', 'allowDNS']

export const command = defineCommand<ServiceChoice, [nwid: string, setting: string, value: string | undefined]>({
  operands: [
    { name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId },
    {
      name: '<setting>',
      text: 'allowManaged, allowGlobal, allowDefault or allowDNS; also with its value, as allowDNS=1',
      offers: SETTINGS,
    },
    { name: '[value]', text: '1 or true, 0 or false' },
  ],
  about: `Says what the controller of a joined network may do on this node: give it addresses and routes (allowManaged), also of public
ranges (allowGlobal), a default route (allowDefault), name servers (allowDNS). The service keeps it. Prints the network.`,
  options: connectionOptions,
  examples: [['rxzt set 8056c2e21c000001 allowDefault 1', 'the same as allowDefault=1']],
  run: (call) =>
    withService(call, async (service) => {
      const [nwid] = call.operands
      const [name = '', inline] = call.operands[1].split('=')
      if (!SETTINGS.includes(name)) misuse(`there is no setting "${name}"`, `use one of ${SETTINGS.join(', ')}`)
      const text = inline ?? call.operands[2]
      const value = text === undefined ? undefined : VALUES[text.toLowerCase()]
      if (value === undefined)
        misuse(text === undefined ? `${name} has no value` : `${name} "${text}" is neither yes nor no`, 'use 1 or 0')
      // to say something of a network is to join it, for the API: here only what is joined has settings
      if (fieldsOf(await service.get(`/network/${nwid}`, [404]))['id'] === undefined)
        fail(`network ${nwid} is not joined`, `join it with \`rxzt join ${nwid}\` first`)
      const network = await service.post(`/network/${nwid}`, { [name]: value })
      call.out.result(network, JSON.stringify(network, null, 1))
    }),
})

const VALUES: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  yes: true,
  '0': false,
  false: false,
  no: false,
}
