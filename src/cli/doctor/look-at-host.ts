import { firstValueFrom } from 'rxjs'
import type { Network } from '../../api/network.ts'
import type { ZtNode } from '../../api/node.ts'
import { canonicalIp, type IpAddress } from '../../protocol/kernel/ip.ts'
import { SocketError } from '../../streams/error.ts'
import type { HostEvidence } from './evidence.ts'
import { wayTo } from './look-at-node.ts'

/** Resolves the name of a member, waits for a direct path to it, and sees how large packets to it may be. */
export const lookAtHost = async (
  node: ZtNode,
  network: Network,
  host: string,
  reasons: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<HostEvidence> => {
  const nwid = network.id
  const until = signal === undefined ? {} : { signal }
  let address: IpAddress
  try {
    address = canonicalIp(host) ?? (await network.resolve(host, until))[0]!
  } catch (error) {
    if (!(error instanceof SocketError)) throw error
    return { network: nwid, host, unresolved: { code: error.code, message: error.message } }
  }
  let rtt: number | undefined
  for await (const reply of network.ping(address, { ...until, count: TRIES, timeout: PATIENCE })) {
    if ('rtt' in reply) rtt = reply.rtt
    // the first goes by a root, while the two are introduced to each other
    if (rtt !== undefined && wayTo(peerAt(await nodeAt(network, address))) === 'direct') break
  }
  const id = await nodeAt(network, address)
  const reason = id === undefined ? undefined : reasons.get(id)
  return {
    ...{ network: nwid, host, address },
    ...(id === undefined ? {} : { node: id, way: wayTo(peerAt(id)) }),
    ...(reason === undefined ? {} : { reason }),
    ...(rtt === undefined ? {} : { rtt, ...(await sizesTo(network, address, until)) }),
  }

  function peerAt(id: string | undefined) {
    return id === undefined ? undefined : node.peer(id)
  }
}

/** Whose node it is, as frames of the segment told. */
const nodeAt = async (network: Network, address: IpAddress): Promise<string | undefined> => {
  const members = await firstValueFrom(network.members$)
  return [...members.values()].find(({ ips }) => ips.includes(address))?.node
}

/** Which of these sizes come through, from the largest down to the first that does. */
const sizesTo = async (
  network: Network,
  address: IpAddress,
  until: { readonly signal?: AbortSignal },
): Promise<Pick<HostEvidence, 'passes' | 'vanishes'>> => {
  let vanishes: number | undefined
  const overhead = OVERHEAD + (address.includes(':') ? 20 : 0)
  for (const size of SIZES) {
    const echo = { ...until, size: size - overhead, count: LARGE_TRIES, interval: 200, timeout: LARGE_PATIENCE }
    for await (const reply of network.ping(address, echo))
      if ('rtt' in reply) return vanishes === undefined ? {} : { passes: size, vanishes }
    vanishes = size
  }
  return vanishes === undefined ? {} : { vanishes }
}

const TRIES = 10
const PATIENCE = 2_000
/** Of which each is lost only where a third of all is lost anyway once in eighty. */
const LARGE_TRIES = 4
const LARGE_PATIENCE = 2_000
/** IP packets on the physical network: the largest that a node sends by default, and what is left by usual tunnels. */
const SIZES = [1_460, 1_400, 1_280, 576] as const
/** Of an echo over IPv4 in the virtual network: its own headers 28, those of ZeroTier 38, of UDP and IPv4 below 28. */
const OVERHEAD = 94
