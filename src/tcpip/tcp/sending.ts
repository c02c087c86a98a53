import type { Millis } from '../../protocol/kernel/machine.ts'
import { type SendQueue, sendQueue } from './send-queue.ts'
import { type SendRing, sendRing } from './send-ring.ts'

/** The sending half of a connection (RFC 9293 §3.3.1): its sequence space, the peer's window, sizes, and what is kept to send. */
export interface Sending {
  iss: number
  una: number
  nxt: number
  wnd: number
  wl1: number
  wl2: number
  /** The largest window ever offered. */
  maxWnd: number
  scale: number
  /** Payload of a full segment, options taken off. */
  mss: number
  /** What the peer said it takes, options not taken off. */
  peerMss: number
  /** The largest IP packet of the path when segments were last measured against it. */
  pathMtu: number
  /** Upper bound of an IP packet found by loss of large ones, `Infinity`: none. */
  clamp: number
  /** The largest segment that was acknowledged: the path carries as much. */
  proven: number
  clampUntil: Millis
  clampFor: number
  readonly ring: SendRing
  /** End of what was written. */
  tail: number
  finQueued: boolean
  finSent: boolean
  readonly queue: SendQueue
  /** End of the last segment sent that was not full (Minshall's form of Nagle). */
  partialEnd: number
  /** Most bytes the ring holds; 0: follows the congestion window. */
  limit: number
  wantsRoom: boolean
  /** One byte (or the FIN) beyond `nxt` was sent to probe a closed window. */
  probing: boolean
  probes: number
  /** Sender SWS avoidance is suspended for one round: the override timer fired. */
  override: boolean
  /** Since when a segment that is not full is held back by a small window or the cork; `Infinity`: none is. */
  heldAt: Millis
  retries: number
  /** Segments sent again and timeouts, since the connection began. */
  resent: number
  timeouts: number
  keepProbes: number
  /** When the oldest outstanding data was first sent without any progress since. */
  stalledAt: Millis
  credit: number
  creditAt: Millis
  /** The path is too short for pacing by timers. */
  bypass: boolean
}

/** Nothing sent yet; `limit` bounds the send buffer, 0: it follows the congestion window. */
export const newSending = (iss: number, limit: number): Sending => ({
  iss: iss,
  una: iss,
  nxt: iss,
  wnd: 0,
  wl1: 0,
  wl2: 0,
  maxWnd: 0,
  scale: 0,
  mss: 0,
  peerMss: 0,
  pathMtu: 0,
  clamp: Infinity,
  proven: 0,
  clampUntil: Infinity,
  clampFor: 0,
  ring: sendRing(),
  tail: (iss + 1) | 0,
  finQueued: false,
  finSent: false,
  queue: sendQueue(),
  partialEnd: iss,
  limit: limit,
  wantsRoom: false,
  probing: false,
  probes: 0,
  override: false,
  heldAt: Infinity,
  retries: 0,
  resent: 0,
  timeouts: 0,
  keepProbes: 0,
  stalledAt: 0,
  credit: 0,
  creditAt: 0,
  bypass: false,
})
