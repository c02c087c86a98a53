import type { IpAddress } from '../protocol/kernel/ip.ts'
import { aFunction, anything, type OptionRule, type OptionRules, oneOf, whole, yesOrNo } from '../streams/option.ts'
import { parseIp } from './address.ts'
import { type TcpBuffers, type TcpSettings, tcpRules } from './socket-option.ts'
import type { Accept } from './tcp-server.ts'
import { type WaitOptions, waitRules } from './wait.ts'

/** `timeout` covers everything until the connection stands, default 30 000 ms. */
export interface ConnectOptions extends WaitOptions, TcpSettings, TcpBuffers {
  readonly host: string
  readonly port: number
  readonly localAddress?: IpAddress
  readonly localPort?: number
  /** Ask these about a name, whatever the network says. */
  readonly servers?: readonly IpAddress[]
}
export interface ListenOptions extends WaitOptions, TcpSettings, TcpBuffers {
  /** 0 or none: any free port. `'*'`: every port that no other listener owns. */
  readonly port?: number | '*'
  /** Default: every address of the network. */
  readonly host?: IpAddress
  /** Connections that may wait to be taken, default 511. */
  readonly backlog?: number
  readonly ipv6Only?: boolean
  /** Refuses a connection (RST) before anybody sees it. */
  readonly accept?: Accept
}
export interface BindOptions extends WaitOptions {
  readonly port?: number
  readonly host?: IpAddress
  readonly reusePort?: boolean
  /** Datagrams that may wait for iteration, default 1024; the oldest makes room. */
  readonly maxQueue?: number
}
export interface ResolveOptions extends WaitOptions {
  readonly family?: 4 | 6
  /** Ask these, whatever the network says. */
  readonly servers?: readonly IpAddress[]
}

/** For name servers and hosts. */
export const listOfAddresses: OptionRule = {
  is: (x) => Array.isArray(x) && x.length <= MOST_ADDRESSES && x.every((one) => parseIp(one) !== undefined),
  cure: 'pass a list of IP addresses',
}
const MOST_ADDRESSES = 16

/** Ports and addresses are checked where they are used, with errors of their own. */
export const connectRules: OptionRules<ConnectOptions> = {
  ...waitRules,
  ...tcpRules,
  host: anything,
  port: anything,
  localAddress: anything,
  localPort: anything,
  servers: listOfAddresses,
}
export const listenRules: OptionRules<ListenOptions> = {
  ...waitRules,
  ...tcpRules,
  port: anything,
  host: anything,
  backlog: whole(1, 65_535),
  ipv6Only: yesOrNo,
  accept: aFunction,
}
export const bindRules: OptionRules<BindOptions> = {
  ...waitRules,
  port: anything,
  host: anything,
  reusePort: yesOrNo,
  maxQueue: whole(1, 1_048_576),
}
export const resolveRules: OptionRules<ResolveOptions> = {
  ...waitRules,
  family: oneOf(4, 6),
  servers: listOfAddresses,
}
