/**
 * Node after node: made, joined, connected, aborted at a moment that chance decides, closed; over real UDP on loopback,
 * in a process of its own. Prints what was left of them as a line of JSON, and has to end by itself.
 *
 *     node --expose-gc --import tsx test/scenarios/lifecycle.ts ROUNDS
 */
import { getEventListeners } from 'node:events'
import { argv } from 'node:process'
import { createNode, type Network, ZtError, type ZtNode } from 'rxzt'
import { udpLink } from 'rxzt/node'
import { fixtures } from 'rxzt/testing'
import { next, rng } from '../../src/protocol/kernel/rng.ts'
import { loopback } from '../support/loopback.ts'
import { serveEcho } from '../support/virtual-pair.ts'

export interface Leftovers {
  readonly rounds: number
  /** How many rounds got as far as a connection before they were aborted. */
  readonly connected: number
  /** What calls ended with, and how often. */
  readonly codes: Readonly<Record<string, number>>
  /** Rejections that were no typed errors. */
  readonly untyped: readonly string[]
  /** Listeners left on the signals. */
  readonly listeners: number
  /** Handles, timers and requests of the process: before, and after everything was closed. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Nodes that the garbage collector could not take, and KiB of live heap that each round after the first ten left. */
  readonly alive: number
  readonly kibPerRound: number
}

/** How far a round gets before it is aborted. */
const [MADE, JOINED, CONNECTED, HALFWAY] = [0, 1, 2, 3]
/** Rounds until everything is loaded and compiled. */
const WARM_UP = 10
const rounds = Number(argv[2])
// what loading modules began has ended by then
for (let i = 0; i < 50; i++) await turn()
const before = resources()
const world = await loopback()
// else they keep events for whoever comes first
for (const node of [world.root, world.alice, world.bob]) node.events$.subscribe()
await serveEcho(world.a, 7)

let random = rng(7)
const draw = (most: number): number => {
  const [value, after] = next(random)
  random = after
  return value % most
}
const nodes: WeakRef<ZtNode>[] = []
const codes: Record<string, number> = {}
const untyped: string[] = []
const failed = (error: unknown): void => {
  if (error instanceof ZtError) codes[error.code] = (codes[error.code] ?? 0) + 1
  else untyped.push(String(error))
}
let connected = 0
let listeners = 0
const talk = async (network: Network, reached: (stage: number) => void): Promise<void> => {
  reached(JOINED)
  const socket = await network.connect({ host: world.a.address(4)!, port: 7 })
  connected++
  reached(CONNECTED)
  const write = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await socket.write(new Uint8Array(10_000))
    await socket.end()
  }
  const read = async (): Promise<void> => {
    for await (const _ of socket) if (socket.bytesRead > 100_000) reached(HALFWAY)
  }
  await Promise.all([write(), read()])
}

const round = async (): Promise<void> => {
  const abort = new AbortController()
  const node = await createNode({
    identity: fixtures.identities[9]!,
    planet: world.planet,
    link: udpLink({ address: '127.0.0.1', secondary: false }),
    signal: abort.signal,
  })
  nodes.push(new WeakRef(node))
  const last = draw(HALFWAY + 1)
  let goOn: () => void = () => undefined
  const far = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const reached = (stage: number): void => {
    if (stage === last) goOn()
  }
  const joined = node.join(world.hosted.id, { signal: abort.signal })
  const work = joined.then((network) => talk(network, reached)).catch(failed)
  const online = node.online({ signal: abort.signal }).catch(failed)
  if (last !== MADE) await Promise.race([far, work])
  // turns of the event loop, so that chance alone decides how far it gets
  for (let turns = draw(100); turns > 0; turns--) await turn()
  if (draw(2) === 0) abort.abort(new ZtError('ERR_ZT_CLOSED', 'enough — go on'))
  await node.close({ graceMs: draw(2) * 20 })
  await Promise.all([work, online, node.closed.catch(failed)])
  listeners += getEventListeners(abort.signal, 'abort').length
}

for (let i = 0; i < WARM_UP; i++) await round()
const heap = liveHeap()
for (let i = WARM_UP; i < rounds; i++) await round()
// references are weak from the next turn on
await turn()
const kibPerRound = (liveHeap() - heap) / 1024 / (rounds - WARM_UP)
const alive = nodes.filter((node) => node.deref() !== undefined).length
await world.close()
await turn()
const leftovers: Leftovers = {
  ...{ rounds, connected, codes, untyped, listeners, before, after: resources(), alive },
  kibPerRound: Math.round(kibPerRound * 10) / 10,
}
console.log(JSON.stringify(leftovers))

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().sort()
}
function liveHeap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
