import { asNetworkId } from '../../api/id.ts'
import type { Network } from '../../api/network.ts'
import type { VirtualNode } from '../../api/node.ts'
import { parseNetworkId } from '../../protocol/kernel/id.ts'
import { SocketError } from '../../streams/error.ts'
import type { ClockEvidence, NetworkEvidence } from './evidence.ts'
import { wayTo } from './look-at-node.ts'
import { pollUntil } from './poll.ts'

export interface SeenNetwork {
  readonly evidence: NetworkEvidence
  /** By the time at which the controller answered. */
  readonly clock: ClockEvidence | undefined
  /** The node was not in it before. */
  readonly isNew: boolean
}

/**
 * Waits for what the controller says now: the configuration of an earlier run, with which a node starts, says nothing of
 * today.
 */
export const lookAtNetwork = async (
  node: VirtualNode,
  nwid: string,
  signal: AbortSignal | undefined,
): Promise<SeenNetwork> => {
  const { running } = node
  const { clock } = running.hands
  const id = asNetworkId(nwid)
  const bits = parseNetworkId(id)!
  const isNew = !running.networks.has(bits)
  const network = await node.join(id, { wait: 'none' })
  const cached = running.networks.get(bits)?.config?.timestamp
  let ahead: number | undefined
  await pollUntil(clock, ANSWER, signal, () => {
    if (running.ended !== undefined) throw running.ended
    const { status } = network.state
    const timestamp = running.networks.get(bits)?.config?.timestamp
    if (timestamp !== undefined && timestamp !== cached) ahead ??= clock.now() - Number(timestamp)
    // one that is denied may be let in in the next second, but nobody asked to wait for it
    return ahead !== undefined ? status === 'ready' : status !== 'requesting' && status !== 'ok' && status !== 'ready'
  })
  const { state } = network
  const answered = ahead !== undefined || !(state.status === 'ready' || state.status === 'ok')
  const controller = { id: state.controller, way: wayTo(node.peer(state.controller)) }
  const evidence: NetworkEvidence = {
    ...{ id, name: state.name, controller },
    status: answered ? state.status : 'requesting',
    addresses: state.addresses.map(({ address, bits }) => `${address}/${bits}`),
    ...(await lookAtServers(network, signal)),
  }
  return { evidence, isNew, clock: ahead === undefined ? undefined : { by: `controller ${state.controller}`, ahead } }
}

/** That there is no such name is an answer too. */
export const lookAtServers = async (
  network: Network,
  signal: AbortSignal | undefined,
): Promise<Pick<NetworkEvidence, 'dns'>> => {
  const { dns, status } = network.state
  if (dns === undefined || status !== 'ready') return {}
  const answers = async (): Promise<boolean | undefined> => {
    if (dns.domain === '') return undefined
    try {
      await network.resolve(dns.domain, signal === undefined ? {} : { signal })
      return true
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      return error.code !== 'EAI_AGAIN'
    }
  }
  return { dns: { ...dns, answers: await answers() } }
}

/** ms in which a controller answers, asked every second. */
const ANSWER = 15_000
