import type { Address } from '../kernel/id.ts'
import { isReserved } from '../kernel/id.ts'
import { verbCode } from '../verb/verb-code.ts'
import { whois } from '../verb/whois.ts'
import { bestUpstream, pathTo } from './choice.ts'
import { drop, type Node, say } from './node.ts'
import { take } from './rate-gate.ts'
import { compose, sendBy } from './seal.ts'
import {
  ASKS_BURST,
  ASKS_KEPT,
  ASKS_PER_SECOND,
  HASTY_ASKS,
  MOST_SOUGHT,
  PATIENCE,
  RETRY,
  type Sought,
} from './waiting.ts'

/**
 * Asks the best upstream who an address is, again every 500 ms for as long as somebody waits for the answer (and less
 * often when there has been none for long: an address that nobody has is not asked for twice a second for good). What
 * cannot be asked yet, for want of an upstream that is reached, is asked as soon as one is.
 *
 * What we want to know ourselves goes before what others make us ask (`ours` false: whoever sends packets from addresses
 * that nobody has): it takes the place of such a question, and half of the pace is kept for it.
 */
export const seek = (node: Node, address: Address, ours = true): void => {
  if (isReserved(address) || address === node.self) return
  const { sought } = node.waiting
  const known = sought.get(address)
  if (known !== undefined) {
    known.until = node.now + PATIENCE
    known.ours ||= ours
    ask(node, address)
    return
  }
  if (sought.size >= MOST_SOUGHT && !(ours && giveWay(sought))) {
    drop(node, 'queue-full', undefined, address)
    return
  }
  sought.set(address, { since: node.now, until: node.now + PATIENCE, askedAt: -Infinity, asked: 0, ours })
  if (ours) say(node, { _tag: 'Indirect', address, reason: 'identity-unknown' })
  node.due.queue = Math.min(node.due.queue, node.now + RETRY)
  ask(node, address)
}

/** Sends the question if 500 ms have passed since the last, and there is whom to ask. */
export const ask = (node: Node, address: Address): void => {
  const entry = node.waiting.sought.get(address)
  if (entry === undefined || node.now - entry.askedAt < (entry.asked < HASTY_ASKS ? RETRY : PATIENCE)) return
  const upstream = bestUpstream(node)
  const path = upstream === undefined ? undefined : pathTo(node, upstream)
  if (upstream === undefined || path === undefined || upstream.address === address) return
  if (!take(node.waiting.asks, node.now, ASKS_PER_SECOND, ASKS_BURST, entry.ours ? 0 : ASKS_KEPT)) {
    drop(node, 'rate-limited', undefined, address)
    return
  }
  entry.askedAt = node.now
  entry.asked++
  sendBy(node, upstream, compose(node, upstream.address, verbCode.whois, whois, [address]), verbCode.whois, path)
}

/** Gives up the oldest question that others made us ask, if there is one. */
const giveWay = (sought: Map<Address, Sought>): boolean => {
  for (const [address, { ours }] of sought)
    if (!ours) {
      sought.delete(address)
      return true
    }
  return false
}
