/** What `rxzt/zts` exports on every host; the entry points add the instance and what makes more of them. */
export type { Zts } from './create-zts.ts'
export type { UdpSettings } from './host.ts'
export type { ZtsOptions } from './instance.ts'
export type { ZtsSockaddr } from './sockaddr.ts'
