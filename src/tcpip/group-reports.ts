import type { Millis } from '../protocol/kernel/machine.ts'
import { groupMac } from './address.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethernet.ts'
import {
  CHANGE_TO_EXCLUDE,
  CHANGE_TO_INCLUDE,
  type GroupDialect,
  type GroupQuery,
  type GroupRecord,
  isReported,
  MODE_IS_EXCLUDE,
  writeOlder,
  writeReport,
} from './group-message.ts'
import { between, type Host } from './host.ts'
import type { Ip } from './ip-output.ts'

/**
 * Tells multicast routers, of one family, which groups this host is in (any source). What the link delivers follows
 * from the groups that the stack publishes; these reports are for bridges and routers behind it.
 */
export interface GroupReports {
  /** The groups as they are now: what is new or gone is reported twice, the second time within a second. */
  readonly sync: (groups: Iterable<Ip>) => void
  /** A query; `group` is `undefined` if it asks for all. */
  readonly asked: (query: GroupQuery, group: Ip | undefined) => void
  /** Somebody else answered for a group, in an old version where one answer is enough. */
  readonly answered: (group: Ip) => void
  readonly deadline: () => Millis
  readonly tick: () => void
}

export const groupReports = (
  host: Host,
  dialect: GroupDialect,
  source: () => Ip | undefined,
  mtu: () => number,
): GroupReports => {
  let member: ReadonlyMap<string, Ip> = new Map()
  /** Changes that are to be reported once more. */
  const again = new Map<string, GroupRecord>()
  let againAt: Millis = Infinity
  /** Groups that were asked about one by one, and when to answer; all of them at `answerAt`. */
  const due = new Map<string, Millis>()
  let answerAt: Millis = Infinity
  /** Until when the routers are taken for such as speak an old version only. */
  const oldUntil = { 1: -Infinity, 2: -Infinity }

  const version = (): 1 | 2 | 3 => (host.now < oldUntil[1] ? 1 : host.now < oldUntil[2] ? 2 : 3)
  const emit = (to: Ip, packet: Uint8Array): void =>
    host.emit(groupMac(to), dialect.family === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, packet)

  const older = (record: GroupRecord, from: Ip): void => {
    const { group, kind } = record
    const isOldest = version() === 1
    if (kind !== CHANGE_TO_INCLUDE) {
      const type = isOldest ? dialect.oldestReport : dialect.olderReport
      emit(group, writeOlder(dialect, type, from, group, group))
    } else if (!isOldest) emit(dialect.routers, writeOlder(dialect, dialect.leave, from, dialect.routers, group))
  }
  const report = (records: readonly GroupRecord[]): void => {
    const from = source()
    if (from === undefined || records.length === 0 || mtu() === 0) return
    if (version() < 3) {
      for (const record of records) older(record, from)
      return
    }
    const { headers, record } = dialect.ofPacket
    const room = Math.floor((mtu() - headers) / record)
    for (let at = 0; at < records.length; at += room) {
      emit(dialect.reportsTo, writeReport(dialect, from, records.slice(at, at + room)))
    }
  }
  const current = (group: Ip): GroupRecord => ({ kind: MODE_IS_EXCLUDE, group })

  return {
    sync: (groups) => {
      const wanted = new Map<string, Ip>()
      for (const group of groups) {
        if (group.family === dialect.family && isReported(dialect, group)) wanted.set(group.text, group)
      }
      const changes: GroupRecord[] = []
      for (const group of wanted.values()) if (!member.has(group.text)) changes.push({ kind: CHANGE_TO_EXCLUDE, group })
      for (const group of member.values()) {
        if (wanted.has(group.text)) continue
        changes.push({ kind: CHANGE_TO_INCLUDE, group })
        due.delete(group.text)
      }
      member = wanted
      if (changes.length === 0) return
      report(changes)
      for (const change of changes) again.set(change.group.text, change)
      againAt = Math.min(againAt, between(host.random, host.now, host.now + REPEAT_WITHIN))
    },
    asked: (query, group) => {
      if (query.version < 3) oldUntil[query.version as 1 | 2] = host.now + (query.version === 1 ? OLDEST_FOR : OLD_FOR)
      const at = between(host.random, host.now, host.now + query.within)
      if (group !== undefined) {
        if (member.has(group.text)) due.set(group.text, Math.min(at, due.get(group.text) ?? Infinity))
      } else if (version() === 3) answerAt = Math.min(answerAt, at)
      else {
        for (const text of member.keys()) {
          const when = between(host.random, host.now, host.now + query.within)
          due.set(text, Math.min(when, due.get(text) ?? Infinity))
        }
      }
    },
    answered: (group) => {
      if (version() < 3) due.delete(group.text)
    },
    deadline: () => (due.size === 0 ? Math.min(againAt, answerAt) : Math.min(againAt, answerAt, ...due.values())),
    tick: () => {
      if (host.now >= againAt) {
        againAt = Infinity
        report([...again.values()])
        again.clear()
      }
      if (host.now >= answerAt) {
        answerAt = Infinity
        report([...member.values()].map(current))
      }
      if (due.size === 0) return
      const late = [...due].filter(([, at]) => at <= host.now).flatMap(([text]) => member.get(text) ?? [])
      for (const group of late) due.delete(group.text)
      report(late.map(current))
    },
  }
}

const REPEAT_WITHIN: Millis = 1_000
/** Two queries may be lost, and the answer to the third take its time (RFC 3376 §8.12, RFC 3810 §9.12). */
const OLD_FOR: Millis = 260_000
const OLDEST_FOR: Millis = 400_000
