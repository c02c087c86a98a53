import { type Mac, mac } from '../protocol/kernel/id.ts'
import type { Millis } from '../protocol/kernel/machine.ts'
import type { Ip } from './ip-output.ts'

/**
 * What is known of one neighbour: the states of RFC 4861 §7.3.2, used for ARP as well.
 *
 *     Incomplete ──answer──▶ Reachable ──30 s──▶ Stale ──use──▶ Delay ──5 s──▶ Probe ──3 × no answer──▶ Gone
 *         └── 5 × no answer ──▶ Gone     ▲────────── answer, or progress of TCP ──────────┘
 *
 * The record is mutable and belongs to the cache; flows keep it, so that a packet on its way costs no look-up.
 */
export interface Neighbour {
  readonly ip: Ip
  /** Zero while `Incomplete`. */
  mac: Mac
  state: 'Incomplete' | 'Reachable' | 'Stale' | 'Delay' | 'Probe' | 'Gone'
  /** When the state moves by itself; `Infinity` for `Stale` and `Gone`. */
  deadline: Millis
  /** Solicitations sent in this state. */
  asked: number
  /** Packets that wait for the answer, oldest first. */
  waiting: Uint8Array[]
}

export const incomplete = (ip: Ip, now: Millis): Neighbour => ({
  ip,
  mac: mac(0),
  state: 'Incomplete',
  deadline: now + ASK_AGAIN,
  asked: 1,
  waiting: [],
})
/** Somebody told us its MAC before we asked. */
export const told = (ip: Ip, its: Mac): Neighbour => ({
  ip,
  mac: its,
  state: 'Stale',
  deadline: Infinity,
  asked: 0,
  waiting: [],
})

/** A packet is about to go there. False: it has to wait for the answer. */
export const use = (n: Neighbour, now: Millis): boolean => {
  if (n.state === 'Reachable') {
    if (now < n.deadline) return true
    n.state = 'Stale'
  }
  if (n.state === 'Stale') {
    n.state = 'Delay'
    n.deadline = now + DELAY
  }
  return n.state === 'Delay' || n.state === 'Probe'
}

/** A solicited answer, or progress of a transport: the neighbour hears us. `reachableFor` is random, 15…45 s. */
export const confirm = (n: Neighbour, now: Millis, reachableFor: Millis): void => {
  if (n.state === 'Incomplete' || n.state === 'Gone') return
  n.state = 'Reachable'
  n.deadline = now + reachableFor
  n.asked = 0
}

/** A transport hears nothing through it. True: the first probe is due. */
export const doubt = (n: Neighbour, now: Millis): boolean => {
  if (n.state === 'Incomplete' || n.state === 'Probe' || n.state === 'Gone') return false
  n.state = 'Probe'
  n.asked = 1
  n.deadline = now + ASK_AGAIN
  return true
}

/** A link address learned without having asked: from a request, an announcement, an unsolicited advertisement. */
export const hear = (n: Neighbour, its: Mac): void => {
  if (n.mac === its && n.state !== 'Incomplete') return
  n.mac = its
  n.state = 'Stale'
  n.deadline = Infinity
  n.asked = 0
}

/** An advertisement or ARP reply, by the table of RFC 4861 §7.2.5. `its` is `undefined` if it names no link address. */
export const advertised = (
  n: Neighbour,
  its: Mac | undefined,
  solicited: boolean,
  override: boolean,
  now: Millis,
  reachableFor: Millis,
): void => {
  if (n.state === 'Incomplete') {
    if (its === undefined) return
    hear(n, its)
    if (solicited) confirm(n, now, reachableFor)
    return
  }
  const differs = its !== undefined && its !== n.mac
  if (differs && !override) {
    if (n.state === 'Reachable') {
      n.state = 'Stale'
      n.deadline = Infinity
    }
    return
  }
  if (differs) hear(n, its)
  if (solicited) confirm(n, now, reachableFor)
}

export type Expired = 'Nothing' | 'AskAll' | 'AskIt' | 'Gone'
/** Moves the state if its time has come, and says what to send. */
export const expire = (n: Neighbour, now: Millis): Expired => {
  if (now < n.deadline) return 'Nothing'
  switch (n.state) {
    case 'Incomplete':
      if (n.asked >= MOST_ASKED) return end(n)
      n.asked++
      n.deadline = now + ASK_AGAIN
      return 'AskAll'
    case 'Delay':
      n.state = 'Probe'
      n.asked = 1
      n.deadline = now + ASK_AGAIN
      return 'AskIt'
    case 'Probe':
      if (n.asked >= MOST_PROBES) return end(n)
      n.asked++
      n.deadline = now + ASK_AGAIN
      return 'AskIt'
    case 'Reachable':
      n.state = 'Stale'
      n.deadline = Infinity
      return 'Nothing'
    default:
      return 'Nothing'
  }
}
export const end = (n: Neighbour): 'Gone' => {
  n.state = 'Gone'
  n.deadline = Infinity
  return 'Gone'
}

export const REACHABLE: Millis = 30_000
const DELAY: Millis = 5_000
const ASK_AGAIN: Millis = 1_000
/** More patient than RFC 4861: the overlay may still be looking for a path to the peer. */
const MOST_ASKED = 5
const MOST_PROBES = 3
