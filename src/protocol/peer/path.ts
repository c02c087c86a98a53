import type { Endpoint, Via } from '../datagram.ts'
import { isIpv6, parseIp } from '../kernel/ip.ts'
import type { Millis } from '../kernel/machine.ts'
import { type Scope, scope, scopeOf } from './endpoint.ts'
import { type LocalRules, mtuAt, noRules, type TrustedId, trustedAt } from './local-rules.ts'
import { UNKNOWN_LATENCY } from './path-quality.ts'

/**
 * One local socket and one remote endpoint (`docs/protocol/vl1.md`, peers and paths). Shared by all peers behind that
 * endpoint: datagrams move its clocks before anything is authenticated, so they may weigh in scoring but never in trust.
 */
export interface Path extends Via {
  readonly endpoint: Endpoint
  readonly socket: number
  readonly scope: Scope
  /** Leads through a relay of datagrams: second to any path that does not. */
  readonly tunnel: boolean
  /** Bytes of UDP payload it carries. */
  readonly mtu: number
  /** IDs under which packets are believed without proof; what is sent carries the first, and no cipher. */
  readonly trusted: readonly TrustedId[]
  lastIn: Millis
  lastOut: Millis
  /** When something genuine last came by. */
  heardAt: Millis
  /** Since when something that was sent waits for a sign of life: for anything genuine to come by. `Infinity`: nothing does. */
  waitsSince: Millis
  /** Contacts tried since then, and the last of all. */
  probed: number
  askedAt: Millis
  /** When silence will have lasted for too long; `Infinity` as long as too few contacts are unanswered. */
  suspectFrom: Millis
  /** Milliseconds; `UNKNOWN_LATENCY` before the first sample. */
  latency: number
  /** When a peer that shares a network with us last spoke on it. */
  lastTrusted: Millis
  /** Gates: the last ECHO answered, the last HELLO sent to confirm it. */
  lastEcho: Millis
  lastConfirm: Millis
}

/** Paths by address text, then by port and socket in one number: no key is ever built per packet. */
export interface PathTable {
  /** Local sockets that are tunnels. */
  tunnels: ReadonlySet<number>
  readonly rules: LocalRules
  readonly byAddress: Map<string, Map<number, Path>>
  size: number
  /** Not before then is it worth while to look for room again. */
  roomAt: Millis
}

export const pathTable = (rules: LocalRules = noRules): PathTable => ({
  tunnels: new Set(),
  rules,
  byAddress: new Map(),
  size: 0,
  roomAt: -Infinity,
})

/** The path a datagram came by, made on first sight; if the table is full nonetheless (`makeRoom`), not remembered. */
export const pathFor = (table: PathTable, endpoint: Endpoint, socket: number): Path => {
  const key = socket * PORTS + endpoint.port
  let here = table.byAddress.get(endpoint.address)
  const known = here?.get(key)
  if (known !== undefined) return known
  const made = newPath(table, endpoint, socket)
  if (table.size >= MOST_PATHS) return made
  if (here === undefined) {
    here = new Map()
    table.byAddress.set(endpoint.address, here)
  }
  here.set(key, made)
  table.size++
  return made
}

/** The known paths to an endpoint, over whatever socket. */
export const pathsTo = (table: PathTable, endpoint: Endpoint): readonly Path[] => {
  const here = table.byAddress.get(endpoint.address)
  return here === undefined ? [] : [...here.values()].filter((path) => path.endpoint.port === endpoint.port)
}

/** Forgets what no peer refers to and nothing came by since `before`. */
export const sweepPaths = (table: PathTable, referred: ReadonlySet<Path>, before: Millis): void => {
  for (const [address, here] of table.byAddress) {
    for (const [key, path] of here)
      if (!referred.has(path) && path.lastIn < before) {
        here.delete(key)
        table.size--
      }
    if (here.size === 0) table.byAddress.delete(address)
  }
}

/**
 * Makes room for `more` paths if need be, by forgetting all that no peer refers to: whoever sends from ever new endpoints,
 * which costs nothing, takes no place from peers and nobody's gates away, other than its own.
 */
export const makeRoom = (table: PathTable, more: number, referred: () => ReadonlySet<Path>, now: Millis): void => {
  if (table.size + more <= MOST_PATHS || now < table.roomAt) return
  sweepPaths(table, referred(), Infinity)
  if (table.size + more > MOST_PATHS / 2) table.roomAt = now + ROOM_AGAIN
}

/** 4 or 6. */
export const familyOf = (endpoint: Endpoint): 4 | 6 => (isIpv6(endpoint.address) ? 6 : 4)

const newPath = ({ tunnels, rules }: PathTable, endpoint: Endpoint, socket: number): Path => {
  const ip = parseIp(endpoint.address)
  return {
    endpoint,
    socket,
    scope: ip === undefined ? scope.none : scopeOf(ip),
    tunnel: tunnels.has(socket),
    mtu: mtuAt(rules, ip),
    trusted: trustedAt(rules, ip),
    lastIn: -Infinity,
    lastOut: -Infinity,
    heardAt: -Infinity,
    waitsSince: Infinity,
    probed: 0,
    askedAt: -Infinity,
    suspectFrom: Infinity,
    latency: UNKNOWN_LATENCY,
    lastTrusted: -Infinity,
    lastEcho: -Infinity,
    lastConfirm: -Infinity,
  }
}

/** Authenticated traffic within this time keeps a path in use: four pings of 60 s, and 3 s of grace. */
export const PATH_EXPIRE: Millis = 243_000
/** Endpoints remembered at once, for all peers and strangers. */
export const MOST_PATHS = 32_768
/** Between two looks for room in a table that peers alone fill. */
const ROOM_AGAIN: Millis = 1_000
const PORTS = 0x1_0000
