import { defineCommand } from '../command.ts'
import { type Fields, listOf, numberOf, textOf } from './json.ts'
import { type ServiceChoice, serviceOptions, withService } from './service.ts'

export const command = defineCommand<ServiceChoice>({
  about: `The lines of \`zerotier-cli listnetworks\`: ID, name, MAC, status, type, device (- with rxzt, which needs none), and the
addresses of this node there. Status is OK, REQUESTING_CONFIGURATION, ACCESS_DENIED (authorise the node on the controller),
NOT_FOUND, PORT_ERROR, CLIENT_TOO_OLD or AUTHENTICATION_REQUIRED.`,
  options: serviceOptions,
  examples: [[`rxzt networks -j | jq -r '.id, .assignedAddresses[]'`, 'the addresses of this node']],
  run: (call) =>
    withService(call, async (service) => {
      const { out } = call
      const networks = listOf(await service.get('/network'))
      for (const network of networks) out.document(network)
      out.line(out.style('bold', '200 listnetworks <nwid> <name> <mac> <status> <type> <dev> <ZT assigned ips>'))
      for (const network of networks) {
        out.line(networkLine(network))
        const login = loginLine(network, Date.now())
        if (login !== undefined) out.line(login)
      }
    }),
})

const networkLine = (network: Fields): string => {
  const { assignedAddresses } = network
  const addresses = Array.isArray(assignedAddresses) ? assignedAddresses.filter((one) => typeof one === 'string') : []
  const columns = ['nwid', 'name', 'mac', 'status', 'type', 'portDeviceName'].map((name) => textOf(network[name]))
  return `200 listnetworks ${columns.join(' ')} ${addresses.length > 0 ? addresses.join(',') : '-'}`
}

/** Of a network with single sign-on: where to log in, or for how long the login holds. */
const loginLine = (network: Fields, now: number): string | undefined => {
  if (network['ssoEnabled'] !== true) return undefined
  const { status, authenticationURL, authenticationExpiryTime } = network
  if (status === 'AUTHENTICATION_REQUIRED') return `    AUTH EXPIRED, URL: ${textOf(authenticationURL)}`
  const left = Math.floor((numberOf(authenticationExpiryTime) - now) / 1000)
  return status === 'OK' && left >= 0 ? `    AUTH OK, expires in: ${left} seconds` : undefined
}
