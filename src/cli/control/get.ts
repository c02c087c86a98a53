import { defineCommand } from '../command.ts'
import { fail, misuse } from '../failure.ts'
import { networkId } from '../operand.ts'
import { fieldsOf } from './json.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

/** What is asked for most: those that native tools know, and how the network is. */
const OFTEN: readonly string[] = ['ip', 'ip4', 'ip6', 'ip6plane', 'ip6prefix', 'status', 'name', 'mac', 'type', 'mtu']

export const command = defineCommand<ServiceChoice, [nwid: string, property: string]>({
  operands: [
    { name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId },
    { name: '<property>', text: 'a name of `rxzt networks -j`, or ip, ip4, ip6, ip6plane, ip6prefix', offers: OFTEN },
  ],
  about: 'Prints one property of a joined network, addresses one a line and without their prefix length.',
  options: serviceOptions,
  examples: [
    ['rxzt get 8056c2e21c000001 ip4', 'the IPv4 address of this node there'],
    ['rxzt get 8056c2e21c000001 allowDefault', 'whether a default route of the controller counts: 1 or 0'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const [nwid, property] = call.operands
      const network = fieldsOf(await service.get(`/network/${nwid}`, [404]))
      if (network['id'] === undefined)
        fail(
          `network ${nwid} is not joined`,
          `join it with \`rxzt join ${nwid}\`; \`rxzt networks\` lists those that are`,
        )
      const find = ADDRESSES[property]
      const value = find === undefined ? network[property] : addressesOf(network['assignedAddresses']).flatMap(find)
      if (value === undefined) {
        const known = [...Object.keys(network), ...Object.keys(ADDRESSES)].join(', ')
        misuse(`network ${nwid} has no property "${property}"`, `use one of ${known}`)
      }
      call.out.result({ [property]: value }, textOf(value))
    }),
})

const addressesOf = (x: unknown): readonly string[] =>
  Array.isArray(x) ? x.filter((one) => typeof one === 'string').map((one) => one.split('/')[0]!) : []

/** What is an address in which sense; a 6PLANE prefix is the /80 that a node owns. */
const ADDRESSES: Readonly<Record<string, (ip: string) => readonly string[]>> = {
  ip: (ip) => [ip],
  ip4: (ip) => (ip.includes('.') ? [ip] : []),
  ip6: (ip) => (ip.includes(':') ? [ip] : []),
  ip6plane: (ip) => (ip.startsWith('fc') ? [ip] : []),
  ip6prefix: (ip) => (ip.startsWith('fc') ? [ip.slice(0, 24)] : []),
}

const textOf = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join('\n')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
