import { bitsOf } from './bits.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import type { Life } from './life.ts'

export const lifecycleFunctions = (instance: Instance, life: Life) => ({
  /**
   * Resolves when the node is there: its identity is ready and its links are bound. `ZTS_ERR_SERVICE` if it is started
   * already, or cannot start; `ZTS_ERR_ARG` if what was said by `zts_init_*` does not fit. `error` says why.
   */
  zts_node_start: (): Promise<number> => life.start(),
  /** Resolves when sockets are reset, the node is closed, and `ZTS_EVENT_NODE_DOWN` is said. It may be started again. */
  zts_node_stop: (): Promise<number> => life.stop(),
  /** The same: nothing is left after either. */
  zts_node_free: (): Promise<number> => life.stop(),
  /** 1 while a root answers. */
  zts_node_is_online: (): number => Number(instance.node?.info.online ?? false),
  /** 40 bits; 0 while there is no node. */
  zts_node_get_id: (): bigint => (instance.node === undefined ? 0n : bitsOf(instance.node.id)),
  /** The text of the identity with its secret: whoever has it is this node. */
  zts_node_get_id_pair: (): { readonly err: number; readonly key: string } =>
    instance.node === undefined
      ? { err: result.ZTS_ERR_SERVICE, key: '' }
      : { err: result.ZTS_ERR_OK, key: instance.node.identity.exportSecret() },
  /** The primary UDP port. */
  zts_node_get_port: (): number => instance.node?.info.ports.primary ?? result.ZTS_ERR_SERVICE,
})
