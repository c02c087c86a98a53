import type { addressFunctions } from './addresses.ts'
import type { centralFunctions } from './central-calls.ts'
import type { identityFunctions } from './identities.ts'
import type { lifecycleFunctions } from './lifecycle.ts'
import type { networkFunctions } from './networks.ts'
import type { utilityFunctions } from './utilities.ts'

type Named = ReturnType<typeof lifecycleFunctions> &
  ReturnType<typeof networkFunctions> &
  ReturnType<typeof addressFunctions> &
  ReturnType<typeof identityFunctions> &
  ReturnType<typeof utilityFunctions> &
  ReturnType<typeof centralFunctions>

/** What older headers call what the current one has: the same functions. Sockets have theirs beside them. */
export const olderNames = (zts: Named) => ({
  zts_stop: zts.zts_node_stop,
  zts_free: zts.zts_node_free,
  zts_get_node_id: zts.zts_node_get_id,
  zts_get_node_identity: zts.zts_node_get_id_pair,
  zts_generate_orphan_identity: zts.zts_id_new,
  zts_verify_identity: zts.zts_id_pair_is_valid,
  zts_join: zts.zts_net_join,
  zts_leave: zts.zts_net_leave,
  zts_orbit: zts.zts_moon_orbit,
  zts_deorbit: zts.zts_moon_deorbit,
  zts_generate_adhoc_nwid_from_range: zts.zts_net_compute_adhoc_id,
  zts_get_6plane_addr: zts.zts_addr_compute_6plane,
  zts_get_rfc4193_addr: zts.zts_addr_compute_rfc4193,
  zts_delay_ms: zts.zts_util_delay,

  zts_central_api_init: zts.zts_central_init,
  zts_central_api_cleanup: zts.zts_central_cleanup,
  zts_central_api_set_access: zts.zts_central_set_access_mode,
  zts_central_api_set_verbose: zts.zts_central_set_verbose,
  zts_central_api_clear_response_buffer: zts.zts_central_clear_resp_buf,
  zts_get_last_response_buffer: zts.zts_central_get_last_resp_buf,
  zts_central_get_last_response_buf: zts.zts_central_get_last_resp_buf,
  zts_central_api_get_status: zts.zts_central_status_get,
  zts_central_get_status: zts.zts_central_status_get,
  zts_central_api_get_self: zts.zts_central_self_get,
  zts_central_get_self: zts.zts_central_self_get,
  zts_central_api_get_network: zts.zts_central_net_get,
  zts_central_get_network: zts.zts_central_net_get,
  zts_central_api_get_networks: zts.zts_central_net_get_all,
  zts_central_get_networks: zts.zts_central_net_get_all,
  zts_central_api_update_network: zts.zts_central_net_update,
  zts_central_update_network: zts.zts_central_net_update,
  zts_central_api_delete_network: zts.zts_central_net_delete,
  zts_central_delete_network: zts.zts_central_net_delete,
  zts_central_api_get_members_of_network: zts.zts_central_net_get_members,
  zts_central_get_members_of_network: zts.zts_central_net_get_members,
  zts_central_api_get_member: zts.zts_central_member_get,
  zts_central_get_member: zts.zts_central_member_get,
  zts_central_api_update_member: zts.zts_central_member_update,
  zts_central_update_member: zts.zts_central_member_update,
  zts_set_node_auth: zts.zts_central_node_auth,
  zts_central_set_node_auth: zts.zts_central_node_auth,
})
