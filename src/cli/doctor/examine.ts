import { VirtualNode, type ZtNode } from '../../api/node.ts'
import { NodeError, ZtError } from '../../streams/error.ts'
import type { Evidence } from './evidence.ts'
import { knockPlaces } from './knock-places.ts'
import { lookAtHost } from './look-at-host.ts'
import { lookAtNetwork, type SeenNetwork } from './look-at-network.ts'
import { lookAtNode } from './look-at-node.ts'
import type { Probes } from './probes.ts'
import { watchReasons } from './watch-reasons.ts'

export interface Wanted {
  /** Networks to be looked at; without any, those that the node was in. */
  readonly networks: readonly string[]
  /** A member of the first of them, by address or name. */
  readonly host?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Told what the examination is at. */
  readonly progress?: ((text: string) => void) | undefined
}

/** Starts a node, looks at all that it depends on, one after another, and ends it. */
export const examine = async (probes: Probes, wanted: Wanted): Promise<Evidence> => {
  const { progress = () => undefined } = wanted
  progress('starting a node')
  const ends: Evidence['ends'][number][] = []
  const start = async (anyPort: boolean): Promise<ZtNode | undefined> =>
    probes.start(anyPort).catch((error: unknown) => {
      if (!(error instanceof ZtError)) throw error
      ends.push({ code: error.code, message: error.message })
      return undefined
    })
  const started = await start(false)
  // a port that is taken hides what else is wrong
  const node = started ?? (ends[0]?.code === 'ERR_ZT_BIND' ? await start(true) : undefined)
  const nothing = { knocks: [], clocks: [], networks: [] }
  if (node === undefined) return { ends: ends.slice(0, 1), ...nothing }
  try {
    if (!(node instanceof VirtualNode)) throw new Error('the node to be examined runs elsewhere')
    return { ...(await lookAround(node, probes, { ...wanted, progress })), ends: ends.slice(0, 1) }
  } catch (error) {
    const end = node instanceof VirtualNode ? node.running.ended : undefined
    if (!(end instanceof NodeError) || end.code === 'ERR_ZT_CLOSED') throw error
    return { ends: [{ code: end.code, message: end.message }], ...nothing }
  } finally {
    await node.close()
  }
}

const lookAround = async (
  node: VirtualNode,
  probes: Probes,
  { networks, host, signal, progress = () => undefined }: Wanted,
): Promise<Omit<Evidence, 'ends'>> => {
  const reasons = watchReasons(node)
  progress('waiting for a root')
  const online = await node.online({ timeout: ONLINE, ...(signal === undefined ? {} : { signal }) }).then(
    () => true,
    (error: unknown) => {
      if (node.running.ended !== undefined || signal?.aborted === true) throw error
      return false
    },
  )
  if (!online) {
    progress('asking others by UDP')
    const places = node.running.worlds.planet.roots.flatMap((root) => root.endpoints)
    const knocks = await knockPlaces(probes, places)
    return { node: lookAtNode(node), knocks, clocks: [], networks: [] }
  }
  const ids = networks.length > 0 ? networks : [...node.running.networks.values()].map(({ state }) => state.id)
  const seen: SeenNetwork[] = []
  for (const id of ids) {
    progress(`network ${id}`)
    seen.push(await lookAtNetwork(node, id, signal))
  }
  const [first] = seen
  const isReady = first?.evidence.status === 'ready'
  if (host !== undefined && isReady) progress(`host ${host}`)
  const member =
    host !== undefined && isReady
      ? await lookAtHost(node, node.network(first.evidence.id)!, host, reasons, signal)
      : undefined
  const clocks = [...(await probes.clocks()), ...seen.flatMap(({ clock }) => (clock === undefined ? [] : [clock]))]
  for (const one of seen) if (one.isNew) await node.network(one.evidence.id)?.leave()
  return {
    node: lookAtNode(node),
    ...{ knocks: [], clocks, networks: seen.map(({ evidence }) => evidence) },
    ...(member === undefined ? {} : { host: member }),
  }
}

/** ms: roots that can be reached answer within a round trip, the next try of a HELLO that was lost comes after seconds. */
const ONLINE = 12_000
