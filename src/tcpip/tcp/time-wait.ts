import type { Millis } from '../../protocol/kernel/machine.ts'
import type { Flow, Ip } from '../ip-output.ts'
import type { Connection } from './connection.ts'
import { tsClock } from './emit.ts'
import { type Entry, type Table, table } from './table.ts'

/**
 * What is left of a connection that closed here first, for 60 s: enough to answer a repeated FIN and to tell an old
 * segment from a new connection. A few numbers, at most `MOST`, the oldest goes.
 */
export interface TimeWait extends Entry<TimeWait> {
  readonly flow: Flow
  readonly sndNxt: number
  readonly rcvNxt: number
  readonly window: number
  readonly ts: boolean
  /** Our timestamp clock minus `Millis`, and the last one of the peer. */
  readonly tsOffset: number
  tsRecent: number
  readonly since: Millis
  until: Millis
  answeredAt: Millis
}

export interface TimeWaits {
  readonly find: (key: number, local: Ip, remote: Ip, localPort: number, remotePort: number) => TimeWait | undefined
  readonly add: (c: Connection, now: Millis) => void
  /** The peer repeated its FIN: the wait begins anew. */
  readonly renew: (record: TimeWait, now: Millis) => void
  readonly remove: (record: TimeWait) => void
  readonly expire: (now: Millis) => void
  readonly deadline: () => Millis
  readonly size: () => number
}

export const timeWaits = (): TimeWaits => {
  const records: Table<TimeWait> = table()
  // insertion order is the order of the deadlines, as every wait is equally long
  const queue = new Set<TimeWait>()
  const remove = (record: TimeWait): void => {
    if (queue.delete(record)) records.remove(record)
  }
  const oldest = (): TimeWait | undefined => queue.values().next().value
  return {
    find: records.find,
    add: (c, now) => {
      const record: TimeWait = {
        key: c.key,
        flow: c.flow,
        localPort: c.localPort,
        remotePort: c.remotePort,
        sibling: undefined,
        sndNxt: c.snd.nxt,
        rcvNxt: c.rcv.nxt,
        window: Math.min(0xffff, Math.max(0, (c.rcv.adv - c.rcv.nxt) | 0) >>> c.rcv.scale),
        ts: c.ts.on,
        tsOffset: (tsClock(c, now) - Math.floor(now)) | 0,
        tsRecent: c.ts.recent,
        since: now,
        until: now + TIME_WAIT_MS,
        answeredAt: -Infinity,
      }
      if (queue.size >= MOST) remove(oldest()!)
      records.add(record)
      queue.add(record)
    },
    renew: (record, now) => {
      record.until = now + TIME_WAIT_MS
      queue.delete(record)
      queue.add(record)
    },
    remove,
    expire: (now) => {
      for (let first = oldest(); first !== undefined && first.until <= now; first = oldest()) remove(first)
    },
    deadline: () => oldest()?.until ?? Infinity,
    size: () => queue.size,
  }
}

/** Twice the maximum segment lifetime of 30 s. */
export const TIME_WAIT_MS = 60_000
const MOST = 16_384
