import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { of, Subject } from 'rxjs'
import type { NodeOptions } from 'rxzt'
import { udpLink } from 'rxzt/node'
import { fixtures, VirtualClock } from 'rxzt/testing'
import { createZts, type ZtsEventMessage } from 'rxzt/zts'
import { describe, expect, it, vi } from 'vitest'
import type { Link } from '../../../src/streams/link.ts'
import { memoryStore } from '../../../src/streams/store.ts'
import { codes, listen, staged } from './staged.ts'

const identity = fixtures.identities.at(-1)!

/** An instance on a link that hears nobody, and breaks when `incoming$` does. */
const brittle = (node: NodeOptions) => {
  const incoming$ = new Subject<never>()
  const link: Link = {
    name: 'brittle',
    incoming$,
    local$: of([{ socket: 1, address: '192.0.2.1', port: 9993 } as never]),
    send: () => undefined,
    close: async () => undefined,
  }
  return { zts: createZts({ link: () => link, node: { scheduler: new VirtualClock(), ...node } }), incoming$ }
}

describe('the life of a node', () => {
  it('goes from start to online, and knows nothing of itself before and after', async () => {
    await using stage = await staged(41)
    const { net } = stage
    const zts = stage.make()
    const asked = () => [
      zts.zts_node_is_online(),
      zts.zts_node_get_id(),
      zts.zts_node_get_port(),
      zts.zts_node_get_id_pair().err,
    ]
    const nothing = [0, 0n, zts.ZTS_ERR_SERVICE, zts.ZTS_ERR_SERVICE]
    expect(asked()).toEqual(nothing)
    expect(await net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_OK)
    await net.advance(1_000)
    expect(zts.zts_node_is_online()).toBe(1)
    expect(zts.zts_node_get_port()).toBe(9993)
    const { err, key } = zts.zts_node_get_id_pair()
    expect(err).toBe(zts.ZTS_ERR_OK)
    expect(BigInt(`0x${key.slice(0, 10)}`)).toBe(zts.zts_node_get_id())
    expect(await zts.zts_id_pair_is_valid(key)).toBe(1)
    expect(await net.until(zts.zts_node_stop())).toBe(zts.ZTS_ERR_OK)
    expect(asked()).toEqual(nothing)
  })

  it('cannot be begun twice, nor ended twice', async () => {
    await using stage = await staged(42)
    const zts = stage.make()
    expect(await zts.zts_node_stop()).toBe(zts.ZTS_ERR_SERVICE)
    const results = await stage.net.until(Promise.all([zts.zts_node_start(), zts.zts_node_start()]))
    expect(results).toEqual([zts.ZTS_ERR_OK, zts.ZTS_ERR_SERVICE])
    const ends = await stage.net.until(Promise.all([zts.zts_node_stop(), zts.zts_node_stop(), zts.zts_node_start()]))
    expect(ends).toEqual([zts.ZTS_ERR_OK, zts.ZTS_ERR_SERVICE, zts.ZTS_ERR_SERVICE])
  })

  it('can be ended while it begins', async () => {
    await using stage = await staged(43)
    const zts = stage.make()
    const heard = listen(zts)
    const started = zts.zts_node_start()
    expect(await stage.net.until(zts.zts_node_stop())).toBe(zts.ZTS_ERR_OK)
    expect(await started).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.zts_node_get_id()).toBe(0n)
    expect(codes(heard)).toEqual([])
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_OK)
  })

  it('begins again after free, as somebody else where nothing was kept', async () => {
    await using stage = await staged(44)
    const zts = stage.make()
    await stage.net.until(zts.zts_node_start())
    const first = zts.zts_node_get_id()
    expect(await stage.net.until(zts.zts_node_free())).toBe(zts.ZTS_ERR_OK)
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_OK)
    expect(zts.zts_node_get_id()).not.toBe(first)
  })

  it('goes on as itself, in its networks, where a store kept them', async () => {
    await using stage = await staged(45)
    const store = memoryStore([[{ kind: 'identity.secret' }, new TextEncoder().encode(identity)]])
    const zts = await stage.joined({ node: { store } })
    const id = zts.zts_node_get_id()
    await stage.net.until(zts.zts_node_stop())
    await stage.net.until(zts.zts_node_start())
    expect(zts.zts_node_get_id()).toBe(id)
    expect(zts.zts_net_get_name(stage.id)).toMatchObject({ err: 0, name: 'open' })
  })

  it('forgets what init said when it ends', async () => {
    await using stage = await staged(46)
    const zts = stage.make()
    const heard = listen(zts)
    zts.zts_init_from_memory(identity)
    await stage.net.until(zts.zts_node_start())
    const id = zts.zts_node_get_id()
    await stage.net.until(zts.zts_node_stop())
    const said = heard.length
    await stage.net.until(zts.zts_node_start())
    expect(zts.zts_node_get_id()).not.toBe(id)
    expect(heard.length).toBe(said)
  })

  it('says why it could not begin, by result, error and event', async () => {
    await using stage = await staged(47)
    const zts = stage.make({ node: { planet: new Uint8Array(3) } })
    const heard = listen(zts)
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.error?.message).toMatch(/planet of 3 bytes is no planet: .* — /)
    expect(codes(heard)).toEqual([zts.ZTS_EVENT_NODE_FATAL_ERROR])
    expect(heard[0]!.error).toBe(zts.error)
    expect(await zts.zts_node_stop()).toBe(zts.ZTS_ERR_SERVICE)
  })

  it('ends by itself where its link breaks, and takes its sockets with it', async () => {
    const { zts, incoming$ } = brittle({})
    const heard = listen(zts)
    zts.zts_init_from_memory(identity)
    expect(await zts.zts_node_start()).toBe(0)
    const fd = zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
    const reading = zts.zts_recv(fd, new Uint8Array(1), 0)
    incoming$.error(new Error('gone'))
    expect(await reading).toBe(-1)
    await vi.waitUntil(() => heard.at(-1)?.event_code === zts.ZTS_EVENT_STACK_DOWN)
    expect(codes(heard).slice(-2)).toEqual([zts.ZTS_EVENT_NODE_FATAL_ERROR, zts.ZTS_EVENT_STACK_DOWN])
    expect(heard.at(-2)!.error!.message).toMatch(/brittle.* — /)
    expect([zts.zts_node_get_id(), await zts.zts_node_stop()]).toEqual([0n, zts.ZTS_ERR_SERVICE])
  })

  it('says that its store did not close, and is down all the same', async () => {
    const close = async (): Promise<void> => {
      throw new Error('disk is gone')
    }
    const { zts } = brittle({ store: { ...memoryStore(), close } })
    const heard = listen(zts)
    zts.zts_init_from_memory(identity)
    await zts.zts_node_start()
    expect(await zts.zts_node_stop()).toBe(zts.ZTS_ERR_GENERAL)
    expect(zts.error?.message).toMatch(/disk is gone/)
    expect(codes(heard).slice(-2)).toEqual([zts.ZTS_EVENT_NODE_DOWN, zts.ZTS_EVENT_STACK_DOWN])
    expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_OK)
    await zts.zts_node_stop()
  })

  it('says that arguments are wrong where init was told what does not go together', async () => {
    await using stage = await staged(48)
    const zts = stage.make()
    zts.zts_init_force_tcp_relay(1)
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_ARG)
    expect(zts.error?.message).toMatch(/no endpoint — name the relay/)
  })

  it('sends everything through the relay where that is what was asked for', async () => {
    await using stage = await staged(49)
    const { endpoint } = stage.net.tcpRelay()
    const zts = stage.make()
    zts.zts_init_set_tcp_relay(endpoint.address, endpoint.port)
    zts.zts_init_force_tcp_relay(1)
    let straight = 0
    await stage.net.until(zts.zts_node_start())
    const plain = stage.net.wire$.subscribe(({ from }) => {
      if (from.address === '100.64.0.3') straight++
    })
    await stage.net.advance(5_000)
    plain.unsubscribe()
    expect(straight).toBe(0)
  })

  it('keeps a home directory and binds UDP in Node', async () => {
    const home = mkdtempSync(join(tmpdir(), 'rxzt-zts-'))
    const zts = createZts({ link: ({ port, secondary }) => udpLink({ address: '127.0.0.1', port, secondary }) })
    try {
      zts.zts_init_from_storage(home)
      zts.zts_init_from_memory(identity)
      expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_OK)
      expect(zts.zts_node_get_port()).toBeGreaterThan(0)
      zts.zts_net_join(zts.zts_net_compute_adhoc_id(80, 80))
      expect(zts.zts_net_transport_is_ready(zts.zts_net_compute_adhoc_id(80, 80))).toBe(1)
      expect(await zts.zts_node_stop()).toBe(zts.ZTS_ERR_OK)
      expect(readdirSync(home)).toContain('networks.d')
    } finally {
      await zts.zts_node_stop()
      rmSync(home, { recursive: true })
    }
  })
})

describe('createZts', () => {
  it('refuses options that it does not know', () => {
    expect(() => createZts({ nett: 1 } as never)).toThrow(/nett .* is not valid — there is no such option/)
    expect(() => createZts({ net: {} } as never)).toThrow(/net .* is not valid — pass what virtualNet\(\) gave/)
  })
})

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
