/**
 * The HTTP API of the hosted controller.
 * @module rxzt/central
 */
export {
  type Central,
  type CentralMemberInput,
  type CentralNetworkInput,
  central,
} from './api/central/central.ts'
export { CentralError } from './api/central/central-error.ts'
export type { CallOptions, CentralOptions } from './api/central/central-options.ts'
export type { RateLimit } from './api/central/rate-limit.ts'
export type {
  CentralApiToken,
  CentralDns,
  CentralInvitation,
  CentralIpRange,
  CentralMember,
  CentralMemberConfig,
  CentralNetwork,
  CentralNetworkConfig,
  CentralOrganization,
  CentralOrganizationMember,
  CentralPermissions,
  CentralRandomToken,
  CentralRoute,
  CentralStatus,
  CentralUser,
  JsonRecord,
} from './api/central/shapes.ts'
export { NetworkId, NodeId } from './api/id.ts'
export type { WaitOptions } from './api/wait.ts'
export { ArgumentError, SocketError, ZtError, type ZtErrorCode } from './streams/error.ts'
