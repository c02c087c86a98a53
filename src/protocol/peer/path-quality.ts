/** How paths to one peer are compared and kept (`docs/protocol/vl1.md`, path choice). */
import type { Millis } from '../kernel/machine.ts'
import type { Scope } from './endpoint.ts'

/**
 * Lower is better. `silent` is the time since any datagram came by the path; one that has been silent for 19 s is worse
 * than any path that has not. `latency` is `UNKNOWN_LATENCY` until measured, `priority` is 1 or more.
 */
export const pathQuality = (latency: number, silent: Millis, scope: Scope, priority: number): number => {
  const base = isAlive(silent) ? latency : latency + UNKNOWN_LATENCY + Math.floor(Math.min(silent, OLDEST))
  return Math.floor((base * (8 - scope)) / priority)
}

/** The latency after a sample: the first one counts fully, later ones half. */
export const averageLatency = (latency: number, sample: number): number =>
  latency >= UNKNOWN_LATENCY ? Math.min(sample, UNKNOWN_LATENCY) : Math.floor((latency + sample) / 2)

/** Whether any datagram, authenticated or not, came recently. */
export const isAlive = (silent: Millis): boolean => silent < PATH_ALIVE
/** Whether a path has been idle in our direction for so long that a NAT might forget it. */
export const needsHeartbeat = (idle: Millis): boolean => idle >= HEARTBEAT

/**
 * How well an upstream serves as relay; lower is better, `Infinity` after 500 s of silence. `latency` is that of its best
 * live path, `undefined` or 0 if unknown.
 */
export const relayQuality = (latency: number | undefined, silent: Millis): number =>
  silent >= PEER_TIMEOUT
    ? Infinity
    : (latency === undefined || latency === 0 ? UNKNOWN_LATENCY : latency) * (Math.floor(silent / RELAY_STEP) + 1)

export const UNKNOWN_LATENCY = 65_535
export const PATH_ALIVE: Millis = 19_000
export const HEARTBEAT: Millis = 14_000
/** How long a peer counts as there without a sign of life. */
export const PEER_TIMEOUT: Millis = 500_000
const OLDEST: Millis = 140_000
const RELAY_STEP: Millis = 61_000
