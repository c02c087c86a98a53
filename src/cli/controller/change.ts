import { defineSubcommand, type Operand, type Option } from '../command.ts'
import { fieldsOf, textOf } from '../control/json.ts'
import { connectionOptions, type Service, type ServiceChoice, withService } from '../control/service.ts'
import { fail, misuse } from '../failure.ts'
import { networkId, nodeId } from '../operand.ts'
import { type Change, changeOf, rulesIn, withSubnets } from './fields.ts'

interface ChangeOptions extends ServiceChoice {
  readonly subnet?: readonly string[]
  readonly rules?: string
}

const changeOptions: readonly Option[] = [
  {
    flags: '--subnet <net>',
    text: 'members get addresses of this IPv4 network; may be given again',
    repeated: true,
  },
  { flags: '--rules <file>', text: 'rules, in the rule language or as JSON' },
]
const fields: Operand = { name: '[field=value...]', text: 'as in the API of controllers; values are text or JSON' }
const network: Operand = { name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId }

export const create = defineSubcommand<ChangeOptions, [fields: readonly string[]]>({
  summary: 'make a network',
  operands: [fields],
  options: [...changeOptions, ...connectionOptions],
  about: `Prints its ID. Without rules it lets everything pass; without a subnet members have no IPv4 addresses. Fields: name, private
(members need authorisation, which is so unless private=false), mtu, multicastLimit, enableBroadcast, routes,
ipAssignmentPools, v4AssignMode, v6AssignMode, rules, capabilities, tags, dns.`,
  examples: [
    ['rxzt controller create name=office --subnet 10.147.17.0/24', 'a private network of 254 addresses'],
    [`rxzt controller create name=lab 'v6AssignMode={"rfc4193":true}'`, 'with IPv6 addresses alone'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const change = await networkChange(call.operands[0], call.options)
      const self = textOf(fieldsOf(await service.get('/status'))['address'])
      const made = fieldsOf(await service.post(`/controller/network/${self}______`, change))
      call.out.result(made, textOf(made['id'] ?? made['nwid']))
    }),
})

export const set = defineSubcommand<
  ChangeOptions & { readonly member?: string },
  [nwid: string, fields: readonly string[]]
>({
  summary: 'change a network, or a member of it',
  operands: [network, fields],
  options: [
    { flags: '-m, --member <node>', text: 'the fields are of this member', parse: nodeId },
    ...changeOptions,
    ...connectionOptions,
  ],
  about: `Fields that are not given stay as they are; members that are online get the change at once. Of a member: name, ipAssignments,
noAutoAssignIps, activeBridge, tags, capabilities.`,
  examples: [
    ['rxzt controller set 8056c2e21c000001 mtu=1400 --rules office.rules', 'two things at once'],
    [`rxzt controller set 8056c2e21c000001 -m 1a02b166b2 'ipAssignments=["10.147.17.5"]'`, 'an address for a member'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const { operands, options, out } = call
      const [nwid] = operands
      const { member } = options
      const change = member === undefined ? await networkChange(operands[1], options) : await memberChange(call)
      if (Object.keys(change).length === 0)
        misuse('there is nothing to change', 'write <field>=<value>, as in mtu=1400')
      // the API makes a network that it does not know
      await known(service, nwid)
      const path = `/controller/network/${nwid}${member === undefined ? '' : `/member/${member}`}`
      const changed = fieldsOf(await service.post(path, change))
      for (const [name, asked] of Object.entries(change))
        if (typeof asked !== 'object' && changed[name] !== asked)
          out.note(`the controller made ${JSON.stringify(changed[name])} of ${name}=${JSON.stringify(asked)}`)
      out.result(changed, `${member ?? nwid} changed: ${Object.keys(change).join(', ')}`)
    }),
})

export const remove = defineSubcommand<ServiceChoice, [nwid: string, member: string | undefined]>({
  summary: 'delete a network, or what is known of a member',
  operands: [network, { name: '[member]', text: 'node ID: the network stays, and forgets this member', parse: nodeId }],
  options: connectionOptions,
  about: 'Members of a network that is deleted lose it; there is no way back.',
  run: (call) =>
    withService(call, async (service) => {
      const [nwid, member] = call.operands
      await known(service, nwid)
      const path = `/controller/network/${nwid}`
      if (member === undefined) {
        await service.delete(path)
        call.out.result({ deleted: nwid }, `${nwid} deleted`)
        return
      }
      const found = await service.get(`${path}/member/${member}`, [404])
      if (found === undefined)
        fail(`network ${nwid} knows no member ${member}`, `see \`rxzt controller members ${nwid}\``)
      await service.delete(`${path}/member/${member}`)
      call.out.result({ deleted: member }, `${member} forgotten`)
    }),
})

/** Ends the command if the service hosts no such network. */
export const known = async (service: Service, nwid: string): Promise<void> => {
  const found = fieldsOf(await service.get(`/controller/network/${nwid}`, [404]))
  if (found['id'] === undefined && found['nwid'] === undefined)
    fail(`network ${nwid} does not exist on this controller`, 'see `rxzt controller list`')
}

const networkChange = async (words: readonly string[], options: ChangeOptions): Promise<Change> => {
  const { networkConfigRules } = await import('../../api/network-config-rules.ts')
  const change = await changeOf(words, networkConfigRules)
  const rules = options.rules === undefined ? {} : await rulesIn(options.rules)
  return withSubnets(options.subnet ?? [], { ...change, ...rules })
}

const memberChange = async ({
  operands,
  options,
}: {
  readonly operands: readonly [string, readonly string[]]
  readonly options: ChangeOptions
}): Promise<Change> => {
  if (options.subnet !== undefined || options.rules !== undefined)
    misuse('--subnet and --rules are of a network', 'leave --member out, or those')
  const { memberRules } = await import('../../api/network-config-rules.ts')
  return changeOf(operands[1], memberRules)
}
