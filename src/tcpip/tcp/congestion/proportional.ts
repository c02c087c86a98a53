/**
 * Proportional rate reduction (RFC 6937): spreads the reduction of a loss episode over its round trip, by what the
 * ACKs deliver. Used by the controllers whose answer to loss is a smaller window.
 */
export interface Proportional {
  active: boolean
  ssthresh: number
  /** RecoverFS: bytes in flight when the episode began. */
  flight: number
  delivered: number
  sent: number
}

export const proportional = (): Proportional => ({ active: false, ssthresh: 0, flight: 0, delivered: 0, sent: 0 })

export const begin = (p: Proportional, ssthresh: number, flight: number): void => {
  p.active = true
  p.ssthresh = ssthresh
  p.flight = Math.max(flight, 1)
  p.delivered = 0
  p.sent = 0
}

/**
 * The window after an ACK of the episode: what is in flight plus what may be sent on it. `clean`: SND.UNA advanced and
 * nothing new was lost, so that the slow-start bound is safe.
 */
export const windowAfter = (p: Proportional, newly: number, inflight: number, smss: number, clean: boolean): number => {
  p.delivered += newly
  let allowed: number
  if (inflight > p.ssthresh) allowed = Math.ceil((p.delivered * p.ssthresh) / p.flight) - p.sent
  else {
    let limit = Math.max(p.delivered - p.sent, 0)
    if (clean) limit = Math.max(limit, newly) + smss
    allowed = Math.min(p.ssthresh - inflight, limit)
  }
  return Math.max(smss, inflight + Math.max(0, allowed))
}
