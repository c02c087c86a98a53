/** Names that a source may give: letters, digits and `_`, no digit first, no word of the language (§18.2). */
export const isName = (text: string): boolean =>
  /^[\p{L}\p{Nd}_]+$/u.test(text) && !/^[0-9]/.test(text) && !isReserved(text.toLowerCase())

export const isReserved = (text: string): boolean => reserved.has(text)

/** As JavaScript's parseInt reads it: decimal or 0x, leading digits only. -1 if there are none. */
export const parseNumber = (text: string): number => {
  const found = /^\s*([+-]?)(0x[0-9a-f]+|\d+)/i.exec(text)
  if (found === null) return -1
  const value = Number(found[2])
  return found[1] === '-' ? -value : value
}

/** A number from 0 to `most`, or `undefined`. */
export const parseUpTo = (text: string, most: number): number | undefined => {
  const value = parseNumber(text)
  return value >= 0 && value <= most ? value : undefined
}

export const MAX_U32 = 0xffff_ffff

/** Of the ethertypes and protocols that have names, in lower case only. `icmp` is reserved, hence out of reach. */
export const etherTypes: ReadonlyMap<string, number> = new Map([
  ['ipv4', 0x0800],
  ['arp', 0x0806],
  ['wol', 0x0842],
  ['rarp', 0x8035],
  ['ipv6', 0x86dd],
  ['atalk', 0x809b],
  ['aarp', 0x80f3],
  ['ipx_a', 0x8137],
  ['ipx_b', 0x8138],
])
export const ipProtocols: ReadonlyMap<string, number> = new Map([
  ['icmp4', 1],
  ['icmpv4', 1],
  ['icmp', 1],
  ['igmp', 2],
  ['ipip', 4],
  ['tcp', 6],
  ['egp', 8],
  ['igp', 9],
  ['udp', 17],
  ['rdp', 27],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', 58],
  ['icmpv6', 58],
  ['l2tp', 115],
  ['sctp', 132],
  ['udplite', 136],
])
/** Characteristics by the bit that stands for them (§8.4). */
export const characteristics: ReadonlyMap<string, number> = new Map([
  ['inbound', 63],
  ['multicast', 62],
  ['broadcast', 61],
  ['ipauth', 60],
  ['macauth', 59],
  ['tcp_rs0', 11],
  ['tcp_rs1', 10],
  ['tcp_rs2', 9],
  ['tcp_ns', 8],
  ['tcp_cwr', 7],
  ['tcp_ece', 6],
  ['tcp_urg', 5],
  ['tcp_ack', 4],
  ['tcp_psh', 3],
  ['tcp_rst', 2],
  ['tcp_syn', 1],
  ['tcp_fin', 0],
])

const reserved: ReadonlySet<string> = new Set(
  (
    'macro tag cap default drop accept tee watch redirect break priority ztsrc ztdest vlan vlanpcp vlandei ethertype ' +
    'macsrc macdest ipsrc ipdest iptos ipprotocol icmp sport dport chr framesize random tand tor txor tdiff teq tseq ' +
    'treq type enum class define import include log not xor or and set var let'
  ).split(' '),
)
