/**
 * Node after node in virtual time: made, joined, connected, aborted or closed at a moment that chance decides; after some
 * of them a silence in which all that waits for a time-out is gone, and then the live memory of the process. Run it
 * without compilers: compiled code is memory too, and comes when it comes. Prints what a round leaves behind as a line of
 * JSON, and what it does where each of some more rounds leaks a KiB.
 *
 *     node --expose-gc --no-opt --no-maglev --no-sparkplug flat-memory.mjs CYCLES
 */
import { argv, memoryUsage } from 'node:process'
import { type Network, ZtError } from 'rxzt'
import { fixtures } from 'rxzt/testing'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import { serveEcho, virtualPair } from '../support/virtual-pair.ts'

export interface Kept {
  readonly rounds: number
  /** How many got as far as a connection. */
  readonly connected: number
  /** Rejections that were no typed errors. */
  readonly untyped: readonly string[]
  /** Live memory that a round leaves: the median of the slopes between any two of the later half of the cycles. */
  readonly bytesPerRound: number
  /** The same of rounds that leak a KiB each. */
  readonly bytesWithLeak: number
  /** KiB after each cycle. */
  readonly series: readonly number[]
}

const { net, hosted, a, alice, bob, controller } = await virtualPair(11)
// else they keep events for whoever comes first
for (const node of [alice, bob, controller.node]) node.events$.subscribe()
await serveEcho(a, 7)
const place = net.segment({ latency: 5 })

let random = rng(7)
const draw = (most: number): number => {
  const [value, after] = next(random)
  random = after
  return value % most
}
const untyped: string[] = []
const failed = (error: unknown): void => {
  if (!(error instanceof ZtError)) untyped.push(String(error))
}
let connected = 0
const talk = async (network: Network): Promise<void> => {
  const socket = await network.connect({ host: a.address(4)!, port: 7 })
  connected++
  const write = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await socket.write(new Uint8Array(5_000))
    await socket.end()
  }
  const read = async (): Promise<void> => {
    for await (const _ of socket);
  }
  await Promise.all([write(), read()])
}
const round = async (n: number): Promise<void> => {
  const abort = new AbortController()
  // the same few come back, each from where it was: what others remember of them is soon all there is
  const who = n % WHO.length
  const node = await net.node({
    ...{ on: place, addresses: [`100.99.0.${who + 1}`], identity: WHO[who]! },
    ...{ signal: abort.signal },
  })
  const work = node.join(hosted.id, { signal: abort.signal }).then(talk).catch(failed)
  await net.advance(draw(MOST_WAIT))
  if (draw(2) === 0) abort.abort(new ZtError('ERR_ZT_CLOSED', 'enough — go on'))
  await net.until(node.close({ graceMs: draw(2) * 20 }))
  await net.until(Promise.all([work, node.closed]).catch(failed))
  await net.advance(PAUSE)
}
let begun = 0
const cycle = async (each: () => void): Promise<number> => {
  for (let i = 0; i < CYCLE; i++) {
    await round(begun++)
    each()
  }
  await net.advance(SILENCE)
  return live()
}
const live = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    // weak references and finalizers take a turn
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external
}

const WHO = fixtures.identities.slice(10, 14)
/** ms: enough to join, connect and talk. */
const MOST_WAIT = 150
/** ms: a controller that was asked a second ago does not answer. */
const PAUSE = 1500
/** Rounds. */
const CYCLE = 6
/** ms: connections whose peer is gone give up, paths and permissions run out. */
const SILENCE = 600_000
const slopeOf = (memory: readonly number[]): number => {
  const slopes = memory.flatMap((from, i) => memory.slice(i + 1).map((to, j) => (to - from) / (j + 1) / CYCLE))
  return Math.round(slopes.sort((x, y) => x - y)[slopes.length >> 1]!)
}
const cycles = Number(argv[2])
const memory: number[] = []
while (memory.length < cycles) memory.push(await cycle(() => undefined))
const leaked: Uint8Array[] = []
const leaking = [memory.at(-1)!]
while (leaking.length <= cycles / 2) leaking.push(await cycle(() => leaked.push(new Uint8Array(1024))))
const kept: Kept = {
  ...{ rounds: begun, connected, untyped },
  ...{ bytesPerRound: slopeOf(memory.slice(cycles >> 1)), bytesWithLeak: slopeOf(leaking) },
  series: [...memory, ...leaking.slice(1)].map((bytes) => Math.round(bytes / 1024)),
}
console.log(JSON.stringify(kept))
