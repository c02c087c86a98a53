import { readU32, writeU32 } from '../protocol/kernel/codec.ts'
import type { MulticastGroup } from '../protocol/kernel/frame.ts'
import type { Mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import {
  ALL_HOSTS,
  ALL_NODES,
  BROADCAST,
  BROADCAST_MAC,
  groupMac,
  ipOf,
  isLoopback,
  linkLocalOf,
  sameIp,
  solicitedNode,
} from './address.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import { isPrefix, type Route, routeTable, routeTo } from './route.ts'
import { chooseSource } from './source-address.ts'
import type { InterfaceAddress, RouteEntry } from './stack-io.ts'

/** An address of ours, and what is going on about it. */
export interface OwnAddress {
  readonly ip: Ip
  readonly bits: number
  /** The broadcast address of its prefix (IPv4, not for /31 and /32). */
  readonly broadcast: Ip | undefined
  /** IPv6: until then a conflict may still be found and our advertisements do not override (RFC 4429). */
  tentativeUntil: Millis
  /** IPv6: when to ask whether somebody else has it; `Infinity` once that is done. */
  askAt: Millis
  /** When it was last defended against somebody who claims it too. */
  defendedAt: Millis
}

export interface Interface {
  /** Zero until the first `configure`: the interface is down. */
  readonly mtu: () => number
  readonly configure: (
    mtu: number,
    addresses: readonly InterfaceAddress[],
    routes: readonly RouteEntry[],
    now: Millis,
  ) => {
    readonly added: readonly OwnAddress[]
    readonly removed: readonly Ip[]
    /** Routes that are of no use now and were not told of before. */
    readonly unreachable: readonly RouteEntry[]
  }
  readonly own: () => readonly OwnAddress[]
  readonly find: (ip: Ip) => OwnAddress | undefined
  /** An address of ours, 127.0.0.0/8 or ::1. */
  readonly isLocal: (ip: Ip) => boolean
  /** 255.255.255.255, or the broadcast address of one of our prefixes. */
  readonly isBroadcast: (ip: Ip) => boolean
  /** The neighbour that a packet to `ip` is handed to. */
  readonly nextHop: (ip: Ip) => Ip | undefined
  /** The address to speak from towards `ip`. */
  readonly source: (ip: Ip) => Ip | undefined
  /** The solicited-node groups of our addresses. */
  readonly solicited: () => readonly Ip[]
  /** Everything that the link must deliver to us: own needs and the joined groups. */
  readonly groups: (joined: Iterable<Ip>) => readonly MulticastGroup[]
}

export const createInterface = (mac: Mac, intern: Interning): Interface => {
  const linkLocal: InterfaceAddress = { address: linkLocalOf(mac).text, bits: 64 }
  let mtu = 0
  let own: readonly OwnAddress[] = []
  let byText: ReadonlyMap<string, OwnAddress> = new Map()
  let broadcasts: ReadonlySet<string> = new Set([BROADCAST.text])
  let routes: readonly Route[] = []
  let told: ReadonlySet<string> = new Set()

  const nextHop = (ip: Ip): Ip | undefined => {
    const route = routeTo(routes, ip)
    return route === undefined ? undefined : (route.via ?? ip)
  }
  return {
    mtu: () => mtu,
    configure: (newMtu, addresses, entries, now) => {
      mtu = newMtu
      const wanted = [...addresses.slice(0, MOST_ADDRESSES), linkLocal].filter(isPrefix)
      const before = byText
      const after = new Map<string, OwnAddress>()
      const added: OwnAddress[] = []
      for (const { address, bits } of wanted) {
        const ip = intern.text(address)
        if (ip === undefined || after.has(ip.text)) continue
        const known = before.get(ip.text)
        const one = known?.bits === bits ? known : { ...(known ?? unasked(now)), ip, bits, broadcast: lastOf(ip, bits) }
        if (known === undefined) added.push(one)
        after.set(ip.text, one)
      }
      const removed = [...before.values()].filter((address) => !after.has(address.ip.text)).map(({ ip }) => ip)
      byText = after
      own = [...after.values()]
      broadcasts = new Set([BROADCAST, ...own.map(({ broadcast }) => broadcast ?? BROADCAST)].map(({ text }) => text))
      const table = routeTable(wanted, entries, intern)
      routes = table.routes
      const unreachable = table.unreachable.filter((entry) => !told.has(nameOf(entry)))
      told = new Set(table.unreachable.map(nameOf))
      return { added, removed, unreachable }
    },
    own: () => own,
    find: (ip) => byText.get(ip.text),
    isLocal: (ip) => byText.has(ip.text) || isLoopback(ip),
    isBroadcast: (ip) => ip.family === 4 && broadcasts.has(ip.text),
    nextHop,
    source: (ip) => {
      if (isLoopback(ip) || byText.has(ip.text)) return ip
      const hop = nextHop(ip)
      return chooseSource(
        ip,
        hop ?? ip,
        own.map(({ ip: mine, bits }) => ({ ip: mine, bits })),
      )
    },
    solicited: () => own.filter(({ ip }) => ip.family === 6).map(({ ip }) => solicitedNode(ip)),
    groups: (joined) => {
      const groups = new Map<string, MulticastGroup>()
      const add = (group: MulticastGroup): void => {
        groups.set(`${group.mac} ${group.adi}`, group)
      }
      for (const { ip } of own) {
        if (ip.family === 4) add({ mac: BROADCAST_MAC, adi: readU32(ip.bytes, 0) })
        else add({ mac: groupMac(solicitedNode(ip)), adi: 0 })
      }
      if (mtu > 0) for (const always of [ALL_HOSTS, ALL_NODES]) add({ mac: groupMac(always), adi: 0 })
      for (const group of joined) add({ mac: groupMac(group), adi: 0 })
      return [...groups.values()].sort((a, b) => a.mac - b.mac || a.adi - b.adi)
    },
  }
}

const nameOf = ({ target, via }: RouteEntry): string => `${target.address}/${target.bits} ${via}`

const unasked = (now: Millis): Pick<OwnAddress, 'tentativeUntil' | 'askAt' | 'defendedAt'> => ({
  tentativeUntil: now,
  askAt: Infinity,
  defendedAt: -Infinity,
})

/** The highest address of an IPv4 prefix. */
const lastOf = (ip: Ip, bits: number): Ip | undefined => {
  if (ip.family === 6 || bits > 30) return undefined
  const last = new Uint8Array(4)
  writeU32(last, 0, readU32(ip.bytes, 0) | (0xffff_ffff >>> bits))
  const broadcast = ipOf(last)
  return sameIp(broadcast, BROADCAST) ? undefined : broadcast
}

const MOST_ADDRESSES = 256
