import type { Counts } from '../../streams/counters.ts'
import { result } from './constant/result.ts'
import type { Instance } from './instance.ts'
import { sum } from './networks.ts'

/** What the host stacks of all networks counted since the start, as one. */
export const statisticsFunctions = (instance: Instance) => {
  const all = (): Counts => instance.networks.reduce((total, network) => sum(total, network.stats), instance.pastStats)
  const ask = <A>(of: (counts: Counts) => A): { readonly err: number; readonly stats: A } =>
    instance.node === undefined
      ? { err: result.ZTS_ERR_SERVICE, stats: of({}) }
      : { err: result.ZTS_ERR_OK, stats: of(all()) }
  return {
    /** Packets sent, received and dropped, and errors, as `tcp_tx`, `tcp_rx`, `tcp_drop` and `tcp_err`, by protocol. */
    zts_stats_get_all: () => ask(counterOf),
    /** The twelve counters of each protocol, in the structure of older headers. */
    zts_get_all_stats: () => ask(statsOf),
    /** Those of one, by `ZTS_STATS_PROTOCOL_…`. */
    zts_get_protocol_stats: (protocolType: number): { readonly err: number; readonly stats: ZtsStatsProto } => {
      const protocol = selected[protocolType]
      return protocol === undefined
        ? { err: result.ZTS_ERR_ARG, stats: protoOf({}, '') }
        : ask((counts) => protoOf(counts, protocol))
    },
  }
}

export type ZtsStatsProto = ReturnType<typeof protoOf>
export type ZtsStatsIgmp = ReturnType<typeof groupsOf>
export type ZtsStats = ReturnType<typeof statsOf>
type Fields = { readonly [K in keyof typeof byField as `${K}_${'tx' | 'rx' | 'drop' | 'err'}`]: number }
/** `zts_stats_counter_t`. */
export interface ZtsStatsCounter extends Fields {}

const counterOf = (counts: Counts): ZtsStatsCounter => {
  const made: Record<string, number> = {}
  for (const [field, protocols] of Object.entries(byField)) {
    const [protocol] = protocols
    made[`${field}_tx`] = u32(counts[`${protocol}/sent`])
    made[`${field}_rx`] = u32(counts[`${protocol}/received`])
    made[`${field}_drop`] = u32(counts[`${protocol}/dropped`])
    made[`${field}_err`] = u32(protocols.reduce((errors, one) => errors + (counts[`${one}/errors`] ?? 0), 0))
  }
  return made as ZtsStatsCounter
}

/** Ours, by the name in the structure; what goes wrong with fragments is an error of IP. */
const byField = {
  link: ['link'],
  etharp: ['arp'],
  ip4: ['ip4', 'fragment4'],
  ip6: ['ip6', 'fragment6'],
  icmp4: ['icmp4'],
  icmp6: ['icmp6'],
  udp: ['udp'],
  tcp: ['tcp'],
  nd6: ['nd'],
} as const

const protoOf = (counts: Counts, protocol: string) => ({
  xmit: u32(counts[`${protocol}/sent`]),
  recv: u32(counts[`${protocol}/received`]),
  /** Nothing is forwarded. */
  fw: 0,
  drop: u32(counts[`${protocol}/dropped`]),
  chkerr: u32(counts[`${protocol}/checksumErrors`]),
  lenerr: u32(counts[`${protocol}/lengthErrors`]),
  memerr: u32(counts[`${protocol}/memoryErrors`]),
  rterr: u32(counts[`${protocol}/routeErrors`]),
  proterr: u32(counts[`${protocol}/protocolErrors`]),
  opterr: u32(counts[`${protocol}/optionErrors`]),
  /** There are no others. */
  err: 0,
  cachehit: u32(counts[`${protocol}/cacheHits`]),
})

/** Of IGMP and MLD; their messages are counted, their kinds are not. */
const groupsOf = (counts: Counts, protocol: string) => {
  const { xmit, recv, drop, chkerr, lenerr, memerr, proterr } = protoOf(counts, protocol)
  const kinds = { rx_v1: 0, rx_group: 0, rx_general: 0, rx_report: 0, tx_join: 0, tx_leave: 0, tx_report: 0 }
  return { xmit, recv, drop, chkerr, lenerr, memerr, proterr, ...kinds }
}

const statsOf = (counts: Counts) => ({
  link: protoOf(counts, 'link'),
  etharp: protoOf(counts, 'arp'),
  ip_frag: protoOf(counts, 'fragment4'),
  ip: protoOf(counts, 'ip4'),
  icmp: protoOf(counts, 'icmp4'),
  igmp: groupsOf(counts, 'igmp'),
  udp: protoOf(counts, 'udp'),
  tcp: protoOf(counts, 'tcp'),
  /** There are no semaphores, mutexes and mailboxes. */
  sys: { sem: none, mutex: none, mbox: none },
  ip6: protoOf(counts, 'ip6'),
  icmp6: protoOf(counts, 'icmp6'),
  ip6_frag: protoOf(counts, 'fragment6'),
  mld6: groupsOf(counts, 'mld'),
  nd6: protoOf(counts, 'nd'),
})
const none = { used: 0, max: 0, err: 0 }

/** In the order of `ZTS_STATS_PROTOCOL_…`. */
const selected: readonly (string | undefined)[] = [
  ...['link', 'arp', 'ip4', 'udp', 'tcp', 'icmp4', 'fragment4', 'ip6', 'icmp6', 'fragment6'],
]

const u32 = (count = 0): number => count >>> 0
