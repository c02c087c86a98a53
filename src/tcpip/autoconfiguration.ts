import type { Millis } from '../protocol/kernel/machine.ts'
import { groupMac, isLinkLocal, isMulticast, linkLocalOf } from './address.ts'
import { ETHERTYPE_IPV6 } from './ethernet.ts'
import { between, type Host } from './host.ts'
import type { Interning } from './interning.ts'
import type { Ip } from './ip-output.ts'
import { NDP_HOP_LIMIT } from './ndp.ts'
import type { Received } from './received.ts'
import { type AdvertisedPrefix, ALL_ROUTERS, readAdvertisement, writeSolicitation } from './router-advertisement.ts'
import type { InterfaceAddress, RouteEntry, StackDropReason } from './stack-io.ts'

/** What routers on the link say that a host should use. */
export interface Advertised {
  readonly addresses: readonly InterfaceAddress[]
  readonly routes: readonly RouteEntry[]
  readonly servers: readonly Ip[]
  readonly mtu: number | undefined
}

/**
 * Stateless address autoconfiguration (RFC 4862 §5.5) and default routers (RFC 4861 §6.3), for networks that have
 * routers. Off unless asked for: where the controller assigns addresses, an advertisement of a member is an attack.
 */
export interface Autoconfiguration {
  /** Whether routers are listened to. Turning it on asks for them, turning it off forgets what they said. */
  readonly listen: (on: boolean) => void
  readonly input: (received: Received) => StackDropReason | undefined
  /** Somebody else has this address: if it was made here it is given up (RFC 4862 §5.4.5). */
  readonly lost: (address: Ip) => void
  readonly advertised: () => Advertised
  /** Counts the changes of `advertised`. */
  readonly version: () => number
  readonly deadline: () => Millis
  readonly tick: () => void
}

interface Timed<T> {
  readonly value: T
  until: Millis
}

export const autoconfiguration = (host: Host, intern: Interning): Autoconfiguration => {
  const own = linkLocalOf(host.mac)
  const routers = new Map<string, Timed<Ip>>()
  const prefixes = new Map<string, Timed<{ readonly prefix: Ip; readonly bits: number }>>()
  const addresses = new Map<string, Timed<Ip>>()
  const servers = new Map<string, Timed<Ip>>()
  const given = new Set<string>()
  let mtu: number | undefined
  let isOn = false
  let version = 0
  let solicitAt: Millis = Infinity
  let solicited = 0

  const all = [routers, prefixes, addresses, servers] as const
  const secondsFromNow = (seconds: number): Millis => (seconds === FOREVER ? Infinity : host.now + seconds * 1000)
  /** Kept until then, or forgotten if that is now. */
  const keep = <T>(map: Map<string, Timed<T>>, key: string, value: T, until: Millis): void => {
    const known = map.get(key)
    if (until <= host.now) {
      if (map.delete(key)) version++
    } else if (known !== undefined) known.until = until
    else if (map.size < MOST) {
      map.set(key, { value, until })
      version++
    }
  }

  const addressIn = (prefix: Ip): Ip => {
    const bytes = prefix.bytes.slice()
    bytes.set(own.bytes.subarray(8), 8)
    return intern.v6(bytes, 0)
  }
  const heardOf = (one: AdvertisedPrefix): void => {
    const { prefix, bits, valid, preferred } = one
    if (isLinkLocal(prefix) || isMulticast(prefix) || bits > 128 || preferred > valid) return
    if (one.onLink) keep(prefixes, `${prefix.text}/${bits}`, { prefix, bits }, secondsFromNow(valid))
    if (!one.autonomous || bits !== 64) return
    const address = addressIn(prefix)
    if (given.has(address.text)) return
    const known = addresses.get(address.text)
    const until = secondsFromNow(valid)
    // nobody shortens a life to less than two hours, or cuts one that is shorter (RFC 4862 §5.5.3 e)
    const floor = host.now + TWO_HOURS
    if (known === undefined || until > floor || until > known.until) keep(addresses, address.text, address, until)
    else if (known.until > floor) known.until = floor
  }

  return {
    listen: (on) => {
      if (on === isOn) return
      isOn = on
      solicited = 0
      solicitAt = on ? between(host.random, host.now, host.now + FIRST_WITHIN) : Infinity
      if (on) return
      for (const map of all) map.clear()
      mtu = undefined
      version++
    },
    input: ({ packet, at, ttl, source }) => {
      if (!isOn) return 'icmp-ignored'
      const message = packet.subarray(at)
      if (ttl !== NDP_HOP_LIMIT || message[1] !== 0 || !isLinkLocal(source)) return 'ndp-malformed'
      const said = readAdvertisement(message, intern)
      if (said === undefined) return 'ndp-malformed'
      solicitAt = Infinity
      keep(routers, source.text, source, secondsFromNow(said.lifetime))
      for (const one of said.prefixes) heardOf(one)
      for (const { address, lifetime } of said.servers) keep(servers, address.text, address, secondsFromNow(lifetime))
      if (said.mtu !== undefined && said.mtu >= LEAST_MTU && said.mtu !== mtu) {
        mtu = said.mtu
        version++
      }
      return undefined
    },
    lost: (address) => {
      if (!addresses.delete(address.text)) return
      given.add(address.text)
      version++
    },
    advertised: () => ({
      addresses: [...addresses.values()].map(({ value }) => ({ address: value.text, bits: 128 })),
      routes: [
        ...[...prefixes.values()].map(({ value: { prefix, bits } }) => onLink(prefix.text, bits)),
        ...[...routers.values()].map(({ value }) => ({ ...onLink('::', 0), via: value.text })),
      ],
      servers: [...servers.values()].map(({ value }) => value),
      mtu,
    }),
    version: () => version,
    deadline: () => {
      let earliest = solicitAt
      if (isOn) for (const map of all) for (const { until } of map.values()) earliest = Math.min(earliest, until)
      return earliest
    },
    tick: () => {
      if (solicitAt <= host.now) {
        solicitAt = ++solicited < MOST_SOLICITATIONS ? host.now + SOLICIT_AGAIN : Infinity
        host.emit(groupMac(ALL_ROUTERS), ETHERTYPE_IPV6, writeSolicitation(own, host.mac))
      }
      for (const map of all) {
        for (const [key, { until }] of map) if (until <= host.now && map.delete(key)) version++
      }
    },
  }
}

const onLink = (address: string, bits: number): RouteEntry => ({
  ...{ target: { address, bits }, via: undefined },
  metric: METRIC,
})

const FOREVER = 0xffff_ffff
const TWO_HOURS: Millis = 7_200_000
const FIRST_WITHIN: Millis = 1_000
const SOLICIT_AGAIN: Millis = 4_000
const MOST_SOLICITATIONS = 3
/** Routers, prefixes, addresses and name servers that are kept, each. */
const MOST = 16
const LEAST_MTU = 1280
/** What the controller manages comes first. */
const METRIC = 1024
