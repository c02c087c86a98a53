import { defineCommand } from '../command.ts'
import { misuse } from '../failure.ts'
import { count, nodeId, portOf } from '../operand.ts'
import { connectionOptions, type ServiceChoice, withService } from './service.ts'

interface AdhocChoice extends ServiceChoice {
  readonly join?: boolean
  readonly ipv4?: number
  readonly hub?: string
}

export const command = defineCommand<AdhocChoice, [first: string | undefined, last: string | undefined]>({
  operands: [
    { name: '[first]', text: 'first TCP port that is open' },
    { name: '[last]', text: 'last one (default: the first)' },
  ],
  about: `Prints the ID of a network that has no controller: whoever joins it is a member. With ports it is IPv6 only, and nothing but
TCP to those ports passes; with --ipv4 everybody has an IPv4 address below that octet, and everything passes.`,
  options: [
    {
      flags: '--ipv4 <octet>',
      text: 'everything, with IPv4 addresses in <octet>.0.0.0/8',
      parse: count('--ipv4', 223),
    },
    { flags: '--hub <node>', text: 'with --ipv4: a node that all of them keep in contact with', parse: nodeId },
    { flags: '--join', text: 'the service joins it as well' },
    ...connectionOptions,
  ],
  examples: [
    ['rxzt adhoc 80', 'ff00500050000000: web servers, for everybody'],
    ['rxzt adhoc 8000 8100 --join', 'that the service is in'],
  ],
  run: async (call) => {
    const { operands, options, out } = call
    const [first, last = first] = operands
    const { ipv4, hub } = options
    if ((first === undefined) === (ipv4 === undefined))
      misuse('an ad-hoc network is either for ports or for IPv4', 'give the first port, or --ipv4 with an octet')
    if (hub !== undefined && ipv4 === undefined) misuse('--hub is for --ipv4', 'leave it out')
    const { adhocNetworkId } = await import('../../api/id.ts')
    const nwid =
      ipv4 === undefined
        ? adhocNetworkId({ ports: [portOf(first!, 0), portOf(last!, 0)] })
        : adhocNetworkId({ ipv4, ...(hub === undefined ? {} : { hub }) })
    if (options.join === true)
      await withService(call, async (service) => void (await service.post(`/network/${nwid}`, {})))
    out.result({ id: nwid, joined: options.join === true }, nwid)
    return undefined
  },
})
