import { afterAll, beforeAll, expect, it } from 'vitest'
import { AGREED, roundTrips, SCALES } from './kernel/probes.ts'
import { VxlanPair } from './kernel/vxlan-pair.ts'

/**
 * TCP of our stack against the kernel's, on an Ethernet of their own: no node and no ZeroTier in between. `RXZT_BULK`
 * says how many MiB are moved at a time; with `LONG_TESTS` a GiB, and every port is knocked at.
 */
const MIB = 1_048_576
const isLong = process.env['LONG_TESTS'] !== undefined
const BULK = Number(process.env['RXZT_BULK'] ?? (isLong ? 1024 : 64)) * MIB
let pair: VxlanPair
/** Ports of ours. */
const listening = [7, 9, 19, 5201]

beforeAll(async () => {
  pair = new VxlanPair()
  await pair.start(BULK)
  await pair.kernel({ do: 'sink', port: 9 })
}, 60_000)
afterAll(() => pair?.close())

const rate = (bytes: number, ms: number): string => `${((bytes * 8) / ms / 1e6).toFixed(2)} Gbit/s`
const LONG = isLong ? 3_600_000 : 300_000

it('echoes what it is sent and half-closes in good order, over both families', async () => {
  for (const host of ['10.77.0.2', 'fd77::2'])
    expect(await pair.kernel({ do: 'echo', host, bytes: 3 * MIB })).toMatchObject({ same: true })
}, 60_000)

it.each([
  ['a clear link', 0, 0],
  ['1 % loss each way', 0.01, 0],
  ['5 % loss each way', 0.05, 0],
  ['2 % of frames 3 ms late', 0, 0.02],
] as const)(
  'moves bulk both ways over %s',
  async (name, loss, reorder) => {
    await pair.ours({ do: 'weather', loss, reorder })
    const bytes = loss + reorder > 0 && !isLong ? BULK / 8 : BULK
    const up = await pair.ours({ do: 'send', port: 9, bytes })
    expect(up.how).toBe('closed')
    const before = await pair.ours({ do: 'sunk' })
    const down = await pair.kernel({ do: 'ends-with', host: '10.77.0.2', port: 9, bytes })
    expect(down.error).toBeUndefined()
    expect((await pair.ours({ do: 'sunk' })) - before).toBe(bytes)
    await pair.ours({ do: 'weather', loss: 0, reorder: 0 })
    console.info(`${name}: ours → kernel ${rate(bytes, up.ms)}, kernel → ours ${rate(bytes, down.ms)}`)
  },
  LONG,
)

it(
  'moves bulk both ways over IPv6',
  async () => {
    const up = await pair.ours({ do: 'send', to: 'fd77::1', port: 9, bytes: BULK / 8 })
    expect(up.how).toBe('closed')
    const down = await pair.kernel({ do: 'ends-with', host: 'fd77::2', port: 9, bytes: BULK / 8 })
    expect(down.error).toBeUndefined()
    console.info(`IPv6: ours → kernel ${rate(BULK / 8, up.ms)}, kernel → ours ${rate(BULK / 8, down.ms)}`)
  },
  LONG,
)

it.each([
  ['upwards', []],
  ['in reverse', ['-R']],
  ['upwards over IPv6 in four streams', ['-P', '4', '-6']],
] as const)(
  'serves iperf3 %s',
  (name, flags) => {
    const host = name.includes('IPv6') ? 'fd77::2' : '10.77.0.2'
    const report = JSON.parse(pair.inKernel('iperf3', '-c', host, '-n', `${BULK}`, ...flags, '-J'))
    expect(report.error).toBeUndefined()
    const { sum_sent: sent, sum_received: received } = report.end
    expect(sent.bytes).toBeGreaterThanOrEqual(BULK)
    expect(received.bytes).toBeGreaterThanOrEqual(BULK * 0.9)
    console.info(`iperf3 ${name}: ${(received.bits_per_second / 1e9).toFixed(2)} Gbit/s`)
  },
  LONG,
)

it('is measured beside kernel and kernel on the same wire', () => {
  pair.inKernel('iperf3', '-s', '-1', '-D')
  const report = JSON.parse(pair.inOurs('iperf3', '-c', '10.9.0.1', '-n', `${BULK}`, '-J'))
  console.info(`kernel → kernel, no tunnel: ${(report.end.sum_received.bits_per_second / 1e9).toFixed(2)} Gbit/s`)
}, 60_000)

it('answers a question of 64 bytes, beside Node on the kernel’s own stack', async () => {
  await pair.kernel({ do: 'echoing', port: 10 })
  const [ours, kernel] = [
    Number(pair.inKernel('python3', '-c', roundTrips('10.77.0.2', 7))),
    Number(pair.inOurs('python3', '-c', roundTrips('10.9.0.1', 10))),
  ]
  expect([ours, kernel].every((us) => us > 0)).toBe(true)
  console.info(`round trip, median: ${ours.toFixed(0)} µs to ours, ${kernel.toFixed(0)} µs to Node over the kernel's`)
}, 60_000)

it('agrees with the kernel on timestamps, SACK and window scaling', () => {
  expect(pair.inKernel('python3', '-c', AGREED).trim()).toBe('7')
})

it('scales windows by 0 to 14, either side by its own', async () => {
  pair.inKernel('sysctl', '-q', '-w', `net.ipv4.tcp_rmem=4096 131072 ${1 << 30}`)
  for (let n = 0; n <= 14; n++) {
    await pair.ours({ do: 'echo', port: 1000 + n, receiveBuffer: 65_535 * 2 ** n })
    listening.push(1000 + n)
  }
  const lines = pair.inKernel('python3', '-c', SCALES).trim().split('\n')
  expect(lines).toEqual(Array.from({ length: 15 }, (_, n) => `${n} ${14 - n} True`))
}, 60_000)

it.each([
  ['ECN', 'net.ipv4.tcp_ecn=1', 'net.ipv4.tcp_ecn=2'],
  ['no ECN', 'net.ipv4.tcp_ecn=0', 'net.ipv4.tcp_ecn=2'],
  ['no window scaling', 'net.ipv4.tcp_window_scaling=0', 'net.ipv4.tcp_window_scaling=1'],
  ['no SACK', 'net.ipv4.tcp_sack=0', 'net.ipv4.tcp_sack=1'],
  ['no timestamps', 'net.ipv4.tcp_timestamps=0', 'net.ipv4.tcp_timestamps=1'],
])(
  'gets along with a kernel set to %s, where frames are lost too',
  async (_name, on, off) => {
    pair.inKernel('sysctl', '-q', '-w', on)
    await pair.ours({ do: 'weather', loss: 0.01, reorder: 0.01 })
    expect(await pair.kernel({ do: 'echo', host: '10.77.0.2', bytes: MIB })).toMatchObject({ same: true })
    await pair.ours({ do: 'weather', loss: 0, reorder: 0 })
    pair.inKernel('sysctl', '-q', '-w', off)
  },
  60_000,
)

it('serves a thousand short connections', async () => {
  expect(await pair.kernel({ do: 'short', host: '10.77.0.2', count: 1000 })).toMatchObject({ good: 1000 })
}, 120_000)

it(
  'refuses, and is refused, where nobody listens',
  async () => {
    expect(await pair.ours({ do: 'connect', port: 81 })).toBe('ECONNREFUSED')
    const to = isLong ? 65_535 : 400
    const open = listening.filter((port) => port <= to).length
    const answers = await pair.kernel({ do: 'scan', host: '10.77.0.2', from: 1, to })
    expect(answers).toEqual({ ECONNREFUSED: to - open, open })
  },
  LONG,
)

it('resets, and is reset', async () => {
  await pair.kernel({ do: 'resetting', port: 90 })
  expect(await pair.ours({ do: 'stay', port: 90 })).toBe('ECONNRESET')
  await pair.kernel({ do: 'watch', port: 91 })
  await pair.ours({ do: 'stay', port: 91, abort: true })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  expect(await pair.kernel({ do: 'ends' })).toEqual(['91 ECONNRESET'])
  expect(await pair.kernel({ do: 'reset', host: '10.77.0.2', port: 7 })).toEqual({ reset: true })
  expect(await pair.kernel({ do: 'echo', host: '10.77.0.2', bytes: 1 })).toMatchObject({ same: true })
}, 30_000)

it('closes its window while nobody reads, and opens it again', async () => {
  await pair.ours({ do: 'reading', on: false })
  const before = await pair.ours({ do: 'sunk' })
  const sending = pair.kernel({ do: 'ends-with', host: '10.77.0.2', port: 9, bytes: 16 * MIB })
  await new Promise((resolve) => setTimeout(resolve, 2000))
  expect((await pair.ours({ do: 'sunk' })) - before).toBeLessThan(5 * MIB)
  await pair.ours({ do: 'reading', on: true })
  expect((await sending).error).toBeUndefined()
  expect((await pair.ours({ do: 'sunk' })) - before).toBe(16 * MIB)
}, 60_000)

it('notices by keepalive that the kernel is gone', async () => {
  const end = pair.ours({ do: 'stay', port: 9, keepAlive: true })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  // answered so far; now the kernel drops what comes
  pair.inKernel('nft', 'add table ip quiet')
  pair.inKernel('nft', 'add chain ip quiet in { type filter hook input priority 0 ; }')
  pair.inKernel('nft', 'add rule ip quiet in ip saddr 10.77.0.2 drop')
  expect(await end).toBe('ETIMEDOUT')
  pair.inKernel('nft', 'delete table ip quiet')
}, 30_000)
