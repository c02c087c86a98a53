import { afterAll, beforeAll, expect, it } from 'vitest'
import { VxlanPair } from './kernel/vxlan-pair.ts'

/** Our stack against the kernel's, on an Ethernet of their own: no node and no ZeroTier in between. */
const MIB = 1_048_576
const BULK = Number(process.env['RXZT_BULK'] ?? 64) * MIB
let pair: VxlanPair

beforeAll(async () => {
  pair = new VxlanPair()
  await pair.start(BULK)
  await pair.kernel({ do: 'sink', port: 9 })
}, 60_000)
afterAll(() => pair?.close())

const rate = (bytes: number, ms: number): string => `${((bytes * 8) / ms / 1e6).toFixed(2)} Gbit/s`

/** What the kernel says was agreed on: timestamps 1, SACK 2, window scaling 4. */
const TCP_INFO = `import socket
s = socket.socket()
s.connect(('10.77.0.2', 9))
print(s.getsockopt(6, 11, 104)[5])`

it('answers the kernel’s pings of every size, cut or whole, over both families', () => {
  for (const size of [0, 1, 56, 2772, 2773, 8000, 65_507]) {
    expect(pair.inKernel('ping', '-c', '2', '-i', '0.2', '-W', '2', '-s', `${size}`, '10.77.0.2')).toContain(
      ' 0% packet loss',
    )
    expect(
      pair.inKernel('ping', '-6', '-c', '2', '-i', '0.2', '-W', '2', '-s', `${Math.min(size, 65_000)}`, 'fd77::2'),
    ).toContain(' 0% packet loss')
  }
}, 60_000)

it('has its own pings of every size answered', async () => {
  for (const size of [0, 56, 2772, 2773, 8000, 65_507]) expect(await pair.ours({ do: 'ping', size })).toBe(size)
}, 60_000)

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
    const bytes = loss + reorder > 0 ? BULK / 8 : BULK
    const up = await pair.ours({ do: 'send', port: 9, bytes })
    expect(up.how).toBe('closed')
    const down = await pair.kernel({ do: 'ends-with', host: '10.77.0.2', port: 9, bytes })
    expect(down.error).toBeUndefined()
    await pair.ours({ do: 'weather', loss: 0, reorder: 0 })
    console.info(`${name}: ours → kernel ${rate(bytes, up.ms)}, kernel → ours ${rate(bytes, down.ms)}`)
  },
  300_000,
)

it('is measured beside kernel and kernel on the same wire', () => {
  pair.inKernel('iperf3', '-s', '-1', '-D')
  const report = JSON.parse(pair.inOurs('iperf3', '-c', '10.9.0.1', '-n', `${BULK}`, '-J'))
  console.info(`kernel → kernel, no tunnel: ${(report.end.sum_received.bits_per_second / 1e9).toFixed(2)} Gbit/s`)
}, 60_000)

it('agrees with the kernel on timestamps, SACK and window scaling', () => {
  const options = pair.inKernel('python3', '-c', TCP_INFO).trim()
  expect(options).toBe('7')
})

it.each([
  ['ECN', 'net.ipv4.tcp_ecn=1', 'net.ipv4.tcp_ecn=2'],
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

it('refuses, and is refused, where nobody listens', async () => {
  expect(await pair.ours({ do: 'connect', port: 81 })).toBe('ECONNREFUSED')
  // the limit of resets leaves the kernel to try again where it gets none
  const answers = await pair.kernel({ do: 'scan', host: '10.77.0.2', from: 1, to: 400 })
  expect(answers).toEqual({ ECONNREFUSED: 397, open: 3 })
}, 120_000)

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

it('exchanges multicast and broadcast', async () => {
  await pair.ours({ do: 'udp', group: '239.7.7.7' })
  await pair.kernel({ do: 'udp', group: '239.7.7.8' })
  await pair.kernel({ do: 'multicast', to: '239.7.7.7' })
  await pair.kernel({ do: 'multicast', to: '10.77.0.255' })
  await pair.ours({ do: 'multicast', to: '239.7.7.8' })
  await pair.ours({ do: 'multicast', to: '10.77.0.255' })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await pair.ours({ do: 'heard' })).toEqual(['from the kernel to 239.7.7.7', 'from the kernel to 10.77.0.255'])
  expect(await pair.kernel({ do: 'heard' })).toEqual(['from ours by 10.77.0.2', 'from ours by 10.77.0.2'])
})

it('notices by keepalive that the kernel is gone', async () => {
  const end = pair.ours({ do: 'keepalive', port: 9 })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  // answered so far; now the kernel drops what comes
  pair.inKernel('nft', 'add table ip quiet')
  pair.inKernel('nft', 'add chain ip quiet in { type filter hook input priority 0 ; }')
  pair.inKernel('nft', 'add rule ip quiet in ip saddr 10.77.0.2 drop')
  expect(await end).toBe('ETIMEDOUT')
  pair.inKernel('nft', 'delete table ip quiet')
}, 30_000)
