/** What was promised of `rxzt/zts`, checked by the compiler like `surface.ts`. Nothing here runs. */
import { udpLink } from 'rxzt/node'
import { virtualNet } from 'rxzt/testing'
import { createZts, type Zts, type ZtsEventMessage, type ZtsSockaddr, zts } from 'rxzt/zts'

type Result = Promise<number>
interface Promised {
  readonly ZTS_AF_INET: 2
  readonly ZTS_ERR_ARG: -3
  errno: number
  zts_errno: number
  readonly error: Error | undefined
  // what may take time gives a promise, everything else its result
  zts_node_start(): Result
  zts_node_stop(): Result
  zts_node_get_id(): bigint
  zts_node_get_id_pair(): { err: number; key: string }
  zts_init_from_storage(path: string): number
  zts_init_set_event_handler(handler: (msg: ZtsEventMessage) => void): number
  zts_net_join(net: bigint): number
  zts_net_get_mac(net: bigint): bigint
  zts_addr_get(net: bigint, family: number): { err: number; addr: ZtsSockaddr }
  zts_addr_get_str(net: bigint, family: number): { err: number; str: string }
  zts_addr_get_all(net: bigint): { err: number; addrs: readonly ZtsSockaddr[] }
  zts_id_new(): Promise<{ err: number; key: string }>
  zts_id_pair_is_valid(key: string): Result
  zts_util_delay(ms: number): Promise<void>
  zts_inet_pton(family: number, src: string, dst: Uint8Array): number
  zts_core_query_route(net: bigint, i: number): { err: number; target: string; via: string; flags: number }
  zts_bsd_socket(family: number, type: number, protocol: number): number
  zts_bsd_connect(fd: number, addr: ZtsSockaddr): Result
  zts_bsd_bind(fd: number, addr: ZtsSockaddr): number
  zts_bsd_recv(fd: number, buf: Uint8Array, flags: number): Result
  zts_bsd_setsockopt(fd: number, level: number, name: number, value: unknown): number
  zts_connect(fd: number, ip: string, port: number, timeout: number): Result
  zts_connect(fd: number, addr: ZtsSockaddr): Result
  zts_get_network_details(nwid: bigint): { err: number }
  zts_central_status_get(): Promise<{ err: number; http_resp_code: number }>
  zts_start(path: string, callback: (msg: ZtsEventMessage) => void, port: number): Result
}
export const promised: Promised = zts
export const more: readonly Zts[] = [
  createZts(),
  createZts({ net: virtualNet() }),
  createZts({ node: { lowBandwidth: true }, link: ({ port }) => udpLink({ port }) }),
]
export const handler = ({ event_code, eventCode, node, network }: ZtsEventMessage): unknown => [
  event_code === zts.ZTS_EVENT_NODE_UP,
  eventCode,
  node?.node_id,
  node?.address,
  network?.net_id,
  network?.nwid,
]
// @ts-expect-error a number is no ID: beyond 53 bits it is another
zts.zts_net_join(0x8056c2e21c)
