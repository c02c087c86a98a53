import type { PingReply } from '../../../api/ping.ts'

/** What a series of echoes came to; times in ms. */
export interface RoundTrips {
  readonly sent: number
  readonly received: number
  /** 0 to 1. */
  readonly loss: number
  /** Absent where nothing was received. */
  readonly min?: number
  readonly avg?: number
  readonly max?: number
  /** Standard deviation. */
  readonly mdev?: number
}

/** Adds echoes up as they come; nothing is kept of each. */
export class EchoCounter {
  #sent = 0
  #received = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  /** Of Welford: the mean so far, and the sum of squares about it. */
  #mean = 0
  #squares = 0

  add(reply: PingReply): void {
    this.#sent++
    if ('lost' in reply) return
    const { rtt } = reply
    this.#received++
    this.#min = Math.min(this.#min, rtt)
    this.#max = Math.max(this.#max, rtt)
    const away = rtt - this.#mean
    this.#mean += away / this.#received
    this.#squares += away * (rtt - this.#mean)
  }

  get result(): RoundTrips {
    const [sent, received] = [this.#sent, this.#received]
    const loss = sent === 0 ? 0 : (sent - received) / sent
    if (received === 0) return { sent, received, loss }
    const [min, max, avg] = [this.#min, this.#max, this.#mean]
    return { sent, received, loss, min, avg, max, mdev: Math.sqrt(this.#squares / received) }
  }
}

/** A reply as `ping` of iputils writes it; the bytes are those of the ICMP message. */
export const replyLine = (reply: PingReply): string =>
  'lost' in reply
    ? `no answer to icmp_seq=${reply.seq + 1} (${reply.reason})`
    : `${reply.bytes + 8} bytes from ${reply.from}: icmp_seq=${reply.seq + 1} ttl=${reply.ttl} time=${ms(reply.rtt)} ms`

/** The two last lines. */
export const summaryLines = (trips: RoundTrips, elapsed: number): readonly string[] => {
  const { sent, received, loss } = trips
  const percent = Number((loss * 100).toFixed(4).slice(0, 7))
  const first = `${sent} packets transmitted, ${received} received, ${percent}% packet loss, time ${Math.round(elapsed)}ms`
  const { min, avg, max, mdev } = trips
  if (min === undefined || avg === undefined || max === undefined || mdev === undefined) return [first]
  return [first, `rtt min/avg/max/mdev = ${[min, avg, max, mdev].map((one) => one.toFixed(3)).join('/')} ms`]
}

/** Three digits, as far as they say something. */
const ms = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
