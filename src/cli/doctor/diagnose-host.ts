import type { HostEvidence, NodeEvidence } from './evidence.ts'
import { type Finding, finding } from './finding.ts'
import { natOf } from './nat.ts'
import { printSome } from './print-endpoint.ts'

/** What keeps a member from being reached, or from being reached well. */
export const diagnoseHost = (seen: HostEvidence, node: NodeEvidence): readonly Finding[] => {
  const { host, address, unresolved, rtt, way } = seen
  if (unresolved !== undefined) {
    const [what = '', cure = 'use its address, or check the name servers of the network'] =
      unresolved.message.split(' — ')
    return [finding('dns', `${host} has no address: ${what}`, cure)]
  }
  if (rtt === undefined)
    return [
      finding(
        'host-silent',
        `nobody answers at ${host}${host === address ? '' : ` (${address})`} in network ${seen.network}`,
        'check that its node is online and authorised, that its own firewall lets echo requests in, and the rules of the network',
      ),
    ]
  return [...(way === 'relay' || way === 'tcp' ? [diagnoseRelay(seen, node)] : []), ...diagnoseSize(seen)]
}

const diagnoseRelay = ({ host, node: peer, reason, way }: HostEvidence, node: NodeEvidence): Finding => {
  const why = reason === undefined ? '' : `: ${reason}`
  const nat = natOf(node)
  const port = node.endpoints[0]?.port ?? 9993
  return finding(
    'relay-only',
    `${host} (node ${peer}) is reached by ${way === 'tcp' ? 'a TCP relay' : 'a root'} alone, not directly${why}`,
    nat === 'dependent'
      ? `the router here gives each peer another port (${printSome(node.surfaces)}): forward UDP port ${port} to this machine, or switch that off`
      : `let UDP in on port ${port} here, or on that of the other node: one of both is behind a router or firewall that keeps it out`,
  )
}

const diagnoseSize = ({ host, passes, vanishes }: HostEvidence): readonly Finding[] => {
  if (vanishes === undefined) return []
  const most = passes === undefined ? 'small ones' : `those of ${passes} bytes`
  return [
    finding(
      'mtu',
      `packets of ${vanishes} bytes vanish on the physical way to ${host}, ${most} pass`,
      `let ICMP "fragmentation needed" through on the way, or lower the MTU of the interface here and there: \`ip link set dev … mtu ${Math.max(passes ?? 0, 1280)}\``,
    ),
  ]
}
