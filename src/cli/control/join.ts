import { setTimeout as delay } from 'node:timers/promises'
import { type Call, defineCommand } from '../command.ts'
import { fail } from '../failure.ts'
import { networkId } from '../operand.ts'
import { type Fields, fieldsOf, textOf } from './json.ts'
import { type Service, type ServiceChoice, serviceOptions, withService } from './service.ts'

interface JoinChoice extends ServiceChoice {
  readonly wait?: boolean
}

export const command = defineCommand<JoinChoice, [nwid: string]>({
  operands: [{ name: '<nwid>', text: 'network ID, 16 hex digits', parse: networkId }],
  about: `The service joins the network, now and whenever it starts again. A private network then waits until its controller
authorises the node: --wait waits for that, and prints the addresses.`,
  options: [
    { flags: '-w, --wait', text: 'until the node has its addresses, or --timeout has passed' },
    ...serviceOptions,
  ],
  examples: [
    ['rxzt join 8056c2e21c000001 --wait', 'join, and go on when the network can be used'],
    ['rxzt join 8056c2e21c000001 --ephemeral', 'try whether it can be joined, with a node of which nothing is kept'],
  ],
  run: (call) =>
    withService(call, async (service) => {
      const [nwid] = call.operands
      const joined = fieldsOf(await service.post(`/network/${nwid}`, {}))
      if (call.options.wait !== true && !service.ephemeral) {
        call.out.result(joined, '200 join OK')
        return
      }
      const ready = await whenReady(call, service, nwid)
      const { assignedAddresses } = ready
      call.out.result(ready, `200 join OK ${Array.isArray(assignedAddresses) ? assignedAddresses.join(',') : '-'}`)
    }),
})

const whenReady = async ({ options, out, io }: Call<JoinChoice>, service: Service, nwid: string): Promise<Fields> => {
  const until = options.timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeout
  const address = textOf(fieldsOf(await service.get('/status'))['address'])
  const began = Date.now()
  const told = new Set<unknown>()
  for (;;) {
    const network = fieldsOf(await service.get(`/network/${nwid}`))
    const { status, assignedAddresses } = network
    if (status === 'OK' && Array.isArray(assignedAddresses) && assignedAddresses.length > 0) {
      out.progress('')
      return network
    }
    if (status === 'OK' && !told.has('OK') && Date.now() - began > UNADDRESSED) {
      told.add('OK')
      out.note(`still waiting: the node is a member of network ${nwid}, and its controller gives it no address`)
    }
    if (status === 'NOT_FOUND')
      fail(`network ${nwid} does not exist on its controller`, 'check the ID; `rxzt leave` takes it back')
    if (status === 'ACCESS_DENIED' && !told.has(status)) {
      told.add(status)
      out.note(`waiting: authorise node ${address} on the controller of network ${nwid}`)
    }
    if (Date.now() >= until) fail(`network ${nwid} is not ready in time: ${textOf(status)}`, cureOf(status, address))
    out.progress(`network ${nwid}: ${textOf(status)}`)
    await delay(POLL, undefined, { signal: io.interrupted() })
  }
}

const cureOf = (status: unknown, address: string): string =>
  status === 'ACCESS_DENIED'
    ? `authorise node ${address} on the controller; the service goes on asking`
    : 'the service goes on trying: see `rxzt networks`, and `rxzt doctor` if it stays so'

/** ms without an address until that is said. */
const UNADDRESSED = 5_000
/** ms between looks. */
const POLL = 250
