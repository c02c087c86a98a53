import { fixtures } from 'rxzt/testing'
import type { ZtsEventMessage } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { codes, staged } from './staged.ts'

const identity = fixtures.identities.at(-1)!

describe('the calls of older headers', () => {
  it('start with all that there is to say, or not at all', async () => {
    await using stage = await staged(101)
    const zts = stage.make()
    const handler = (): void => undefined
    const wrong: readonly (readonly unknown[])[] = [
      ['', handler, 0],
      ['home', null, 0],
      ['home', handler, -1],
    ]
    for (const args of wrong) expect(await zts.zts_start(...(args as [never, never, never]))).toBe(zts.ZTS_ERR_ARG)
    expect(await zts.zts_start_with_identity('x', handler, 0)).toBe(zts.ZTS_ERR_ARG)
    expect(await stage.net.until(zts.zts_start_with_identity(identity, handler, 0))).toBe(0)
    expect(await zts.zts_start_with_identity(identity, handler, 0)).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.zts_get_node_identity()).toEqual({ err: 0, key: identity })
  })

  it('restart as the same node, with the same handler', async () => {
    await using stage = await staged(102)
    const zts = stage.make()
    const heard: ZtsEventMessage[] = []
    expect(await zts.zts_restart()).toBe(zts.ZTS_ERR_SERVICE)
    await stage.net.until(zts.zts_start_with_identity(identity, (message) => heard.push(message), 0))
    const id = zts.zts_get_node_id()
    expect(await stage.net.until(zts.zts_restart())).toBe(0)
    expect(zts.zts_get_node_id()).toBe(id)
    await stage.net.advance(2_000)
    expect(codes(heard).filter((code) => code >= 200 && code <= 206)).toEqual([200, 203, 206, 200, 201])
  })

  it('tell states by the codes of events', async () => {
    await using stage = await staged(103)
    const zts = stage.make()
    const asked = () => [
      zts.zts_get_node_status(),
      zts.zts_get_network_status(stage.id),
      zts.zts_get_peer_status(1n),
      zts.zts_get_all_network_details().err,
      zts.zts_get_peers().err,
      zts.zts_leave_all(),
    ]
    expect(asked()).toEqual(Array(6).fill(zts.ZTS_ERR_SERVICE))
    await stage.net.until(zts.zts_node_start())
    expect(asked()).toEqual([zts.ZTS_STATE_NODE_OFFLINE, -4, -4, 0, 0, 0])
    zts.zts_join(stage.id)
    expect(zts.zts_get_network_status(stage.id)).toBe(zts.ZTS_STATE_NETWORK_REQUESTING_CONFIG)
    await stage.net.advance(5_000)
    expect([zts.zts_get_node_status(), zts.zts_get_network_status(stage.id)]).toEqual([201, 213])
    const { pds } = zts.zts_get_peers()
    expect(zts.zts_get_peer(pds[0]!.peer_id)).toEqual({ err: 0, pd: pds[0] })
    expect(zts.zts_get_peer_status(pds[0]!.peer_id)).toBe(zts.ZTS_STATE_PEER_DIRECT)
    expect(zts.zts_get_peer(0n)).toEqual({ err: zts.ZTS_ERR_ARG, pd: null })
  })

  it('fill in the older structures of networks, and leave them all', async () => {
    await using stage = await staged(104)
    const zts = await stage.joined()
    const { nd } = zts.zts_get_network_details(stage.id)
    expect(nd).toMatchObject({ nwid: stage.id, num_routes: 1, num_addresses: nd!.assigned_addrs.length })
    expect(nd!.addr).toBe(nd!.assigned_addrs)
    expect(zts.zts_get_all_network_details()).toEqual({ err: 0, nds: [nd], num: 1 })
    expect(zts.zts_leave_all()).toBe(0)
    expect(zts.zts_get_all_network_details()).toEqual({ err: 0, nds: [], num: 0 })
    expect(zts.zts_get_network_details(stage.id)).toEqual({ err: zts.ZTS_ERR_NO_RESULT, nd: null })
  })
})
