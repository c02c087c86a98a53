import type { Endpoint } from '../protocol/datagram.ts'
import { type Address, parseAddress } from '../protocol/kernel/id.ts'
import { printIp } from '../protocol/kernel/ip.ts'
import {
  type LocalRules,
  MAX_MTU,
  MIN_MTU,
  type PeerRules,
  problemIn,
  type RuleProblem,
} from '../protocol/peer/local-rules.ts'
import { ArgumentError } from '../streams/error.ts'
import { asNodeId, type NodeId } from './id.ts'
import { asPrefix } from './prefix.ts'

/** A physical network inside which packets are neither encrypted nor checked. Both ends have to be told so. */
export interface TrustedPath {
  /** Like `10.1.0.0/16`. */
  readonly prefix: string
  /** The same at both ends; 64 bits, not 0. */
  readonly id: bigint
  /** UDP payload that this network carries, 1400 to 10324 bytes; default 1432. */
  readonly mtu?: number
}

/** What is known of the physical network. Prefixes are written like `10.1.0.0/16`. */
export interface PathOptions {
  /** Never used for paths. */
  readonly blacklist?: readonly string[]
  /** Bytes of UDP payload, 1400 to 10324; default 1432. The longest prefix that fits counts. */
  readonly mtu?: readonly { readonly prefix: string; readonly mtu: number }[]
  /** By node ID: where to look for a node while there is no path to it, and which paths it must not have. */
  readonly peers?: Readonly<
    Record<NodeId | string, { readonly try?: readonly Endpoint[]; readonly blacklist?: readonly string[] }>
  >
}

/**
 * The options about the physical network as the protocol takes them.
 * @throws {ArgumentError} `ERR_ZT_INVALID_OPTION`, `ERR_ZT_INVALID_ID`
 */
export const localRules = (trustedPaths: readonly TrustedPath[] = [], paths: PathOptions = {}): LocalRules => {
  const rules: LocalRules = {
    trusted: trustedPaths.map(({ prefix, id, mtu }) => ({
      prefix: asPrefix('trustedPaths', prefix),
      id,
      ...(mtu === undefined ? {} : { mtu }),
    })),
    mtu: (paths.mtu ?? []).map(({ prefix, mtu }) => ({ prefix: asPrefix('paths.mtu', prefix), mtu })),
    blacklist: (paths.blacklist ?? []).map((text) => asPrefix('paths.blacklist', text)),
    peers: new Map(
      Object.entries(paths.peers ?? {}).map(([id, one]): [Address, PeerRules] => [
        parseAddress(asNodeId(id))!,
        {
          endpoints: one.try ?? [],
          blacklist: (one.blacklist ?? []).map((text) => asPrefix(`paths.peers.${id}.blacklist`, text)),
        },
      ]),
    ),
  }
  const problem = problemIn(rules)
  if (problem !== undefined) throw new ArgumentError('ERR_ZT_INVALID_OPTION', explain(problem))
  return rules
}

const explain = (problem: RuleProblem): string => {
  switch (problem._tag) {
    case 'TooMany':
      return `there are too many ${names[problem.what]} — pass at most ${problem.most}`
    case 'BadId':
      return `trustedPaths id ${problem.id} is not valid — use 1 to 2^64 - 1`
    case 'BadPrefix':
      return `prefix ${printIp(problem.prefix.address)}/${problem.prefix.bits} is not valid — write it like 10.1.0.0/16`
    case 'BadMtu':
      return `mtu ${problem.mtu} is not valid — use ${MIN_MTU} to ${MAX_MTU}`
    case 'BadEndpoint':
      return `endpoint ${problem.endpoint.address}/${problem.endpoint.port} is not valid — pass { address, port }`
    case 'BadPeer':
      return 'paths.peers has a reserved node ID — remove it'
  }
}

const names: Readonly<Record<Extract<RuleProblem, { _tag: 'TooMany' }>['what'], string>> = {
  trusted: 'trustedPaths',
  mtu: 'rules in paths.mtu',
  blacklist: 'prefixes in a blacklist',
  peers: 'paths.peers',
  endpoints: 'endpoints to try for one peer',
}
