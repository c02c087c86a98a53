import { fixtures } from 'rxzt/testing'
import type { Zts, ZtsEventMessage } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/streams/store.ts'
import { openNetwork } from '../../support/virtual-pair.ts'
import { codes, listen, staged } from './staged.ts'

const before = (heard: readonly ZtsEventMessage[], first: number, then: number): boolean => {
  const [a, b] = [codes(heard).indexOf(first), codes(heard).indexOf(then)]
  return a >= 0 && a < b
}
const of = (heard: readonly ZtsEventMessage[], code: number): ZtsEventMessage | undefined =>
  heard.find(({ event_code }) => event_code === code)

describe('events', () => {
  it('come in the promised order, from what is to be kept to the end of the stack', async () => {
    await using stage = await staged(51)
    const zts = stage.make()
    const heard = listen(zts)
    await stage.net.until(zts.zts_node_start())
    zts.zts_net_join(stage.id)
    await stage.net.advance(3_000)
    zts.zts_net_leave(stage.id)
    await stage.net.until(zts.zts_node_stop())
    const { ZTS_EVENT_NODE_UP: UP, ZTS_EVENT_NETWORK_OK: OK, ZTS_EVENT_NETWORK_DOWN: DOWN } = zts
    expect(codes(heard).slice(0, 5)).toEqual([270, 271, 272, UP, zts.ZTS_EVENT_STACK_UP])
    for (const [first, then] of [
      [UP, zts.ZTS_EVENT_NODE_ONLINE],
      [zts.ZTS_EVENT_NETWORK_REQ_CONFIG, OK],
      [OK, zts.ZTS_EVENT_NETIF_UP],
      [zts.ZTS_EVENT_NETIF_UP, zts.ZTS_EVENT_NETIF_LINK_UP],
      [OK, zts.ZTS_EVENT_ADDR_ADDED_IP4],
      [OK, zts.ZTS_EVENT_ROUTE_ADDED],
      [zts.ZTS_EVENT_ADDR_ADDED_IP4, zts.ZTS_EVENT_NETWORK_READY_IP4],
      [zts.ZTS_EVENT_ADDR_ADDED_IP6, zts.ZTS_EVENT_NETWORK_READY_IP6],
      [zts.ZTS_EVENT_NETIF_LINK_DOWN, zts.ZTS_EVENT_NETIF_DOWN],
      [zts.ZTS_EVENT_NETIF_DOWN, zts.ZTS_EVENT_NETIF_REMOVED],
      [zts.ZTS_EVENT_NETIF_REMOVED, DOWN],
    ] as const)
      expect(before(heard, first, then), `${first} before ${then}`).toBe(true)
    expect(codes(heard).slice(-3)).toEqual([DOWN, zts.ZTS_EVENT_NODE_DOWN, zts.ZTS_EVENT_STACK_DOWN])
  })

  it('carry what they are about, under the names of both headers, and null for the rest', async () => {
    await using stage = await staged(52)
    const zts = stage.make()
    const heard = listen(zts)
    await stage.net.until(zts.zts_node_start())
    zts.zts_net_join(stage.id)
    await stage.net.advance(3_000)
    const up = of(heard, zts.ZTS_EVENT_NODE_UP)!
    expect(up.eventCode).toBe(200)
    expect(up.node!.node_id).toBe(zts.zts_node_get_id())
    expect(up.node!.address).toBe(up.node!.node_id)
    expect([up.network, up.netif, up.route, up.peer, up.addr, up.cache, up.len]).toEqual([...Array(6).fill(null), 0])
    expect(Object.keys(up)).not.toContain('eventCode')

    const online = of(heard, zts.ZTS_EVENT_NODE_ONLINE)!.node!
    expect(online).toMatchObject({ port_primary: 9993, primaryPort: 9993, port_tertiary: 0, ver_major: 1 })
    const { network } = of(heard, zts.ZTS_EVENT_NETWORK_READY_IP4)!
    expect(network).toMatchObject({ net_id: stage.id, nwid: stage.id, name: 'open', mtu: 2800, status: 1, type: 1 })
    expect(network!.mac).toBe(zts.zts_net_get_mac(stage.id))
    expect(network!.assigned_addrs.length).toBe(network!.assigned_addr_count)
    const { netif } = of(heard, zts.ZTS_EVENT_NETIF_UP)!
    expect(netif).toEqual({ net_id: stage.id, mac: network!.mac, mtu: 2800 })
    const { route } = of(heard, zts.ZTS_EVENT_ROUTE_ADDED)!
    expect(route).toMatchObject({ target: { family: 2, addr: '10.144.0.0', port: 24 }, via: { family: 0 } })
    const { addr } = of(heard, zts.ZTS_EVENT_ADDR_ADDED_IP4)!
    expect(addr).toMatchObject({ net_id: stage.id, addr: { family: 2, port: 24 } })
    const { peer, path } = of(heard, zts.ZTS_EVENT_PEER_PATH_DISCOVERED)!
    expect(peer!.role).toBe(zts.ZTS_PEER_ROLE_PLANET)
    expect(peer!.paths[0]!.address).toMatchObject({ family: 2, port: 9993 })
    expect(path!.address).toEqual(peer!.paths[0]!.address)
  })

  it('come in a microtask, after the call that caused them has returned', async () => {
    await using stage = await staged(53)
    const zts = stage.make()
    const heard = listen(zts)
    await stage.net.until(zts.zts_node_start())
    const said = heard.length
    zts.zts_net_join(stage.id)
    expect(heard.length).toBe(said)
    await Promise.resolve()
    expect(codes(heard.slice(said))).toEqual([zts.ZTS_EVENT_NETWORK_REQ_CONFIG])
  })

  it('tell of being let in and put out, once for each change', async () => {
    await using stage = await staged(54, { ...openNetwork, private: true })
    const zts = stage.make()
    const heard = listen(zts)
    await stage.net.until(zts.zts_node_start())
    zts.zts_net_join(stage.id)
    await stage.net.advance(3_000)
    const { controller } = stage
    const hosted = stage.id.toString(16).padStart(16, '0')
    const about = () => codes(heard).filter((code) => code >= 210 && code < 240 && code !== 220)
    expect(about()).toEqual([zts.ZTS_EVENT_NETWORK_REQ_CONFIG, zts.ZTS_EVENT_NETWORK_ACCESS_DENIED])
    expect(zts.zts_net_get_status(stage.id)).toBe(zts.ZTS_NETWORK_STATUS_ACCESS_DENIED)
    const node = zts.zts_node_get_id().toString(16).padStart(10, '0')
    await controller.authorize(hosted, node)
    await stage.net.advance(3_000)
    await controller.deauthorize(hosted, node)
    await stage.net.advance(3_000)
    await controller.authorize(hosted, node)
    await stage.net.advance(3_000)
    expect(about().filter((code) => code === zts.ZTS_EVENT_NETIF_UP)).toHaveLength(1)
    expect(about().filter((code) => code === zts.ZTS_EVENT_NETIF_LINK_UP)).toHaveLength(2)
    expect(about().filter((code) => code === zts.ZTS_EVENT_NETIF_LINK_DOWN)).toHaveLength(1)
    expect(about().filter((code) => code === zts.ZTS_EVENT_NETWORK_ACCESS_DENIED)).toHaveLength(2)
  })

  it('tell older programs of the end in the older way, too', async () => {
    await using stage = await staged(55)
    const zts = stage.make()
    const heard: ZtsEventMessage[] = []
    await stage.net.until(zts.zts_start_with_identity(fixtures.identities.at(-1)!, (m) => heard.push(m), 9993))
    await stage.net.until(zts.zts_stop())
    expect(codes(heard).slice(-3)).toEqual([203, zts.ZTS_EVENT_NODE_NORMAL_TERMINATION, 221])
  })
})

describe('what is to be kept', () => {
  const played = async (seed: number, say: (zts: Zts) => void) => {
    await using stage = await staged(seed)
    const store = memoryStore([[{ kind: 'identity.secret' }, new TextEncoder().encode(fixtures.identities.at(-1)!)]])
    const zts = stage.make({ node: { store } })
    const heard = listen(zts)
    say(zts)
    await stage.net.until(zts.zts_node_start())
    zts.zts_net_join(stage.id)
    await stage.net.advance(3_000)
    await stage.net.until(zts.zts_node_stop())
    return { heard, store }
  }

  it('is told of with its bytes, and makes another program the same node', async () => {
    await using stage = await staged(56)
    const zts = stage.make()
    const heard = listen(zts)
    await stage.net.until(zts.zts_node_start())
    const text = (code: number): string => new TextDecoder().decode(of(heard, code)!.cache!)
    const secret = text(zts.ZTS_EVENT_STORE_IDENTITY_SECRET)
    expect(secret).toBe(zts.zts_node_get_id_pair().key)
    expect(of(heard, zts.ZTS_EVENT_STORE_IDENTITY_SECRET)!.len).toBe(270)
    expect(secret.startsWith(text(zts.ZTS_EVENT_STORE_IDENTITY_PUBLIC))).toBe(true)
    expect(of(heard, zts.ZTS_EVENT_STORE_IDENTITY_PUBLIC)!.len).toBe(141)
    const id = zts.zts_node_get_id()
    await stage.net.until(zts.zts_node_stop())

    expect(zts.zts_init_from_memory(secret)).toBe(0)
    expect(zts.zts_init_set_roots(of(heard, zts.ZTS_EVENT_STORE_PLANET)!.cache!)).toBe(0)
    await stage.net.until(zts.zts_node_start())
    await stage.net.advance(2_000)
    expect([zts.zts_node_get_id(), zts.zts_node_is_online()]).toEqual([id, 1])
  })

  it('is told of by kind, and no identity that was there before', async () => {
    const { heard, store } = await played(57, () => undefined)
    expect(codes(heard)).not.toContain(270)
    expect(codes(heard)).toEqual(expect.arrayContaining([272, 273, 274]))
    expect(codes(heard).slice(-2)).toEqual([203, 221])
    expect(of(heard, 273)!.cache!.length).toBe(of(heard, 273)!.len)
    expect(await store.list('network')).toHaveLength(1)
    expect((await store.list('peer')).length).toBeGreaterThan(0)
  })

  it('is told of but not kept where that is not allowed', async () => {
    const { heard, store } = await played(58, (zts) => {
      zts.zts_init_allow_net_cache(0)
      zts.zts_init_allow_peer_cache(0)
      zts.zts_init_allow_roots_cache(false)
      zts.zts_init_allow_id_cache(false)
    })
    expect(codes(heard)).toEqual(expect.arrayContaining([272, 273, 274]))
    const kept = await Promise.all((['network', 'peer', 'planet', 'moon'] as const).map((kind) => store.list(kind)))
    expect(kept.flat()).toEqual([])
    expect(await store.get({ kind: 'identity.public' })).toBeUndefined()
  })
})
