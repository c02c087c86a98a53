import { describe, expect, it } from 'vitest'
import { JoinedNetworks } from '../../../../src/api/zts/socket/joined-networks.ts'
import type { NetworkConfigInput } from '../../../../src/controller.node.ts'
import type { NetworkCore } from '../../../../src/streams/network-core.ts'
import type { Zts } from '../../../../src/zts.node.ts'
import { bytes, outcome, type TwoPrograms, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()
const udp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
const tcp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
const at = (addr: string, port: number) => ({ family: 2, addr, port })

/** Another network that both join, on 10.145.0.0/24 unless its start is said. */
const another = async ({ controller, net, a, b }: TwoPrograms, start = '10.145.0') => {
  const config: NetworkConfigInput = {
    private: false,
    v4AssignMode: { zt: true },
    ipAssignmentPools: [{ ipRangeStart: `${start}.1`, ipRangeEnd: `${start}.254` }],
    routes: [{ target: `${start}.0/24` }],
  }
  const hosted = await controller.create(config)
  const id = BigInt(`0x${hosted.id}`)
  for (const zts of [a, b]) zts.zts_net_join(id)
  while ([a, b].some((zts) => zts.zts_net_transport_is_ready(id) === 0)) await net.advance(100)
  const [a4, b4] = [a, b].map((zts) => zts.zts_addr_get_str(id, zts.ZTS_AF_INET).str)
  const leave = () => [a, b].map((zts) => zts.zts_net_leave(id))
  return { id, name: hosted.id, a4: a4!, b4: b4!, leave }
}

describe('sockets over several networks', () => {
  it('go by the network that leads to where they go, and hear all if they are bound to none', async () => {
    const world = programs.get()
    const { a, b, a4, b4, until } = world
    const [late, listener] = [udp(b), tcp(b)]
    b.zts_bind(late, '0.0.0.0', 8001)
    b.zts_bind(listener, '0.0.0.0', 8001)
    b.zts_listen(listener, 5)
    // both were there before this network was
    const other = await another(world)
    const here = udp(a)
    for (const [to, from] of [
      [b4, a4],
      [other.b4, other.a4],
    ] as const) {
      await until(a.zts_bsd_sendto(here, bytes('x'), 0, at(to, 8001)))
      expect((await until(b.zts_bsd_recvfrom(late, new Uint8Array(9)))).addr!.addr).toBe(from)
      const client = tcp(a)
      await until(a.zts_connect(client, to, 8001, 5000))
      expect((await until(b.zts_accept(listener))).str).toBe(from)
      expect(a.zts_getsockname(client).str).toBe(from)
    }
    other.leave()
  })

  it('are confined to the network of the address they are bound to', async () => {
    const world = programs.get()
    const { a, b, a4, until } = world
    const other = await another(world)
    const [bound, there] = [udp(a), udp(b)]
    a.zts_bind(bound, a4, 8002)
    b.zts_bind(there, '0.0.0.0', 8002)
    const send = () => a.zts_bsd_sendto(bound, bytes('x'), 0, at(other.b4, 8002))
    expect(await outcome(a, send)).toEqual([-1, a.ZTS_ENETUNREACH])
    const connecting = tcp(a)
    a.zts_bind(connecting, a4, 0)
    const connect = () => a.zts_bsd_connect(connecting, at(other.b4, 8002))
    expect(await outcome(a, connect)).toEqual([-1, a.ZTS_ENETUNREACH])
    await until(b.zts_bsd_sendto(there, bytes('x'), 0, at(other.a4, 8002)))
    await world.net.advance(1000)
    expect(a.zts_get_data_available(bound)).toBe(0)
    other.leave()
  })

  it('whose addresses overlap are told apart by SO_BINDTODEVICE', async () => {
    const world = programs.get()
    const { a, b, networkId, until } = world
    const other = await another(world, '10.144.0')
    const name = networkId.toString(16).padStart(16, '0')
    const device = (zts: Zts, fd: number, id: string) =>
      zts.zts_bsd_setsockopt(fd, zts.ZTS_SOL_SOCKET, zts.ZTS_SO_BINDTODEVICE, id)
    const heard: string[] = []
    const servers = [name, other.name].map((id) => {
      const fd = udp(b)
      expect(device(b, fd, id)).toBe(0)
      expect(b.zts_bind(fd, '0.0.0.0', 8003)).toBe(0)
      void b.zts_recv(fd, new Uint8Array(9), 0).then(() => heard.push(id))
      return fd
    })
    const here = udp(a)
    expect(device(a, here, other.name)).toBe(0)
    await until(a.zts_bsd_sendto(here, bytes('x'), 0, at(other.b4, 8003)))
    await world.net.advance(1000)
    expect(heard).toEqual([other.name])
    expect(a.zts_bsd_getsockopt(here, a.ZTS_SOL_SOCKET, a.ZTS_SO_BINDTODEVICE).value).toBe(other.name)
    expect([device(a, here, '0123456789abcdef'), a.errno]).toEqual([-1, a.ZTS_ENODEV])
    for (const fd of servers) b.zts_close(fd)
    other.leave()
  })

  it('of a network that is left end with ENETDOWN; those of all go on', async () => {
    const world = programs.get()
    const { a, b, b4, until } = world
    const other = await another(world)
    const [everywhere, listener] = [tcp(b), tcp(b)]
    b.zts_bind(everywhere, '0.0.0.0', 8004)
    b.zts_listen(everywhere, 5)
    const client = tcp(a)
    await until(a.zts_connect(client, other.b4, 8004, 5000))
    expect(b.zts_bind(listener, other.b4, 8005)).toBe(0)
    b.zts_listen(listener, 1)
    const reading = outcome(a, () => a.zts_recv(client, new Uint8Array(1), 0))
    const accepting = outcome(b, async () => (await b.zts_bsd_accept(listener)).fd)
    other.leave()
    expect(await until(reading)).toEqual([-1, a.ZTS_ENETDOWN])
    expect(await until(accepting)).toEqual([-1, b.ZTS_ENETDOWN])
    expect(await until(a.zts_connect(tcp(a), b4, 8004, 5000))).toBe(0)
    expect(await outcome(a, () => a.zts_bsd_connect(tcp(a), at(other.b4, 8004)))).toEqual([-1, a.ZTS_ENETUNREACH])
  })
})

describe('the way to an address', () => {
  const network = (id: string, addresses: readonly string[], routes: readonly [string, number][] = []): NetworkCore => {
    const prefix = (text: string) => {
      const [address, bits] = text.split('/')
      return { address: address!, bits: Number(bits), family: text.includes(':') ? 6 : 4 }
    }
    const state = {
      id,
      addresses: addresses.map(prefix),
      routes: routes.map(([target, metric]) => ({ target: prefix(target), flags: 0, metric })),
    }
    return { state } as unknown as NetworkCore
  }
  const way = (networks: readonly NetworkCore[], to: string): string | undefined => {
    const joined = new JoinedNetworks()
    joined.set(networks)
    return joined.towards(to)?.state.id
  }

  it('is the longest prefix, of equals the lowest metric, then the network joined first', () => {
    const wide = network(
      'wide',
      ['10.1.0.5/16'],
      [
        ['10.9.0.0/24', 5],
        ['0.0.0.0/0', 0],
      ],
    )
    const near = network('near', ['10.1.2.7/24'], [['10.9.0.0/24', 1]])
    const same = network('same', ['10.1.0.9/16', 'fd00::9/64'])
    const all = [wide, near, same]
    expect(way(all, '10.1.2.99')).toBe('near')
    expect(way(all, '10.1.3.99')).toBe('wide')
    expect(way(all, '10.9.0.1')).toBe('near')
    expect(way(all, '192.0.2.1')).toBe('wide')
    expect(way(all, 'fd00::1')).toBe('same')
    expect(way(all, 'fd01::1')).toBeUndefined()
    expect(way(all.toReversed(), '10.1.3.99')).toBe('same')
  })

  it('to an own address is its own network, to a group or this host the first', () => {
    const all = [network('one', ['10.1.2.5/24']), network('two', ['10.1.0.5/16'])]
    expect(way(all, '10.1.0.5')).toBe('two')
    for (const to of ['239.1.1.1', '255.255.255.255', '127.0.0.1', 'ff02::1', 'fe80::1', '::1'])
      expect(way(all, to)).toBe('one')
    expect(way([], '10.1.2.3')).toBeUndefined()
  })
})
