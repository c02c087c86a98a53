import { firstValueFrom } from 'rxjs'
import type { Network } from '../../../api/network.ts'
import type { ZtNode } from '../../../api/node.ts'
import { parseIp, samePrefix } from '../../../protocol/kernel/ip.ts'
import type { Route } from '../../../streams/snapshot.ts'
import { watchReasons } from '../../doctor/watch-reasons.ts'
import { gatewayTo, ownerOf, type PathFacts } from './explain-path.ts'
import { EchoCounter } from './round-trips.ts'

/** Sends echoes to a host, then looks at what the node knows of the way there. `tell` hears what changes meanwhile. */
export const examinePath = async (
  node: ZtNode,
  network: Network,
  host: string,
  { count, signal }: { readonly count: number; readonly signal: AbortSignal },
  tell: (line: string) => void,
): Promise<PathFacts> => {
  const reasons = watchReasons(node)
  const [found] = await network.resolve(host, { signal })
  const address = found!
  const gateway = gatewayTo(network.routes, leadsTo(address))
  const nextHop = gateway ?? address
  let member: string | undefined
  let link: string | undefined
  const look = async (): Promise<void> => {
    member = ownerOf((await firstValueFrom(network.members$)).values(), nextHop)
    const now = member === undefined ? undefined : node.peer(member)?.link
    if (now === link || now === undefined) return
    if (link !== undefined) tell(`${link} → ${now}`)
    link = now
  }
  const counter = new EchoCounter()
  for await (const reply of network.ping(address, { count, interval: INTERVAL, timeout: PATIENCE, signal })) {
    counter.add(reply)
    await look()
  }
  const peer = member === undefined ? undefined : node.peer(member)
  const peers = await firstValueFrom(node.peers$)
  return {
    address,
    member,
    gateway,
    peer,
    roots: [...peers.values()].filter(({ role, link }) => role !== 'leaf' && link === 'direct'),
    reason: member === undefined ? undefined : reasons.get(member),
    trips: counter.result,
    now: Date.now(),
  }
}

const leadsTo = (address: string): ((route: Route) => boolean) => {
  const bytes = parseIp(address)
  return ({ target }) => {
    const prefix = parseIp(target.address)
    return bytes !== undefined && prefix?.length === bytes.length && samePrefix(prefix, bytes, target.bits)
  }
}

/** ms between echoes, and for an answer. */
const INTERVAL = 500
const PATIENCE = 2_000
