/**
 * `npm run bench`: every measure as a ratio to a limit of this machine, taken in the same run. Loopback only, separate
 * processes, an own planet. Medians of `--runs` runs (default 3); `--json FILE` writes the rows, `--only ID,…` picks some.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { nodeAlone, version, withService } from './cli.ts'
import { configRequestsPerSecond, framesPerSecond, type Measured, rulesPerSecond } from './network.ts'
import type { StackOrder } from './stacks.ts'
import { createWorld, makeIdentities, Peer } from './world.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (options.help === true) {
  console.log('usage: npm run bench -- [--json FILE] [--only ID,ID] [--runs N] [--seconds N]')
  process.exit(0)
}
const refuse = (text: string): never => {
  console.error(text)
  process.exit(2)
}
const atLeastOne = (name: 'runs' | 'seconds'): number => {
  const value = Number(options[name])
  return value >= 1 ? value : refuse(`--${name} ${options[name]} is no number of 1 or more`)
}
const runs = atLeastOne('runs')
const seconds = atLeastOne('seconds')
const wanted = options.only?.split(',')

interface Row {
  readonly id: string
  readonly name: string
  readonly value: number
  readonly unit: 'Gbit/s' | '1/s' | 'ns' | 'µs' | 'ms' | 'ms/s' | 'B' | 'KB'
  readonly limit: number
  readonly limitName: string
  /** value ÷ limit for rates, limit ÷ value for times: more is better, 1 is the limit itself. */
  readonly ratio: number
}

/** Before a measure: what is told is how it goes on, not how long a compiler took to see which code is hot. */
const WARM_UP = 6

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const repeat = async (measure: () => Promise<number>): Promise<number> => {
  const values: number[] = []
  for (let i = 0; i < runs; i++) values.push(await measure())
  return median(values)
}
const note = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const identities = await makeIdentities(12)
const rows: Row[] = []
const rate = (id: string, name: string, value: number, unit: Row['unit'], limit: number, limitName: string): void => {
  rows.push({ id, name, value, unit, limit, limitName, ratio: value / limit })
}
const time = (id: string, name: string, value: number, unit: Row['unit'], limit: number, limitName: string): void => {
  rows.push({ id, name, value, unit, limit, limitName, ratio: limit / value })
}
const known = new Set<string>()
const want = (...ids: readonly string[]): boolean => {
  for (const id of ids) known.add(id)
  return wanted === undefined || ids.some((id) => wanted.includes(id))
}

/** A pair of members, used and thrown away. */
const withPair = async <T>(
  use: (pair: { readonly server: Member; readonly client: Member }) => Promise<T>,
  impairment: Record<string, unknown> = {},
): Promise<T> => {
  const world = await createWorld(identities)
  try {
    const server = await world.member(impairment)
    const client = await world.member({
      ...impairment,
      ...(impairment['relay'] === true ? { relayOnly: [server.port] } : {}),
    })
    await server.peer.tell({ do: 'listen' })
    return await use({ server, client })
  } finally {
    await world.close()
  }
}
type Member = Awaited<ReturnType<Awaited<ReturnType<typeof createWorld>>['member']>>

const bulk = (impairment: Record<string, unknown> = {}): Promise<number> =>
  repeat(() =>
    withPair(async ({ server, client }) => {
      if (impairment['relay'] !== true) {
        await client.peer.tell({ do: 'round-trips', host: server.address, count: 4 })
        await client.peer.tell({ do: 'direct', peer: server.id })
      }
      await client.peer.tell({ do: 'bulk', host: server.address, bytes: 1 << 30, seconds: WARM_UP })
      const { bytes, seconds: took } = await client.peer.tell({
        do: 'bulk',
        host: server.address,
        bytes: 1 << 30,
        seconds,
      })
      return (bytes * 8) / took / 1e9
    }, impairment),
  )

// ---- limits of the machine
const sink = new Peer('./limit.ts')
const source = new Peer('./limit.ts')
const { port: sinkPort } = await sink.tell({ do: 'udp-sink' })
const { port: echoPort } = await sink.tell({ do: 'udp-echo' })
const { port: tcpPort } = await sink.tell({ do: 'tcp-server' })
const dgramGbit = async (): Promise<number> => {
  await source.tell({ do: 'udp-send', port: sinkPort, sizes: [1432, 1422], seconds })
  const { bytes, seconds: took } = await sink.tell({ do: 'udp-received' })
  return (bytes * 8) / took / 1e9
}

let direct = 0
if (want('tcp-direct', 'tcp-rtt20', 'tcp-loss1', 'tcp-rtt20-loss1', 'tcp-relay', 'tcp-worker')) {
  note('tcp-direct')
  const limit = await repeat(dgramGbit)
  direct = await bulk()
  rate(
    'tcp-direct',
    'TCP, one stream, two processes, direct path',
    direct,
    'Gbit/s',
    limit,
    'bare node:dgram, same datagrams',
  )
}
const lossy: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['tcp-rtt20', 'same at 20 ms round trip', { impairment: { latency: 10 } }],
  ['tcp-loss1', 'same at 1 % loss', { impairment: { loss: 0.01 } }],
  ['tcp-rtt20-loss1', 'same at 20 ms and 1 % loss', { impairment: { latency: 10, loss: 0.01 } }],
  ['tcp-relay', 'same, relayed by a root', { relay: true }],
  ['tcp-worker', 'same, both nodes on threads of their own', { worker: true }],
]
for (const [id, name, impairment] of lossy)
  if (want(id)) {
    note(id)
    rate(id, name, await bulk(impairment), 'Gbit/s', direct, 'tcp-direct of this run')
  }
if (want('tcp-rr')) {
  note('tcp-rr')
  const limit = await repeat(
    async () => (await source.tell({ do: 'udp-round-trips', port: echoPort, size: 100, count: 4000 })).p50,
  )
  const value = await repeat(() =>
    withPair(async ({ server, client }) => {
      await client.peer.tell({ do: 'round-trips', host: server.address, count: 50 })
      await client.peer.tell({ do: 'direct', peer: server.id })
      await client.peer.tell({ do: 'round-trips', host: server.address, count: 4000 })
      return (await client.peer.tell({ do: 'round-trips', host: server.address, count: 4000 })).p50
    }),
  )
  time('tcp-rr', 'TCP round trip, 1 byte, p50', value, 'µs', limit, 'bare node:dgram round trip')
}
if (want('tcp-crr')) {
  note('tcp-crr')
  const perSecond = ({ count, seconds: took }: { count: number; seconds: number }): number => count / took
  const limit = await repeat(async () =>
    perSecond(await source.tell({ do: 'tcp-connections', port: tcpPort, seconds })),
  )
  const value = await repeat(() =>
    withPair(async ({ server, client }) => {
      await client.peer.tell({ do: 'connections', host: server.address, seconds: WARM_UP })
      return perSecond(await client.peer.tell({ do: 'connections', host: server.address, seconds }))
    }),
  )
  rate('tcp-crr', 'connect + 1 byte echo + close, sequential', value, '1/s', limit, 'kernel TCP on loopback')
}
if (want('udp-1400')) {
  note('udp-1400')
  const limit = await repeat(async () => {
    await source.tell({ do: 'udp-send', port: sinkPort, sizes: [1400], seconds })
    const { count, seconds: took } = await sink.tell({ do: 'udp-received' })
    return count / took
  })
  const value = await repeat(() =>
    withPair(async ({ server, client }) => {
      await client.peer.tell({ do: 'round-trips', host: server.address, count: 4 })
      await client.peer.tell({ do: 'direct', peer: server.id })
      await server.peer.tell({ do: 'listen-udp' })
      await client.peer.tell({ do: 'datagrams', host: server.address, size: 1400, seconds: WARM_UP })
      await server.peer.tell({ do: 'received' })
      await client.peer.tell({ do: 'datagrams', host: server.address, size: 1400, seconds })
      const { count, seconds: took } = await server.peer.tell({ do: 'received' })
      return count / took
    }),
  )
  rate('udp-1400', 'UDP 1400 B received', value, '1/s', limit, 'bare node:dgram received')
}
if (want('online', 'ready', 'first-connect')) {
  note('online, ready, first-connect')
  const limit = (await source.tell({ do: 'udp-round-trips', port: echoPort, size: 200, count: 500 })).p50 / 1000
  const samples = { online: [] as number[], ready: [] as number[], first: [] as number[] }
  for (let i = 0; i < Math.max(runs, 3); i++)
    await withPair(async ({ server, client }) => {
      samples.online.push(client.online)
      samples.ready.push(client.ready)
      samples.first.push((await client.peer.tell({ do: 'first-connect', host: server.address })).ms)
    })
  time('online', 'start → online, warm identity', median(samples.online), 'ms', limit, 'bare node:dgram round trip')
  time('ready', 'join → ready, warm identity', median(samples.ready), 'ms', limit, 'bare node:dgram round trip')
  time(
    'first-connect',
    'first connect to a peer never seen',
    median(samples.first),
    'ms',
    limit,
    'bare node:dgram round trip',
  )
}

// ---- networks, on one core and without sockets
const onOneCore = async (id: string, name: string, measure: () => Measured, limitName: string): Promise<void> => {
  if (!want(id)) return
  note(id)
  const limits: number[] = []
  const value = await repeat(async () => {
    const { value, limit } = measure()
    limits.push(limit)
    return value
  })
  rate(id, name, value, '1/s', median(limits), limitName)
}
for (const count of [10, 200])
  await onOneCore(
    `rules-${count}`,
    `rules evaluated, of a list of ${count}`,
    () => rulesPerSecond(count, seconds),
    'a loop that compares as many numbers',
  )
await onOneCore(
  'vl2-frames',
  'frames of 1400 B through VL2 of both ends, ten rules',
  () => framesPerSecond(seconds),
  'the sum of the bytes of as many',
)
await onOneCore(
  'config-requests',
  'config requests answered, 100 000 members',
  () => configRequestsPerSecond(100_000, seconds),
  'the three signatures alone',
)
if (want('first-direct')) {
  note('first-direct')
  const limit = (await source.tell({ do: 'udp-round-trips', port: echoPort, size: 200, count: 500 })).p50 / 1000
  const samples: number[] = []
  for (let i = 0; i < Math.max(runs, 3); i++)
    await withPair(async ({ server, client }) => {
      const { ms } = await client.peer.tell({ do: 'first-direct', host: server.address, peer: server.id })
      if (ms !== undefined) samples.push(ms)
    })
  if (samples.length > 0)
    time('first-direct', 'first packet → direct path', median(samples), 'ms', limit, 'bare node:dgram round trip')
}
sink.stop()
source.stop()
for (const [id, name, order] of [
  ['idle-1000', 'node, 1 000 peers that are silent', { peers: 1_000, root: false, active: false, speak: 200 }],
  ['network-1000', 'node, 1 000 peers, a frame each in 5 s', { peers: 1_000, root: false, active: true, speak: 5 }],
  ['root-10000', 'root, 10 000 clients, an ECHO each in 15 s', { peers: 10_000, root: true, active: false, speak: 15 }],
] as const) {
  // of fewer peers the memory is lost in what the process itself comes to need
  if (!(id === 'root-10000' ? want(id, 'root-memory') : want(id))) continue
  note(id)
  const peers = new Peer('./scale.ts')
  const { cpu, ciphers, resident } = await peers.tell({ ...order, seconds: 60 })
  peers.stop()
  if (id === 'idle-1000') time(id, `${name}: CPU`, cpu, 'ms/s', 1_000, 'one core')
  else time(id, `${name}: CPU`, cpu, 'ms/s', ciphers, 'the ciphers alone')
  if (id !== 'root-10000') continue
  const sessions = new Peer('./scale.ts')
  const session: number = await sessions.tell('session')
  sessions.stop()
  time(
    'root-memory',
    'memory of the root for each of them, resident',
    resident,
    'KB',
    session,
    'a cipher session alone',
  )
}
// ---- host stacks, two in a process and on one core
for (const [id, name, unit, limitName] of [
  ['stack-bulk', 'two stacks in a process, one TCP stream', 'Gbit/s', 'sums and copies alone'],
  ['stack-bulk-ipv6', 'same over IPv6', 'Gbit/s', 'sums and copies alone'],
  ['stack-bulk-1280', 'same at MTU 1280', 'Gbit/s', 'sums and copies alone'],
  ['stack-streams', 'same, 100 streams', 'Gbit/s', 'sums and copies alone'],
  ['stack-rr', 'question and answer of 64 B, two stacks', 'µs', 'sums and copies alone'],
  ['stack-crr', 'connect + close, two stacks', '1/s', 'sums and copies alone'],
  ['stack-udp-64', 'UDP 64 B through two stacks', '1/s', 'sums and copies alone'],
  ['stack-udp-1400', 'UDP 1400 B through two stacks', '1/s', 'sums and copies alone'],
  ['stack-heap', 'heap for the collector, of a data segment', 'B', 'one view of it'],
  ['stack-idle', 'heap of a silent connection, a side', 'B', 'a record of 60 numbers'],
  ['stack-wake', 'stack with 10 000 silent connections, a wake', 'ns', 'with one connection'],
  ['stack-start', 'a stack from nothing', 'ms', 'one of its tables'],
  ['path-loss1', 'BBR, 100 Mbit/s, 50 ms, 1 % loss, virtual time', 'Gbit/s', 'the link'],
  ['path-far', 'BBR, 500 Mbit/s, 100 ms, virtual time', 'Gbit/s', 'the link'],
] as const) {
  if (!want(id)) continue
  note(id)
  const stacks = new Peer('./stacks.ts')
  const { value, limit } = await stacks.tell({ measure: id, seconds } satisfies StackOrder)
  stacks.stop()
  if (unit === 'Gbit/s' || unit === '1/s') rate(id, name, value, unit, limit, limitName)
  else time(id, name, value, unit, limit, limitName)
}
// ---- the program, from its start to its end
const startUp = async (id: string, name: string, measure: () => number): Promise<void> => {
  note(id)
  const [values, limits] = [[] as number[], [] as number[]]
  for (let i = 0; i < Math.max(3 * runs, 9); i++) {
    limits.push(nodeAlone())
    values.push(measure())
  }
  time(id, name, median(values), 'ms', median(limits), 'node -e 0')
}
if (want('cli-version')) await startUp('cli-version', '`rxzt --version`', version)
if (want('cli-info')) await withService((info) => startUp('cli-info', '`rxzt info` of a running service', info))
note('')
const missing = wanted?.filter((id) => !known.has(id)) ?? []
if (missing.length > 0) refuse(`no row ${missing.join(', ')} — there are ${[...known].join(', ')}`)

const text = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(4)
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'} × ${cpus().length}, Node ${process.version}, medians of ${runs}`,
)
console.log(
  `${'id'.padEnd(16)} ${'value'.padStart(10)} ${'unit'.padEnd(7)} ${'limit'.padStart(10)}  ${'ratio'.padStart(7)}  measure (limit)`,
)
for (const row of rows)
  console.log(
    `${row.id.padEnd(16)} ${text(row.value).padStart(10)} ${row.unit.padEnd(7)} ${text(row.limit).padStart(10)}  ${row.ratio.toFixed(3).padStart(7)}  ${row.name} (${row.limitName})`,
  )
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ rows }, null, 2)}\n`)
