import { describe, expect, it } from 'vitest'
import { staged } from './staged.ts'

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
