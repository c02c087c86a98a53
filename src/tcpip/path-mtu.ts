import type { Millis } from '../protocol/kernel/machine.ts'
import type { Ip } from './ip-output.ts'

/**
 * What routers reported about the largest packet towards a destination (RFC 1191, RFC 8201): only ever lowered, and
 * forgotten after ten minutes so that a better path is found again.
 */
export interface PathMtuCache {
  readonly find: (remote: Ip, now: Millis) => number | undefined
  /** Returns the value that holds from now on, `undefined` if the report changes nothing. */
  readonly report: (remote: Ip, current: number, reported: number, now: Millis) => number | undefined
  readonly deadline: () => Millis
  /** Forgets what is too old; true if something was. */
  readonly tick: (now: Millis) => boolean
}

export const pathMtuCache = (): PathMtuCache => {
  const known = new Map<string, { readonly mtu: number; readonly until: Millis }>()
  return {
    find: (remote, now) => {
      const entry = known.size === 0 ? undefined : known.get(remote.text)
      return entry === undefined || entry.until <= now ? undefined : entry.mtu
    },
    report: (remote, current, reported, now) => {
      const mtu = lowered(remote.family, current, reported)
      if (mtu >= current) return undefined
      known.delete(remote.text)
      if (known.size >= MOST_PATHS) known.delete(known.keys().next().value ?? '')
      known.set(remote.text, { mtu, until: now + LIFETIME })
      return mtu
    },
    deadline: () => {
      const first = known.values().next().value
      return first === undefined ? Infinity : first.until
    },
    tick: (now) => {
      let some = false
      // entries stand in the order of their age
      for (const [text, entry] of known) {
        if (entry.until > now) break
        known.delete(text)
        some = true
      }
      return some
    },
  }
}

/** A report as it is believed: IPv6 never below its minimum, IPv4 by the plateaus of RFC 1191 §7.1 where it is absurd. */
export const lowered = (family: 4 | 6, current: number, reported: number): number => {
  if (family === 6) return Math.max(reported, LEAST_V6)
  return reported >= LEAST_V4 ? reported : (PLATEAUS.find((plateau) => plateau < current) ?? LEAST_V4)
}

const LIFETIME: Millis = 600_000
const MOST_PATHS = 1024
const LEAST_V4 = 552
const LEAST_V6 = 1280
const PLATEAUS = [1492, 1280, 1006, LEAST_V4]
