import { parseIp, printIp, samePrefix } from '../kernel/ip.ts'
import { scope, scopeOf } from '../peer/endpoint.ts'
import type { IpPrefix, ManagedRoute, NetworkConfig } from './config.ts'
import { parsePrefix } from './controller-post.ts'
import { parseDictionary, printDictionary, text, textValue, truth, truthValue } from './dictionary.ts'

/**
 * What this node takes of a network's configuration (`docs/protocol/vl2.md` §16.3–16.4), whatever the controller says.
 * Native nodes keep it in `networks.d/<nwid>.local.conf`: `allowManaged=1`, `allowGlobal=0`, `allowDefault=0`,
 * `allowDNS=0`, a line each.
 */
export interface LocalSettings {
  /** Addresses and routes at all; */
  readonly managed: boolean
  /** where not empty, only those within these; */
  readonly only: readonly IpPrefix[]
  /** those that belong to the public Internet; */
  readonly global: boolean
  /** default routes. */
  readonly default: boolean
  /** Name servers. */
  readonly dns: boolean
}

/** Text that is not there, or cannot be read, counts as the defaults of native nodes. */
export const parseLocalSettings = (bytes: Uint8Array): LocalSettings => {
  const found = parseDictionary(bytes)
  const list = text(found, 'allowManaged', MAX_LIST)
  const only = list.length > LONGEST_BOOLEAN ? list.split(',').flatMap(prefixOf) : []
  return {
    managed: only.length > 0 || (list.length > LONGEST_BOOLEAN ? false : truth(found, 'allowManaged', true)),
    only,
    global: truth(found, 'allowGlobal'),
    default: truth(found, 'allowDefault'),
    dns: truth(found, 'allowDNS'),
  }
}

export const printLocalSettings = (settings: LocalSettings): Uint8Array => {
  const { managed, only, global, default: defaults, dns } = settings
  const list = only.map(({ address, bits }) => `${address}/${bits}`).join(',')
  const lines = printDictionary([
    // a list is told from a boolean by its length
    ['allowManaged', managed && list !== '' ? textValue(list.padEnd(LONGEST_BOOLEAN + 1, ',')) : truthValue(managed)],
    ['allowGlobal', truthValue(global)],
    ['allowDefault', truthValue(defaults)],
    ['allowDNS', truthValue(dns)],
  ])
  return Uint8Array.from([...lines, LF])
}

/** Whether an address of this node, or the target of a route, is to be used. */
export const isAllowed = (settings: LocalSettings, { address, bits }: IpPrefix): boolean => {
  const ip = parseIp(address)
  if (ip === undefined || !settings.managed) return false
  const isListed = (one: IpPrefix): boolean => {
    const listed = parseIp(one.address)
    return listed !== undefined && one.bits <= bits && samePrefix(listed, ip, one.bits)
  }
  if (settings.only.length > 0 && !settings.only.some(isListed)) return false
  if (bits === 0 && ip.every((byte) => byte === 0)) return settings.default
  switch (scopeOf(ip)) {
    case scope.none:
    case scope.multicast:
    case scope.loopback:
    case scope.linkLocal:
      return false
    case scope.global:
      return settings.global
    default:
      return true
  }
}

/** Addresses, routes and name servers that a configuration has and the settings let through. */
export const allowedParts = (
  settings: LocalSettings,
  config: NetworkConfig | undefined,
): {
  readonly addresses: readonly IpPrefix[]
  readonly routes: readonly ManagedRoute[]
  readonly dns: NetworkConfig['dns']
} => ({
  addresses: (config?.staticIps ?? []).filter((one) => isAllowed(settings, one)),
  routes: (config?.routes ?? []).filter((route) => isAllowed(settings, route.target)),
  dns: settings.dns && config?.dns !== undefined && config.dns.domain !== '' ? config.dns : undefined,
})

/** What a native node allows a network that it joins. */
export const nativeSettings: LocalSettings = { managed: true, only: [], global: false, default: false, dns: false }
/** What this library allows: its host stack is the program's own, so no network can harm another through it. */
export const openSettings: LocalSettings = { managed: true, only: [], global: true, default: true, dns: true }

const prefixOf = (one: string): readonly IpPrefix[] => {
  const found = parsePrefix(one.trim())
  return found === undefined ? [] : [{ address: printIp(found.ip), bits: found.bits }]
}

const LF = 0x0a
const LONGEST_BOOLEAN = 5
const MAX_LIST = 4_096
