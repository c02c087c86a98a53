/** What `rxzt/zts` exports on every host; the entry points add the instance and what makes more of them. */
export type { ZtsCentralResult } from './central-calls.ts'
export type { Zts } from './create-zts.ts'
export type { ZtsEventMessage } from './event-message.ts'
export type { UdpSettings } from './host.ts'
export type { ZtsOptions } from './instance.ts'
export type { ZtsRootSet, ZtsSignedRootSet } from './root-set.ts'
export type { EventHandler } from './settings.ts'
export type { ZtsSockaddr } from './sockaddr.ts'
export type { ZtsAccepted, ZtsName } from './socket/bsd-functions.ts'
export type { ZtsOutgoing, ZtsReceived, ZtsReceivedMessage } from './socket/bsd-transfer.ts'
export type { ZtsHostent } from './socket/host-names.ts'
export type { PollFd } from './socket/poll.ts'
export type { Selected } from './socket/select.ts'
export type { ZtsAcceptedText, ZtsNameText } from './socket/simple-functions.ts'
export type { ZtsStats, ZtsStatsCounter, ZtsStatsIgmp, ZtsStatsProto } from './statistics.ts'
export type {
  ZtsAddrInfo,
  ZtsNetInfo,
  ZtsNetifInfo,
  ZtsNodeInfo,
  ZtsPath,
  ZtsPeerInfo,
  ZtsRouteInfo,
} from './structures.ts'
export type { ZtsIpAddr } from './utilities.ts'
