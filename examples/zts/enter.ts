import type { Zts } from 'rxzt/zts'
import { failed, hex } from './stage.ts'

/**
 * What most of the C programs begin with; `client.ts` and `server.ts` spell it out. Starts the node, joins, and waits for
 * an address of the family. 0, or the exit code where something failed.
 */
export const enter = async (zts: Zts, net: bigint, family: number, signal: AbortSignal): Promise<number> => {
  let err: number = await zts.zts_node_start()
  if (err !== zts.ZTS_ERR_OK) return failed(zts, 'start', err)
  while (!zts.zts_node_is_online() && !signal.aborted) await zts.zts_util_delay(50)
  console.log(`node ${hex(zts.zts_node_get_id(), 10)} is online`)

  err = zts.zts_net_join(net)
  if (err !== zts.ZTS_ERR_OK) return failed(zts, 'join', err)
  console.log(`joining ${hex(net, 16)}`)
  while (zts.zts_addr_is_assigned(net, family) !== 1 && !signal.aborted) await zts.zts_util_delay(50)
  console.log(`address on ${hex(net, 16)}: ${zts.zts_addr_get_str(net, family).str}`)
  return 0
}
