import { firstValueFrom } from 'rxjs'
import type { ZtNode } from '../../api/node.ts'
import type { Endpoint } from '../../protocol/datagram.ts'
import { publicPlanet } from '../../protocol/world/planet.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../control/json.ts'
import type { Service } from '../control/service.ts'
import type { Evidence, NetworkEvidence, NodeEvidence, Way } from './evidence.ts'
import type { Wanted } from './examine.ts'
import { knockPlaces } from './knock-places.ts'
import { lookAtHost } from './look-at-host.ts'
import { lookAtServers } from './look-at-network.ts'
import type { Probes } from './probes.ts'
import { watchReasons } from './watch-reasons.ts'

/**
 * The same for the node of a service, ours or native, by its HTTP API; it goes on as it was. `node` is the same node where
 * its sockets can be used, for what has to be asked of members.
 */
export const lookAtService = async (
  service: Pick<Service, 'get'>,
  node: ZtNode | undefined,
  probes: Omit<Probes, 'start'>,
  { networks, host, signal, progress = () => undefined }: Wanted,
): Promise<Evidence> => {
  const reasons = node === undefined ? new Map<string, string>() : watchReasons(node)
  progress('asking the service')
  const peers = listOf(await service.get('/peer'))
  const seen = nodeIn(fieldsOf(await service.get('/status')), peers)
  const nothing = { ends: [], clocks: [], networks: [] }
  if (!seen.online) {
    progress('asking others by UDP')
    const places = seen.roots.flatMap(({ endpoints }) => endpoints)
    return { ...nothing, node: seen, knocks: await knockPlaces(probes, places) }
  }
  const joined = listOf(await service.get('/network'))
  const wanted = networks.length === 0 ? joined : networks.map((id) => joined.find((one) => one['id'] === id) ?? { id })
  const found: NetworkEvidence[] = []
  for (const fields of wanted) {
    const id = textOf(fields['id'])
    progress(`network ${id}`)
    const network = node?.network(id)
    found.push({ ...networkIn(fields, peers), ...(network === undefined ? {} : await lookAtServers(network, signal)) })
  }
  const first = found[0]
  const network = first?.status === 'ready' ? node?.network(first.id) : undefined
  if (host !== undefined && network !== undefined) progress(`host ${host}`)
  // what is known of peers comes with the first news of them
  if (node !== undefined) await firstValueFrom(node.peers$)
  const member =
    host === undefined || network === undefined ? undefined : await lookAtHost(node!, network, host, reasons, signal)
  return {
    ...{ ...nothing, node: seen, knocks: [], clocks: await probes.clocks(), networks: found },
    ...(member === undefined ? {} : { host: member }),
  }
}

const nodeIn = (status: Fields, peers: readonly Fields[]): NodeEvidence => {
  const settings = fieldsOf(fieldsOf(status['config'])['settings'])
  const planet = numberOf(status['planetWorldId'])
  return {
    id: textOf(status['address']),
    online: status['online'] === true,
    endpoints: endpointsIn(settings['listeningOn']),
    surfaces: endpointsIn(settings['surfaceAddresses']),
    planet: {
      isPublic: planet === Number(publicPlanet.id),
      ...(Number.isSafeInteger(planet) ? { id: planet.toString(16).padStart(16, '0') } : {}),
    },
    roots: peers
      .filter(({ role }) => role === 'PLANET')
      .map((peer) => ({
        id: textOf(peer['address']),
        endpoints: endpointsIn(listOf(peer['paths']).map((path) => path['address'])),
        link: wayIn(peer),
        ...(numberOf(peer['latency'], -1) < 0 ? {} : { latency: numberOf(peer['latency']) }),
      })),
    heard: peers.filter((peer) => wayIn(peer) === 'direct').length,
  }
}

const networkIn = (fields: Fields, peers: readonly Fields[]): NetworkEvidence => {
  const id = textOf(fields['id'])
  const controller = id.slice(0, 10)
  const addresses = Array.isArray(fields['assignedAddresses']) ? fields['assignedAddresses'].map(String) : []
  const status = STATUS[textOf(fields['status'])] ?? 'not-joined'
  return {
    ...{ id, name: textOf(fields['name']), addresses },
    status: status === 'ok' && addresses.length > 0 ? 'ready' : status,
    controller: { id: controller, way: wayIn(peers.find(({ address }) => address === controller)) },
  }
}

const wayIn = (peer: Fields | undefined): Way => {
  if (peer === undefined) return 'unknown'
  const isDirect = listOf(peer['paths']).some((path) => path['preferred'] === true && path['expired'] !== true)
  if (isDirect) return peer['tunneled'] === true ? 'tcp' : 'direct'
  return peer['role'] === 'LEAF' ? 'relay' : 'unreachable'
}

/** Native tools write `192.0.2.1/9993`. */
const endpointsIn = (list: unknown): readonly Endpoint[] =>
  (Array.isArray(list) ? list : []).flatMap((text) => {
    const [, address, port] = /^(.+)\/(\d+)$/.exec(String(text)) ?? []
    return address === undefined ? [] : [{ address, port: Number(port) }]
  })

/** As native services name them. */
const STATUS: Readonly<Record<string, string>> = {
  OK: 'ok',
  REQUESTING_CONFIGURATION: 'requesting',
  ACCESS_DENIED: 'denied',
  NOT_FOUND: 'not-found',
  CLIENT_TOO_OLD: 'too-old',
  AUTHENTICATION_REQUIRED: 'auth-required',
}
