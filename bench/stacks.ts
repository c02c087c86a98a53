import { alone } from '../test/tcpip/congestion/measure.ts'
import { connects, idleMemory, idleWake, roundTrip, start, streams } from './connections.ts'
import { allocation, bulk, datagrams, type Measured } from './stack.ts'

/**
 * A process that measures host stacks: an order names the measure, the answer is its value and what limits it. One
 * measure a process, so that none finds what another left behind.
 */
const PAYLOAD = 2748 / 2800

/** One stream of BBR over a path in virtual time, Gbit/s of payload; the limit is the link. */
const virtual = (rate: number, rtt: number, loss: number): Measured => {
  const limit = (rate * PAYLOAD) / 1000
  return { value: alone('bbr', { rate, rtt, loss }, { seconds: 9 }).u * limit, limit }
}

const measures = {
  'stack-bulk': (seconds) => bulk(2800, seconds),
  'stack-bulk-ipv6': (seconds) => bulk(2800, seconds, 'fd00::2'),
  'stack-bulk-1280': (seconds) => bulk(1280, seconds),
  'stack-streams': (seconds) => streams(100, seconds),
  'stack-rr': roundTrip,
  'stack-crr': connects,
  'stack-udp-64': (seconds) => datagrams(64, seconds),
  'stack-udp-1400': (seconds) => datagrams(1400, seconds),
  'stack-heap': () => allocation(),
  'stack-idle': () => idleMemory(10_000),
  'stack-wake': () => idleWake(10_000),
  'stack-start': start,
  'path-loss1': () => virtual(100, 50, 0.01),
  'path-far': () => virtual(500, 100, 0),
} satisfies Readonly<Record<string, (seconds: number) => Measured>>

/** Which there are; `seconds` bounds those that are rates. */
export interface StackOrder {
  readonly measure: keyof typeof measures
  readonly seconds: number
}

process.on('message', ({ id, order }: { readonly id: number; readonly order: StackOrder }) => {
  try {
    process.send!({ id, result: measures[order.measure](order.seconds) })
  } catch (error) {
    process.send!({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
