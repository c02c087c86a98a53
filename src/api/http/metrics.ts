import { printNetworkId } from '../../protocol/kernel/id.ts'
import type { HttpAnswer } from '../../streams/io/http-server.ts'
import { publicNodeId } from '../../streams/public-id.ts'
import type { HostedController } from '../controller.ts'
import type { VirtualNode } from '../node.ts'

/** Counters for Prometheus, under the names that native nodes use for the same. */
export const metrics = ({ running, stats }: VirtualNode, controller: HostedController | undefined): HttpAnswer => {
  const networks = [...running.networks.values()]
  const hosted = [...(controller?.hosted.values() ?? [])]
  const families: readonly Family[] = [
    {
      name: 'zt_data',
      type: 'counter',
      help: 'bytes sent and received',
      samples: [
        [{ direction: 'rx', protocol: 'udp' }, stats.link?.receivedBytes ?? 0],
        [{ direction: 'tx', protocol: 'udp' }, stats.link?.sentBytes ?? 0],
      ],
    },
    { name: 'zt_num_networks', type: 'gauge', help: 'networks joined', samples: [[{}, networks.length]] },
    {
      name: 'zt_network_multicast_groups_subscribed',
      type: 'gauge',
      help: 'multicast groups subscribed to',
      samples: networks.map(({ id, state }) => [{ network_id: printNetworkId(id) }, state.multicastGroups.length]),
    },
    {
      name: 'zt_network_packets',
      type: 'counter',
      help: 'frames of each network',
      samples: networks.flatMap(({ id, counters: { counts } }): Sample[] => [
        [{ accepted: 'yes', direction: 'rx', network_id: printNetworkId(id) }, counts['framesIn'] ?? 0],
        [{ accepted: 'yes', direction: 'tx', network_id: printNetworkId(id) }, counts['framesOut'] ?? 0],
      ]),
    },
    {
      name: 'zt_peer_path_count',
      type: 'gauge',
      help: 'paths to each peer',
      samples: [...running.snapshots.values()].flatMap(({ address, paths }): Sample[] => {
        const alive = paths.filter((path) => !path.expired).length
        const node_id = publicNodeId(address)
        return [
          [{ node_id, status: 'alive' }, alive],
          [{ node_id, status: 'dead' }, paths.length - alive],
        ]
      }),
    },
    {
      name: 'rxzt_drops',
      type: 'counter',
      help: 'packets and frames dropped, by layer and reason',
      samples: Object.entries(stats.drops).map(([reason, count]): Sample => [{ reason }, count]),
    },
    { name: 'controller_network_count', type: 'gauge', help: 'networks hosted', samples: [[{}, hosted.length]] },
    {
      name: 'controller_member_count',
      type: 'gauge',
      help: 'members of networks hosted',
      samples: [[{}, hosted.reduce((sum, { members }) => sum + members.size, 0)]],
    },
  ]
  return { status: 200, type: 'text/plain', body: families.map(print).join('') }
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]
interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** No label can hold a quote: they are IDs, and reasons of our own. */
const print = ({ name, type, help, samples }: Family): string => {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
