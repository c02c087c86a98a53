import { defineSubcommand } from '../command.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../control/json.ts'
import { connectionOptions, type ServiceChoice, withService } from '../control/service.ts'
import { networkId } from '../operand.ts'
import { known } from './change.ts'

export const list = defineSubcommand<ServiceChoice>({
  summary: 'list the networks that the service hosts',
  options: connectionOptions,
  run: (call) =>
    withService(call, async (service) => {
      const networks = listOf(fieldsOf(await service.get('/unstable/controller/network'))['data'])
      const rows = networks.map((network) => {
        const { totalMemberCount, authorizedMemberCount } = fieldsOf(network['meta'])
        const members = `${numberOf(authorizedMemberCount)} of ${numberOf(totalMemberCount)}`
        const access = network['private'] === false ? 'public' : 'private'
        return [textOf(network['id']), access, members, targetsOf(network), textOf(network['name'])]
      })
      call.out.table(['network', 'access', 'members', 'routes', 'name'], rows, networks)
    }),
})

export const members = defineSubcommand<ServiceChoice, [nwid: string]>({
  summary: 'list the members of a network, and who asks to be one',
  operands: [{ name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId }],
  options: connectionOptions,
  examples: [[`rxzt controller members 8056c2e21c000001 -j | jq -r 'select(.authorized | not) | .id'`, 'who waits']],
  run: (call) =>
    withService(call, async (service) => {
      const [nwid] = call.operands
      await known(service, nwid)
      const found = listOf(fieldsOf(await service.get(`/unstable/controller/network/${nwid}/member`))['data'])
      const rows = found.map((member) => [
        textOf(member['id']),
        member['authorized'] === true ? 'authorised' : 'waits',
        versionOf(member),
        [...textsIn(member['ipAssignments']), ...(member['activeBridge'] === true ? ['(bridge)'] : [])].join(' ') ||
          '-',
        textOf(member['name']),
      ])
      call.out.table(['member', 'access', 'version', 'addresses', 'name'], rows, found)
    }),
})

const targetsOf = (network: Fields): string =>
  listOf(network['routes'])
    .map(({ target }) => textOf(target))
    .join(' ') || '-'

/** As it told with its last request. */
const versionOf = (member: Fields): string => {
  const [major, minor, revision] = ['vMajor', 'vMinor', 'vRev'].map((name) => numberOf(member[name], -1))
  return major === undefined || major < 0 ? '-' : `${major}.${minor}.${revision}`
}
const textsIn = (x: unknown): readonly string[] => (Array.isArray(x) ? x.filter((one) => typeof one === 'string') : [])
