import type { Millis } from '../kernel/machine.ts'
import type { Peer } from './peer.ts'

/**
 * The gate for PUSH_DIRECT_PATHS (`docs/protocol/vl1.md`, PUSH_DIRECT_PATHS): notes one that came, and says whether it is
 * one too many of those that followed each other closely.
 */
export const isHastyPush = (peer: Peer, now: Millis): boolean => {
  peer.hastyPushes = now - peer.lastPushed <= PUSH_WINDOW ? peer.hastyPushes + 1 : 0
  peer.lastPushed = now
  return peer.hastyPushes >= MOST_HASTY
}

/** Whether what this peer offers is not looked at for now. */
export const isShutOut = (peer: Peer, now: Millis): boolean =>
  peer.hastyPushes >= MOST_HASTY && now - peer.lastPushed <= PUSH_WINDOW

/** Pushes that follow the one before within 30 s: so many are taken. */
export const PUSH_WINDOW: Millis = 30_000
export const MOST_HASTY = 8
