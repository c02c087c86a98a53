import type { IpAddress } from '../protocol/kernel/ip.ts'
import { isRecord, type OptionRules, oneOf, yesOrNo } from '../streams/option.ts'
import { domainName } from '../tcpip/dns/name.ts'
import { listOfAddresses } from './network-options.ts'
import { type WaitOptions, waitRules } from './wait.ts'

export interface JoinOptions extends WaitOptions {
  /** What to wait for: authorised and addressed (default), authorised, or nothing. */
  readonly wait?: 'ready' | 'ok' | 'none'
  /**
   * What of the controller's configuration the host stack takes; kept in the store. Everything by default, if the
   * store says nothing else: the stack is this program's own and can harm no other, unlike that of a host.
   */
  readonly allow?: {
    readonly managed?: boolean
    readonly global?: boolean
    readonly default?: boolean
    readonly dns?: boolean
  }
  /**
   * Name servers for names outside the domain that the controller pushed servers for, at most 16. Without `allow.dns`
   * they are asked for everything.
   */
  readonly dns?: readonly IpAddress[]
  /** Addresses of names that no server is asked for, as a hosts file has them. */
  readonly hosts?: Readonly<Record<string, readonly IpAddress[]>>
  /**
   * Whether routers on the segment may give addresses, routes and name servers (RFC 4862; default false). Only for
   * networks that are bridged to one with a router: elsewhere such advertisements are an attack by a member.
   */
  readonly acceptRouters?: boolean
  /** Keep waiting while the controller has not authorised this node (default), or reject at once. */
  readonly onDenied?: 'wait' | 'reject'
  /** Whether `await using` leaves the network at the end (default false). */
  readonly leaveOnDispose?: boolean
}

const isName = (text: string): boolean => domainName(text) !== undefined
const ALLOW = new Set(['managed', 'global', 'default', 'dns'])
export const joinRules: OptionRules<JoinOptions> = {
  ...waitRules,
  wait: oneOf('ready', 'ok', 'none'),
  onDenied: oneOf('wait', 'reject'),
  leaveOnDispose: yesOrNo,
  dns: listOfAddresses,
  acceptRouters: yesOrNo,
  hosts: {
    is: (x) => isRecord(x) && Object.entries(x).every(([name, ips]) => isName(name) && listOfAddresses.is(ips)),
    cure: 'pass { name: [address, …] }',
  },
  allow: {
    is: (x) => isRecord(x) && Object.entries(x).every(([name, value]) => ALLOW.has(name) && typeof value === 'boolean'),
    cure: 'pass { managed, global, default, dns } of true and false',
  },
}
