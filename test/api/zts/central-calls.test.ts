import { central } from 'rxzt/central'
import { createZts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { CentralServer } from '../../support/central-server.ts'

describe('the calls to the hosted controller', () => {
  it('need to be told where and as whom, and are told no nonsense', async () => {
    const zts = createZts()
    const token = 'x'.repeat(32)
    expect(await zts.zts_central_status_get()).toEqual({ err: zts.ZTS_ERR_SERVICE, http_resp_code: 0 })
    for (const [url, given] of [
      ['', token],
      ['no url', token],
      ['https://my.zerotier.com', 'short'],
      [null, token],
    ])
      expect(zts.zts_central_init(url as string, given as string)).toBe(zts.ZTS_ERR_ARG)
    expect(zts.error?.message ?? '').not.toContain(token)
    expect(zts.zts_central_init(zts.ZTS_CENTRAL_DEFAULT_URL, token)).toBe(0)
    expect([zts.zts_central_set_access_mode(0), zts.zts_central_set_access_mode(4)]).toEqual([-3, -3])
    expect([zts.zts_central_set_verbose(1), zts.zts_central_set_verbose(2)]).toEqual([0, -3])
    expect(await zts.zts_central_net_get(0n)).toEqual({ err: zts.ZTS_ERR_ARG, http_resp_code: 0 })
    expect(await zts.zts_central_member_get(1n, 1 as never)).toEqual({ err: zts.ZTS_ERR_ARG, http_resp_code: 0 })
    expect(
      JSON.stringify({ ...zts, error: zts.error }, (_, x) => (typeof x === 'function' ? `${x}` : x)),
    ).not.toContain(token)
  })

  it('do what they say, with the code and the text of each answer', async () => {
    await using server = await CentralServer.start()
    const made = await central({ token: server.token, url: server.url }).createNetwork({ config: { name: 'office' } })
    const [id, node] = [BigInt(`0x${made.id}`), 0xe9cc9ee8c7n]
    const zts = createZts()
    expect(zts.zts_central_init(server.oldUrl.replace(/\/api$/, ''), server.token)).toBe(0)
    const answer = () => JSON.parse(zts.zts_central_get_last_resp_buf().resp)
    const well = { err: 0, http_resp_code: 200 }

    expect(await zts.zts_central_status_get()).toEqual(well)
    expect(await zts.zts_central_self_get()).toEqual(well)
    expect(await zts.zts_central_net_get_all()).toEqual(well)
    expect(answer()).toMatchObject([{ id: made.id }])
    expect(await zts.zts_central_net_get(id)).toEqual(well)
    expect(answer()).toMatchObject({ config: { name: 'office' } })
    expect(await zts.zts_central_net_get(5n)).toEqual({ err: 0, http_resp_code: 404 })

    const asked = server.requests.length
    expect(await zts.zts_central_node_auth(id, node, 1)).toEqual({ err: zts.ZTS_ERR_SERVICE, http_resp_code: 0 })
    expect(server.requests.length).toBe(asked)
    expect(zts.zts_central_set_access_mode(zts.ZTS_CENTRAL_READ | zts.ZTS_CENTRAL_WRITE)).toBe(0)
    expect(await zts.zts_central_node_auth(id, node, 1)).toEqual(well)
    expect(await zts.zts_central_member_get(id, node)).toEqual(well)
    expect(answer()).toMatchObject({ config: { authorized: true } })
    expect(await zts.zts_central_node_auth(id, node, 2)).toEqual({ err: zts.ZTS_ERR_ARG, http_resp_code: 0 })
    expect(await zts.zts_central_member_update(id, node, '{ "name": "printer" }')).toEqual(well)
    expect(await zts.zts_central_member_update(id, node, 'no JSON')).toEqual({ err: -3, http_resp_code: 0 })
    expect(await zts.zts_central_net_get_members(id)).toEqual(well)
    expect(answer()).toMatchObject([{ name: 'printer' }])
    expect(await zts.zts_central_net_update(id, '{ "description": "third floor" }')).toEqual(well)
    expect(await zts.zts_central_net_delete(id)).toEqual(well)

    zts.zts_central_clear_resp_buf()
    expect(zts.zts_central_get_last_resp_buf().resp).toBe('')
    server.fail('break')
    expect(await zts.zts_central_status_get()).toEqual({ err: zts.ZTS_ERR_SERVICE, http_resp_code: 0 })
    expect(zts.error?.message).toMatch(/no answer from 127.0.0.1.* — check the connection/)
    expect(zts.error?.message).not.toContain(server.token)
    zts.zts_central_cleanup()
    expect((await zts.zts_central_status_get()).err).toBe(zts.ZTS_ERR_SERVICE)
  })
})
