import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { udpLink } from 'rxzt/node'
import { fixtures } from 'rxzt/testing'
import { createZts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/streams/store.ts'
import { codes, listen, staged } from './staged.ts'

const [IDENTITY = ''] = fixtures.identities.slice(-1)

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
    const store = memoryStore([[{ kind: 'identity.secret' }, new TextEncoder().encode(IDENTITY)]])
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
    zts.zts_init_from_memory(IDENTITY)
    await stage.net.until(zts.zts_node_start())
    const id = zts.zts_node_get_id()
    await stage.net.until(zts.zts_node_stop())
    const said = heard.length
    await stage.net.until(zts.zts_node_start())
    expect(zts.zts_node_get_id()).not.toBe(id)
    expect(heard.length).toBe(said)
  })

  it('ends by itself when it cannot go on, says so, and can begin again', async () => {
    await using stage = await staged(47)
    const zts = stage.make({ node: { planet: new Uint8Array(3) } })
    const heard = listen(zts)
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.error?.message).toMatch(/planet of 3 bytes is no planet: .* — /)
    expect(codes(heard)).toEqual([zts.ZTS_EVENT_NODE_FATAL_ERROR])
    expect(heard[0]!.error).toBe(zts.error)
    expect(await zts.zts_node_stop()).toBe(zts.ZTS_ERR_SERVICE)
  })

  it('says that arguments are wrong where init was told what does not go together', async () => {
    await using stage = await staged(48)
    const zts = stage.make()
    zts.zts_init_force_tcp_relay(1)
    expect(await stage.net.until(zts.zts_node_start())).toBe(zts.ZTS_ERR_ARG)
    expect(zts.error?.message).toMatch(/no endpoint — name the relay/)
  })

  it('keeps a home directory and binds UDP in Node', async () => {
    const home = mkdtempSync(join(tmpdir(), 'rxzt-zts-'))
    const zts = createZts({ link: ({ port, secondary }) => udpLink({ address: '127.0.0.1', port, secondary }) })
    try {
      zts.zts_init_from_storage(home)
      zts.zts_init_from_memory(IDENTITY)
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
