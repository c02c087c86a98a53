import type { Millis } from '../protocol/kernel/machine.ts'
import type { Host } from './host.ts'

/** One fragment of a datagram. `packet` is all of it as received, `part` the piece of the payload it carries. */
export interface Fragment {
  /** Source, destination, protocol (IPv4) and identification: what fragments of one datagram have in common. */
  readonly key: string
  readonly source: string
  readonly packet: Uint8Array
  readonly part: Uint8Array
  /** In bytes. */
  readonly offset: number
  readonly isLast: boolean
  /** The two ECN bits of its header. */
  readonly ecn: number
}

/** All parts of a datagram, in order. */
export interface Reassembled {
  readonly first: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly total: number
  readonly ecn: number
}

/**
 * Puts datagrams together, for one address family (RFC 791 §3.2, RFC 8200 §4.5). Exact duplicates are ignored; any other
 * overlap, a second end or data behind the end spoils the datagram, and its key stays spoiled until the timer of the
 * first fragment ends (RFC 5722). Over a limit the oldest datagram of the greediest source goes.
 */
export interface Reassembly {
  readonly add: (fragment: Fragment) => Reassembled | undefined
  readonly deadline: () => Millis
  readonly tick: () => void
  readonly size: () => { readonly datagrams: number; readonly bytes: number }
}

interface Pending {
  readonly key: string
  readonly source: string
  readonly until: Millis
  /** Sorted by offset, disjoint. */
  fragments: Fragment[]
  bytes: number
  /** The end of the datagram once the last fragment was seen, else -1. */
  end: number
  spoiled: boolean
}

export const reassembly = (
  host: Host,
  lifetime: Millis,
  /** The first fragment of a datagram whose time is over. */
  timedOut: (first: Uint8Array) => void,
): Reassembly => {
  const all = new Map<string, Pending>()
  const usage = new Map<string, { bytes: number; datagrams: number }>()
  let bytes = 0

  const account = (source: string, moreBytes: number, moreDatagrams: number): void => {
    bytes += moreBytes
    const used = usage.get(source) ?? { bytes: 0, datagrams: 0 }
    used.bytes += moreBytes
    used.datagrams += moreDatagrams
    if (used.datagrams === 0) usage.delete(source)
    else usage.set(source, used)
  }
  const empty = (pending: Pending): void => {
    account(pending.source, -pending.bytes, 0)
    pending.fragments = []
    pending.bytes = 0
  }
  const forget = (pending: Pending): void => {
    empty(pending)
    account(pending.source, 0, -1)
    all.delete(pending.key)
  }
  const forgetOldestOf = (source: string): void => {
    for (const pending of all.values()) {
      if (pending.source !== source) continue
      forget(pending)
      host.drop('fragment-limit')
      return
    }
  }
  const greediest = (): string => {
    let worst = ''
    let most = -1
    for (const [source, used] of usage) {
      if (used.bytes <= most) continue
      worst = source
      most = used.bytes
    }
    return worst
  }
  const limit = (source: string): void => {
    for (let used = usage.get(source); used !== undefined; used = usage.get(source)) {
      if (used.bytes <= MOST_BYTES_OF_ONE && used.datagrams <= MOST_DATAGRAMS_OF_ONE) break
      forgetOldestOf(source)
    }
    while (bytes > MOST_BYTES || all.size > MOST_DATAGRAMS) forgetOldestOf(greediest())
  }
  const spoil = (pending: Pending): undefined => {
    host.drop('fragment-overlap')
    empty(pending)
    pending.spoiled = true
  }

  return {
    add: (fragment) => {
      const { key, source, part, offset } = fragment
      let pending = all.get(key)
      if (pending !== undefined && pending.until <= host.now) {
        forget(pending)
        pending = undefined
      }
      if (pending === undefined) {
        pending = { key, source, until: host.now + lifetime, fragments: [], bytes: 0, end: -1, spoiled: false }
        all.set(key, pending)
        account(source, 0, 1)
      }
      if (pending.spoiled) {
        host.drop('fragment-overlap')
        return undefined
      }
      const { fragments } = pending
      const end = offset + part.length
      let at = fragments.length
      while (at > 0 && fragments[at - 1]!.offset >= offset) at--
      const next = fragments[at]
      if (next !== undefined && next.offset === offset && isRepeat(next, fragment)) return undefined
      const before = fragments[at - 1]
      const overlaps =
        (before !== undefined && before.offset + before.part.length > offset) ||
        (next !== undefined && next.offset < end)
      const highest = fragments.length === 0 ? 0 : endOf(fragments[fragments.length - 1]!)
      const contradicts = fragment.isLast ? pending.end >= 0 || highest > end : pending.end >= 0 && end > pending.end
      if (overlaps || contradicts) return spoil(pending)
      if (fragments.length === MOST_FRAGMENTS) {
        host.drop('fragment-limit')
        empty(pending)
        pending.spoiled = true
        return undefined
      }
      fragments.splice(at, 0, fragment)
      if (fragment.isLast) pending.end = end
      // the whole packet is what stays in memory
      pending.bytes += fragment.packet.length
      account(source, fragment.packet.length, 0)
      if (pending.end >= 0 && isComplete(fragments, pending.end)) {
        forget(pending)
        const ecn = commonEcn(fragments)
        if (ecn === undefined) {
          host.drop('fragment-malformed')
          return undefined
        }
        return { first: fragments[0]!.packet, parts: fragments.map((one) => one.part), total: pending.end, ecn }
      }
      limit(source)
      return undefined
    },
    deadline: () => all.values().next().value?.until ?? Infinity,
    tick: () => {
      // datagrams stand in the order of their begin
      for (const pending of all.values()) {
        if (pending.until > host.now) return
        const first = pending.fragments[0]
        const spoiled = pending.spoiled
        forget(pending)
        if (spoiled) continue
        host.drop('fragment-timeout')
        if (first !== undefined && first.offset === 0) timedOut(first.packet)
      }
    },
    size: () => ({ datagrams: all.size, bytes }),
  }
}

const endOf = (fragment: Fragment): number => fragment.offset + fragment.part.length

const isRepeat = (a: Fragment, b: Fragment): boolean => {
  if (a.part.length !== b.part.length || a.isLast !== b.isLast) return false
  for (let i = 0; i < a.part.length; i++) if (a.part[i] !== b.part[i]) return false
  return true
}
const isComplete = (fragments: readonly Fragment[], end: number): boolean => {
  let at = 0
  for (const fragment of fragments) {
    if (fragment.offset !== at) return false
    at += fragment.part.length
  }
  return at === end
}

/** RFC 3168 §5.3: congestion seen by one fragment was seen by the datagram; mixtures with Not-ECT are refused. */
const commonEcn = (fragments: readonly Fragment[]): number | undefined => {
  let ecn = fragments[0]!.ecn
  for (const fragment of fragments) {
    if (fragment.ecn === ecn) continue
    if (fragment.ecn === NOT_ECT || ecn === NOT_ECT) return undefined
    if (fragment.ecn === CE) ecn = CE
  }
  return ecn
}
const NOT_ECT = 0
const CE = 3

export const LIFETIME_V4: Millis = 30_000
export const LIFETIME_V6: Millis = 60_000
const MOST_BYTES = 4 * 1024 * 1024
const MOST_BYTES_OF_ONE = 256 * 1024
const MOST_DATAGRAMS = 4096
const MOST_DATAGRAMS_OF_ONE = 64
const MOST_FRAGMENTS = 64
