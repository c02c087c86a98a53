import type { NetworkEvidence } from './evidence.ts'
import { type Finding, finding } from './finding.ts'

/** What keeps `node` out of a network, or names from being found in it. */
export const diagnoseNetwork = (network: NetworkEvidence, node: string): readonly Finding[] => {
  const { id, status, controller, dns } = network
  switch (status) {
    case 'denied':
      return [
        finding(
          'not-authorised',
          `network ${id} has not let this node in`,
          `have node ${node} authorised on its controller, ${controller.id}`,
        ),
      ]
    case 'not-found':
      return [finding('wrong-network', `controller ${controller.id} has no network ${id}`, checkId)]
    case 'too-old':
      return [finding('too-old', `network ${id} wants a newer client`, 'update this package')]
    case 'auth-required':
      return [
        finding('login-required', `network ${id} wants a log-in`, '`rxzt networks -j` has the address of its page'),
      ]
    case 'requesting':
      return [diagnoseRequest(network)]
    case 'ok':
      return [
        finding(
          'no-virtual-address',
          `network ${id} let this node in, and gave it no address`,
          `give network ${id} a pool of addresses on its controller, or node ${node} an address`,
        ),
      ]
    case 'not-joined':
      return [finding('not-joined', `the service is not in network ${id}`, `\`rxzt join ${id}\` has it join`)]
    default:
      return dns?.answers === false ? [diagnoseServers(network)] : []
  }
}

/** Nothing came of the controller. */
const diagnoseRequest = ({ id, controller }: NetworkEvidence): Finding => {
  if (controller.way === 'unknown')
    return finding(
      'wrong-network',
      `the roots know no node ${controller.id}, which the first ten digits of network ${id} name as its controller`,
      `${checkId}; if they are right, the controller is off, or has another planet than this node`,
    )
  if (controller.way === 'direct')
    return finding(
      'controller-silent',
      `controller ${controller.id} of network ${id} is reached, and does not answer for the network`,
      'check that its node runs a controller, and that packets of 1500 bytes come through from there: they are what its answers are',
    )
  return finding(
    'controller-silent',
    `controller ${controller.id} of network ${id} answers neither directly nor by the roots`,
    'start it, or have `rxzt doctor` tell there why it is offline',
  )
}

const diagnoseServers = ({ id, dns }: NetworkEvidence): Finding =>
  finding(
    'dns',
    `none of the name servers of network ${id} answers (${dns?.servers.join(', ')})`,
    'check that they are members that are online, and that something listens on their port 53; the controller says who they are',
  )

const checkId = 'check the network ID, digit for digit, with whoever gave it to you'
