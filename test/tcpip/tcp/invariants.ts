import type { Connection } from '../../../src/tcpip/tcp/connection.ts'
import { deadlineOf } from '../../../src/tcpip/tcp/deadlines.ts'
import type { TcpEnv } from '../../../src/tcpip/tcp/env.ts'
import { hasMore } from '../../../src/tcpip/tcp/send.ts'
import {
  END,
  FLAGS,
  LOST,
  laterOf,
  NONE,
  ORDER,
  OUT,
  positionOf,
  SACKED,
  SEQ,
  slotOf,
  WIDTH,
} from '../../../src/tcpip/tcp/send-queue.ts'
import { ESTABLISHED } from '../../../src/tcpip/tcp/state.ts'

/** What must hold of every connection whenever nothing is being processed; the first thing that does not, as text. */
export const invariants = (env: TcpEnv): string | undefined => {
  for (const c of env.connections.values()) {
    const wrong = ofConnection(c)
    if (wrong !== undefined) return wrong
  }
  const kept = env.connections.values().reduce((n, { rcv }) => n + rcv.unread + rcv.reordering.held, 0)
  if (kept !== env.receivePool.used) return `the pool counts ${env.receivePool.used} bytes, connections keep ${kept}`
  return undefined
}

const ofConnection = (c: Connection): string | undefined => {
  if (c.state < ESTABLISHED) return undefined
  const { snd, loss, delivery, rcv } = c
  const q = snd.queue
  let [inflight, pending, sacked, seq] = [0, 0, 0, snd.una]
  for (let n = 0; n < q.count; n++) {
    const i = slotOf(q, n) * WIDTH
    const [from, to, flags] = [q.ints[i + SEQ]!, q.ints[i + END]!, q.ints[i + FLAGS]!]
    if (from !== seq) return `the queue has a gap at ${seq}, next is ${from}`
    seq = to
    if ((flags & OUT) !== 0) inflight += (to - from) | 0
    if ((flags & SACKED) !== 0) sacked++
    else if ((flags & (LOST | OUT)) === LOST) pending++
    else if ((flags & OUT) === 0) return 'a segment is neither out, nor lost, nor reported'
  }
  const flying = flightOf(c)
  if (flying !== undefined) return flying
  if (seq !== snd.nxt) return `the queue ends at ${seq}, SND.NXT is ${snd.nxt}`
  if (inflight !== delivery.inflight) return `${delivery.inflight} in flight, the queue says ${inflight}`
  if (pending !== loss.pending) return `${loss.pending} wait to be sent again, the queue says ${pending}`
  if (sacked !== loss.sacked) return `${loss.sacked} reported, the queue says ${sacked}`
  if (!(c.cc.cwnd >= snd.mss * 0.99)) return `cwnd ${c.cc.cwnd} is below a segment`
  if (((rcv.adv - rcv.nxt) | 0) < 0) return 'the window moved left'
  if (q.count > 0 && c.at.rto === Infinity) return 'data is out and no timer runs'
  if (hasMore(c) && deadlineOf(c) === Infinity) return 'data waits and no timer runs'
  return undefined
}

/** The list of those in flight holds what the flags say, in the order of transmission. */
const flightOf = ({ snd: { queue: q } }: Connection): string | undefined => {
  const listed = new Set<number>()
  let before = 0
  for (let slot = q.first; slot !== NONE; slot = laterOf(q, slot)) {
    const [flags, order] = [q.ints[slot * WIDTH + FLAGS]!, q.ints[slot * WIDTH + ORDER]!]
    if (listed.size > 0 && ((order - before) | 0) <= 0) return `transmission ${order} is listed behind ${before}`
    if ((flags & (OUT | SACKED)) !== OUT) return 'a segment that is not in flight is listed'
    if (positionOf(q, slot) >= q.count || listed.has(slot)) return 'the list of those in flight is broken'
    listed.add(slot)
    before = order
  }
  let flying = 0
  for (let n = 0; n < q.count; n++) if ((q.ints[slotOf(q, n) * WIDTH + FLAGS]! & (OUT | SACKED)) === OUT) flying++
  return flying === listed.size ? undefined : `${flying} in flight, ${listed.size} listed`
}
