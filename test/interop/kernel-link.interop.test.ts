import { afterAll, beforeAll, expect, it } from 'vitest'
import { arpProbe } from './kernel/probes.ts'
import { VxlanPair } from './kernel/vxlan-pair.ts'

/** What is below and beside TCP, our stack against the kernel's: echoes, neighbours, addresses, paths, groups. */
const MIB = 1_048_576
let pair: VxlanPair

beforeAll(async () => {
  pair = new VxlanPair()
  await pair.start(MIB)
  await pair.behind({ do: 'sink', port: 9 })
}, 60_000)
afterAll(() => pair?.close())

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

it('answers the kernel’s pings of every size, cut or whole, over both families', () => {
  for (const size of [0, 1, 56, 2772, 2773, 8000, 65_507]) {
    const ping = ['-c', '2', '-i', '0.2', '-W', '2', '-s']
    expect(pair.inKernel('ping', ...ping, `${size}`, '10.77.0.2')).toContain(' 0% packet loss')
    expect(pair.inKernel('ping', '-6', ...ping, `${size}`, 'fd77::2')).toContain(' 0% packet loss')
  }
}, 60_000)

it('has its own pings of every size answered, over both families', async () => {
  for (const size of [0, 56, 2752, 2753, 2772, 2773, 8000, 65_507])
    for (const to of ['10.77.0.1', 'fd77::1']) expect(await pair.ours({ do: 'ping', to, size })).toBe(size)
}, 60_000)

it('finds the kernel and is found again when all have forgotten each other', async () => {
  pair.inKernel('ip', 'neigh', 'flush', 'dev', 'vx0')
  expect(pair.inKernel('ip', 'neigh', 'show', 'dev', 'vx0')).not.toContain('02:00:00:00:00:77')
  for (const to of ['10.77.0.1', 'fd77::1']) expect(await pair.ours({ do: 'ping', to, size: 56 })).toBe(56)
  pair.inKernel('ping', '-c', '1', '-W', '2', '10.77.0.2')
  pair.inKernel('ping', '-6', '-c', '1', '-W', '2', 'fd77::2')
  for (const family of ['-4', '-6'])
    expect(pair.inKernel('ip', family, 'neigh', 'show', 'dev', 'vx0')).toMatch(/02:00:00:00:00:77 (REACHABLE|DELAY)/)
}, 30_000)

it('defends its addresses: the kernel takes none of them, but one that is free', async () => {
  for (const address of ['fd77::2', 'fd77::99']) pair.inKernel('ip', 'addr', 'add', `${address}/64`, 'dev', 'vx0')
  await pause(2500)
  const addresses = pair.inKernel('ip', '-6', 'addr', 'show', 'dev', 'vx0').split('\n')
  expect(addresses.find((line) => line.includes('fd77::2/64'))).toContain('dadfailed')
  const free = addresses.find((line) => line.includes('fd77::99/64'))
  expect(free).not.toContain('dadfailed')
  expect(free).not.toContain('tentative')
  for (const address of ['fd77::2', 'fd77::99']) pair.inKernel('ip', 'addr', 'del', `${address}/64`, 'dev', 'vx0')
  expect(pair.inKernel('python3', '-c', arpProbe('10.77.0.2')).trim()).toBe('02:00:00:00:00:77')
  expect(pair.inKernel('python3', '-c', arpProbe('10.77.0.99')).trim()).toBe('')
  await pair.ours({ do: 'conflicts' })
}, 30_000)

it('is told when it takes addresses that the kernel has', async () => {
  await pair.ours({ do: 'addresses', more: ['10.77.0.1', 'fd77::1', 'fd77::98'] })
  await pause(2500)
  // the kernel tells who asks for its IPv6 address, but leaves the announcement of an IPv4 one without a word
  const before = await pair.ours({ do: 'conflicts' })
  expect(new Set(before)).toEqual(new Set(['fd77::1']))
  pair.inKernel('ip', 'neigh', 'flush', 'dev', 'vx0')
  pair.inKernel('sh', '-c', 'ping -c 1 -W 1 10.77.0.2 || true')
  const found = new Set([...before, ...(await pair.ours({ do: 'conflicts' }))])
  await pair.ours({ do: 'addresses', more: [] })
  expect([...found].sort()).toEqual(['10.77.0.1', 'fd77::1'])
  // and everything is as it was
  await pause(500)
  pair.inKernel('ip', 'neigh', 'flush', 'dev', 'vx0')
  for (const to of ['10.77.0.1', 'fd77::1']) expect(await pair.ours({ do: 'ping', to, size: 56 })).toBe(56)
}, 30_000)

it.each([
  ['IPv4', '10.88.0.2', 1400],
  ['IPv6', 'fd88::2', 1400],
] as const)(
  'follows the kernel’s word on a narrower way behind it, over %s',
  async (_family, to, mtu) => {
    await pair.ours({ do: 'send', to, port: 9, bytes: MIB })
    expect((await pair.ours({ do: 'largest' })).sent).toBe(2800)
    const before = await pair.behind({ do: 'taken' })
    const sending = pair.ours({ do: 'send', to, port: 9, bytes: 64 * MIB })
    pair.inKernel('ip', 'link', 'set', 'vr', 'mtu', `${mtu}`)
    expect(await sending).toMatchObject({ how: 'closed' })
    expect((await pair.behind({ do: 'taken' })) - before).toBe(64 * MIB)
    await pair.ours({ do: 'largest' })
    expect(await pair.ours({ do: 'send', to, port: 9, bytes: MIB })).toMatchObject({ how: 'closed' })
    expect((await pair.ours({ do: 'largest' })).sent).toBe(mtu)
    const headers = to.includes(':') ? 48 : 28
    // it arrives, where nobody listens
    expect(await pair.ours({ do: 'whole', to, bytes: mtu - headers })).toBe('ECONNREFUSED')
    expect(await pair.ours({ do: 'whole', to, bytes: mtu - headers + 1 })).toBe('EMSGSIZE')
    pair.inKernel('ip', 'link', 'set', 'vr', 'mtu', '9000')
  },
  120_000,
)

it('gets on with a kernel whose route to us is narrower', async () => {
  pair.inKernel('ip', 'route', 'change', '10.77.0.0/24', 'dev', 'vx0', 'src', '10.77.0.1', 'mtu', 'lock', '1300')
  await pair.ours({ do: 'largest' })
  expect(await pair.kernel({ do: 'echo', host: '10.77.0.2', bytes: MIB })).toMatchObject({ same: true })
  expect((await pair.ours({ do: 'largest' })).heard).toBeLessThanOrEqual(1300)
  expect(pair.inKernel('ping', '-c', '1', '-W', '2', '-s', '4000', '10.77.0.2')).toContain(' 0% packet loss')
  expect((await pair.ours({ do: 'largest' })).heard).toBeLessThanOrEqual(1300)
  pair.inKernel('ip', 'route', 'change', '10.77.0.0/24', 'dev', 'vx0', 'src', '10.77.0.1')
}, 60_000)

it('exchanges multicast and broadcast', async () => {
  await pair.ours({ do: 'udp', groups: ['239.7.7.7'] })
  await pair.kernel({ do: 'udp', group: '239.7.7.8' })
  await pair.kernel({ do: 'multicast', to: '239.7.7.7' })
  await pair.kernel({ do: 'multicast', to: '10.77.0.255' })
  await pair.ours({ do: 'multicast', to: '239.7.7.8' })
  await pair.ours({ do: 'multicast', to: '10.77.0.255' })
  await pause(500)
  expect(await pair.ours({ do: 'heard' })).toEqual(['from the kernel to 239.7.7.7', 'from the kernel to 10.77.0.255'])
  expect(await pair.kernel({ do: 'heard' })).toEqual(['from ours by 10.77.0.2', 'from ours by 10.77.0.2'])
})
