import { createZts, type Zts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { staged } from './staged.ts'

const family = { v4: 2, v6: 10 }
/** Every question about a network. */
const questions = (zts: Zts, id: bigint) => ({
  status: zts.zts_net_get_status(id),
  type: zts.zts_net_get_type(id),
  mtu: zts.zts_net_get_mtu(id),
  broadcast: zts.zts_net_get_broadcast(id),
  name: zts.zts_net_get_name(id).err,
  macText: zts.zts_net_get_mac_str(id).err,
  addr: zts.zts_addr_get(id, family.v4).err,
  addrText: zts.zts_addr_get_str(id, family.v4).err,
  addrs: zts.zts_addr_get_all(id).err,
  addrCount: zts.zts_core_query_addr_count(id),
  addrItem: zts.zts_core_query_addr(id, 0).err,
  routeCount: zts.zts_core_query_route_count(id),
  routeItem: zts.zts_core_query_route(id, 0).err,
  groupCount: zts.zts_core_query_mc_count(id),
  groupItem: zts.zts_core_query_mc(id, 0).err,
})
const all = (zts: Zts, id: bigint): readonly number[] => [...new Set(Object.values(questions(zts, id)))]

describe('networks', () => {
  it('are unknown until there is a node, and then until they are joined', async () => {
    await using stage = await staged(71)
    const zts = stage.make()
    expect(all(zts, stage.id)).toEqual([zts.ZTS_ERR_SERVICE])
    expect([zts.zts_net_join(stage.id), zts.zts_net_leave(stage.id)]).toEqual([-2, -2])
    expect(zts.zts_moon_orbit(1n, 1n)).toBe(zts.ZTS_ERR_SERVICE)
    await stage.net.until(zts.zts_node_start())
    expect(all(zts, stage.id)).toEqual([zts.ZTS_ERR_NO_RESULT])
    expect(zts.zts_net_get_mac(stage.id)).toBe(0n)
    expect(zts.zts_net_transport_is_ready(stage.id)).toBe(0)
    expect(zts.zts_addr_is_assigned(stage.id, family.v4)).toBe(0)
    expect(zts.zts_net_leave(stage.id)).toBe(zts.ZTS_ERR_OK)
  })

  it('answer every question once they are joined, and none once they are left', async () => {
    await using stage = await staged(72)
    const zts = stage.make()
    await stage.net.until(zts.zts_node_start())
    zts.zts_net_join(stage.id)
    expect(zts.zts_net_join(stage.id)).toBe(zts.ZTS_ERR_OK)
    expect(questions(zts, stage.id)).toMatchObject({ status: 0, type: 0, mtu: 2800, name: 0, addr: -4, addrs: -4 })
    await stage.net.advance(2_000)
    const node = zts.zts_node_get_id()
    expect(questions(zts, stage.id)).toMatchObject({ status: 1, type: 1, mtu: 2800, broadcast: 1, name: 0, addr: 0 })
    expect(zts.zts_net_get_name(stage.id).name).toBe('open')
    const v4 = zts.zts_addr_get(stage.id, family.v4).addr
    expect(v4).toMatchObject({ family: family.v4, port: 24 })
    expect(zts.zts_addr_get_str(stage.id, family.v4)).toEqual({ err: 0, str: v4.addr })
    const { addrs } = zts.zts_addr_get_all(stage.id)
    expect(addrs.map(({ addr }) => addr)).toEqual(
      expect.arrayContaining([
        v4.addr,
        zts.zts_addr_compute_6plane_str(stage.id, node).str,
        zts.zts_addr_compute_rfc4193_str(stage.id, node).str,
      ]),
    )
    expect(zts.zts_core_query_addr_count(stage.id)).toBe(addrs.length)
    expect(addrs.map((_, i) => zts.zts_core_query_addr(stage.id, i).str.toUpperCase())).toEqual(
      addrs.map(({ addr }) => addr),
    )
    expect(zts.zts_core_query_addr(stage.id, addrs.length).err).toBe(zts.ZTS_ERR_ARG)
    expect(zts.zts_core_query_route(stage.id, 0)).toEqual({
      ...{ err: 0, target: '10.144.0.0', via: '0.0.0.0', flags: 0, metric: 0 },
    })
    expect(zts.zts_core_query_mc(stage.id, 0)).toMatchObject({ err: 0 })
    expect(zts.zts_core_query_mc_count(stage.id)).toBeGreaterThan(0)
    const ready = [zts.zts_addr_is_assigned(stage.id, 2), zts.zts_addr_is_assigned(stage.id, 10)]
    expect([...ready, zts.zts_route_is_assigned(stage.id, 2), zts.zts_route_is_assigned(stage.id, 10)]).toEqual([
      1, 1, 1, 0,
    ])
    expect(zts.zts_net_transport_is_ready(stage.id)).toBe(1)
    zts.zts_net_leave(stage.id)
    expect(all(zts, stage.id)).toEqual([zts.ZTS_ERR_NO_RESULT])
  })

  it('have a MAC as a number, and as text without zeros in front', async () => {
    await using stage = await staged(73)
    const zts = await stage.joined()
    const mac = zts.zts_net_get_mac(stage.id)
    const padded = mac.toString(16).padStart(12, '0').match(/../g)!
    expect(zts.zts_net_get_mac_str(stage.id).str).toBe(padded.map((x) => x.replace(/^0/, '')).join(':'))
  })

  it('are known by 64 bits: everything else is no ID', async () => {
    await using stage = await staged(74)
    const zts = await stage.joined()
    for (const id of [0n, -1n, 1n << 64n, Number(stage.id), stage.id.toString(16), null, undefined] as never[]) {
      expect(zts.zts_net_join(id)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_net_leave(id)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_addr_is_assigned(id, 2)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_addr_get(id, 2).err).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_addr_get_all(id).err).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_addr_compute_6plane(id, 1n).err).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_net_transport_is_ready(id)).toBe(0)
      expect(zts.zts_moon_orbit(id, 1n)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_moon_deorbit(id)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_get_network_details(id).err).toBe(zts.ZTS_ERR_ARG)
    }
    expect(zts.zts_moon_orbit(1n, 1n << 40n)).toBe(zts.ZTS_ERR_ARG)
    expect([zts.zts_moon_orbit(7n, 0x8056c2e21cn), zts.zts_moon_deorbit(7n)]).toEqual([0, 0])
  })

  it('have no addresses of families that there are not', async () => {
    await using stage = await staged(75)
    const zts = await stage.joined()
    for (const unknown of [0, 3, 99]) {
      expect(zts.zts_addr_is_assigned(stage.id, unknown)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_route_is_assigned(stage.id, unknown)).toBe(zts.ZTS_ERR_ARG)
      expect(zts.zts_addr_get(stage.id, unknown)).toMatchObject({ err: zts.ZTS_ERR_ARG, addr: { family: 0 } })
      expect(zts.zts_addr_get_str(stage.id, unknown)).toEqual({ err: zts.ZTS_ERR_ARG, str: '' })
    }
  })

  it('of everybody need no controller', async () => {
    await using stage = await staged(76)
    const zts = stage.make()
    await stage.net.until(zts.zts_node_start())
    const id = zts.zts_net_compute_adhoc_id(80, 443)
    expect(id).toBe(0xff005001bb000000n)
    zts.zts_net_join(id)
    expect(zts.zts_addr_get_str(id, 10)).toEqual(zts.zts_addr_compute_6plane_str(id, zts.zts_node_get_id()))
    expect([zts.zts_net_compute_adhoc_id(-1, 5), zts.zts_net_compute_adhoc_id(1, 65_536)]).toEqual([0n, 0n])
  })
})

describe('addresses that are computed', () => {
  it('are those of the schemes, as structure and as text', () => {
    const zts = createZts()
    const [net, node] = [0x8056c2e21c000001n, 0xe9cc9ee8c7n]
    expect(zts.zts_addr_compute_6plane(net, node)).toEqual({
      err: 0,
      addr: { family: 10, addr: 'FC9C:56C2:E3E9:CC9E:E8C7::1', port: 0 },
    })
    expect(zts.zts_addr_compute_rfc4193_str(net, node)).toEqual({
      err: 0,
      str: 'FD80:56C2:E21C:0:199:93E9:CC9E:E8C7',
    })
  })
})

describe('peers', () => {
  it('have paths that can be counted and read', async () => {
    await using stage = await staged(77)
    const zts = await stage.joined()
    const { pds, num } = zts.zts_get_peers()
    expect(num).toBe(pds.length)
    const root = pds.find(({ role }) => role === zts.ZTS_PEER_ROLE_PLANET)!
    expect(zts.zts_core_query_path_count(root.peer_id)).toBe(root.path_count)
    const { addr, port } = root.paths[0]!.address
    expect(zts.zts_core_query_path(root.peer_id, 0)).toEqual({ err: 0, str: `${addr}/${port}` })
    expect(zts.zts_core_query_path(root.peer_id, 9).err).toBe(zts.ZTS_ERR_ARG)
    expect(zts.zts_core_query_path_count(1n)).toBe(zts.ZTS_ERR_NO_RESULT)
    expect(zts.zts_core_query_path_count(0n)).toBe(zts.ZTS_ERR_ARG)
    expect([zts.zts_core_lock_obtain(), zts.zts_core_lock_release()]).toEqual([0, 0])
  })
})

describe('statistics', () => {
  it('need a node, and a protocol that there is', async () => {
    await using stage = await staged(91)
    const zts = stage.make()
    expect(zts.zts_stats_get_all().err).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.zts_get_all_stats().err).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.zts_get_protocol_stats(zts.ZTS_STATS_PROTOCOL_TCP).err).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.zts_get_protocol_stats(10).err).toBe(zts.ZTS_ERR_ARG)
  })

  it('count what came and went, in both structures alike', async () => {
    await using stage = await staged(92)
    const [zts, other] = [await stage.joined(), await stage.joined()]
    const { addr } = other.zts_addr_get(stage.id, zts.ZTS_AF_INET)
    const fd = zts.zts_bsd_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
    const ground = other.zts_bsd_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
    other.zts_bsd_bind(ground, { family: 2, addr: '0.0.0.0', port: 700 })
    for (let i = 0; i < 5; i++)
      await stage.net.until(zts.zts_bsd_sendto(fd, Uint8Array.of(1), 0, { family: 2, addr: addr.addr, port: 700 }))
    await stage.net.until(zts.zts_bsd_sendto(fd, Uint8Array.of(1), 0, { family: 2, addr: addr.addr, port: 701 }))
    await stage.net.advance(1_000)
    expect(zts.zts_stats_get_all().stats).toMatchObject({ udp_tx: 6, udp_rx: 0, icmp4_rx: 1, etharp_rx: 1 })
    const { stats } = other.zts_stats_get_all()
    expect(stats).toMatchObject({ udp_rx: 6, udp_drop: 1, udp_err: 1, icmp4_tx: 1 })
    expect(Object.keys(stats)).toHaveLength(36)
    const older = other.zts_get_all_stats().stats
    expect(older.udp).toMatchObject({ recv: 6, drop: 1, proterr: 1, fw: 0, err: 0 })
    expect(other.zts_get_protocol_stats(zts.ZTS_STATS_PROTOCOL_UDP)).toEqual({ err: 0, stats: older.udp })
    expect([older.link.recv, older.ip6.xmit, older.mld6.xmit]).toEqual([stats.link_rx, stats.ip6_tx, older.mld6.xmit])
    expect(Object.keys(older)).toHaveLength(14)
    expect(Object.keys(older.tcp)).toHaveLength(12)
    expect(Object.keys(older.igmp)).toHaveLength(14)
  })

  it('go on where a network is left, and begin anew with the node', async () => {
    await using stage = await staged(93)
    const zts = await stage.joined()
    const { link_tx } = zts.zts_stats_get_all().stats
    expect(link_tx).toBeGreaterThan(0)
    zts.zts_net_leave(stage.id)
    expect(zts.zts_stats_get_all().stats.link_tx).toBe(link_tx)
    await stage.net.until(zts.zts_node_stop())
    await stage.net.until(zts.zts_node_start())
    expect(zts.zts_stats_get_all().stats.link_tx).toBe(0)
  })
})
