import { type SchedulerLike, Subscription } from 'rxjs'
import type { IpAddress } from '../protocol/kernel/ip.ts'
import type { ZtError } from '../streams/error.ts'
import type { NetworkCore } from '../streams/network-core.ts'
import { atLeast, type OptionRules, whole } from '../streams/option.ts'
import type { SocketNews, SocketSink } from '../streams/sockets.ts'
import { type WaitOptions, waitRules } from './wait.ts'

/** `timeout` is for each echo (ms, default 5000; 0: no limit). */
export interface PingOptions extends WaitOptions {
  /** Echoes to send; without it the iteration does not end by itself. */
  readonly count?: number
  /** ms between echoes, default 1000. */
  readonly interval?: number
  /** Payload bytes, default 56. */
  readonly size?: number
  readonly ttl?: number
}

export const pingRules: OptionRules<PingOptions> = {
  ...waitRules,
  count: whole(1, Number.MAX_SAFE_INTEGER),
  interval: atLeast(0),
  size: whole(0, 65_507),
  ttl: whole(1, 255),
}

/** A lost echo is an item, not an error. */
export type PingReply =
  | {
      readonly seq: number
      readonly bytes: number
      /** ms. */
      readonly rtt: number
      readonly ttl: number
      readonly from: IpAddress
    }
  | { readonly seq: number; readonly lost: true; readonly reason: 'timeout' | 'unreachable' }

/** One ICMP socket that sends the next echo when the last was answered or lost, and the interval is over. */
export class Pinger implements SocketSink {
  readonly #network: NetworkCore
  readonly #clock: SchedulerLike
  readonly #to: IpAddress
  readonly #id: number
  readonly #options: PingOptions
  #sentAt = Number.NEGATIVE_INFINITY
  #seq = -1
  #answer: ((reply: PingReply) => void) | undefined
  #broken: ((reason: unknown) => void) | undefined
  #reason: unknown

  constructor(network: NetworkCore, clock: SchedulerLike, to: IpAddress, options: PingOptions) {
    this.#network = network
    this.#clock = clock
    this.#to = to
    this.#options = options
    this.#id = network.sockets.nextId()
    network.sockets.add(this.#id, this)
  }

  get done(): boolean {
    return this.#options.count !== undefined && this.#seq + 1 >= this.#options.count
  }

  async next(): Promise<PingReply> {
    const pause = this.#sentAt + (this.#options.interval ?? INTERVAL) - this.#clock.now()
    if (pause > 0) await this.#settled<void>((resolve) => this.#clock.schedule(() => resolve(), pause))
    return this.#settled<PingReply>((resolve) => {
      this.#seq++
      const seq = this.#seq & 0xffff
      const lost = (reason: 'timeout' | 'unreachable'): void => resolve({ seq: this.#seq, lost: true, reason })
      this.#answer = resolve
      this.#sentAt = this.#clock.now()
      const { timeout = TIMEOUT } = this.#options
      const limited = timeout > 0 && Number.isFinite(timeout)
      const alarm = limited ? this.#clock.schedule(() => lost('timeout'), timeout) : Subscription.EMPTY
      const { size = SIZE, ttl } = this.#options
      this.#network.call({ call: 'echo', id: this.#id, to: this.#to, seq, size, ...(ttl === undefined ? {} : { ttl }) })
      return alarm
    })
  }

  close(): void {
    if (this.#reason !== undefined) return
    this.#network.call({ call: 'close', id: this.#id })
    this.#network.sockets.drop(this.#id)
  }

  news(news: SocketNews): void {
    if (news._tag === 'Echo' && news.seq === (this.#seq & 0xffff)) {
      const { bytes, ttl, from } = news
      this.#answer?.({ seq: this.#seq, bytes, rtt: this.#clock.now() - this.#sentAt, ttl, from })
    } else if (news._tag === 'EchoFailed' && news.seq === (this.#seq & 0xffff))
      this.#answer?.({ seq: this.#seq, lost: true, reason: 'unreachable' })
  }

  gone(reason: ZtError): void {
    this.#reason = reason
    this.#broken?.(reason)
  }

  /** Waits for one thing that aborts with the signal and with the network, and takes its timer down. */
  #settled<T>(begin: (resolve: (value: T) => void) => { unsubscribe(): void }): Promise<T> {
    const { signal } = this.#options
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) return reject(this.#reason)
      if (signal?.aborted) return reject(signal.reason)
      let timer: { unsubscribe(): void } | undefined
      let settled = false
      const finish = (): void => {
        settled = true
        timer?.unsubscribe()
        signal?.removeEventListener('abort', abort)
        this.#answer = undefined
        this.#broken = undefined
      }
      const abort = (): void => this.#broken?.(signal?.reason)
      this.#broken = (reason) => {
        finish()
        reject(reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      timer = begin((value) => {
        if (settled) return
        finish()
        resolve(value)
      })
      if (settled) timer.unsubscribe()
    })
  }
}

const INTERVAL = 1000
const TIMEOUT = 5000
const SIZE = 56
