import fc from 'fast-check'
import { central } from 'rxzt/central'
import { createPlanet, createSigningKey } from 'rxzt/controller'
import { fixtures, VirtualClock } from 'rxzt/testing'
import { createZts, type UdpSettings, type Zts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { CentralServer } from '../../support/central-server.ts'
import { staged } from './staged.ts'

const identity = fixtures.identities.at(-1)!
const publicHalf = identity.split(':').slice(0, 3).join(':')
const planet = createPlanet({
  id: 7n,
  timestamp: 1n,
  roots: [{ identity: publicHalf, endpoints: [{ address: '192.0.2.1', port: 9993 }] }],
  signingKey: createSigningKey(),
})

/** Each call with what it takes, and with what it does not. */
const calls: readonly (readonly [keyof Zts, readonly unknown[][], readonly unknown[][]])[] = [
  ['zts_init_from_storage', [['./home']], [[''], [null], ['a\0b'], [7]]],
  ['zts_init_from_memory', [[identity]], [[publicHalf], [''], [null], ['no identity']]],
  ['zts_init_set_event_handler', [[() => undefined]], [[null], ['handler']]],
  ['zts_init_set_port', [[0], [9993], [65_535]], [[-1], [65_536], [1.5], ['9993']]],
  [
    'zts_init_set_random_port_range',
    [
      [30_000, 31_000],
      [5, 5],
    ],
    [[31_000, 30_000], [0, 5], [1, 65_536], [1]],
  ],
  ['zts_init_allow_secondary_port', [[0], [1], [true]], [[2], [null]]],
  ['zts_init_allow_port_mapping', [[0], [1]], [[-1]]],
  ['zts_init_blacklist_if', [['eth'], ['en0']], [[''], ['sixteen-letters-'], [null]]],
  ['zts_init_set_roots', [[planet]], [[planet.slice(1)], [new Uint8Array(4097)], [null], [new Uint8Array(0)]]],
  ['zts_init_set_low_bandwidth_mode', [[1], [false]], [['yes']]],
  [
    'zts_init_set_tcp_relay',
    [['192.0.2.1', 443]],
    [
      ['fd00::1', 443],
      ['192.0.2.1', 0],
      ['relay', 443],
      [null, 1],
    ],
  ],
  ['zts_init_allow_tcp_relay', [[0], [1]], [[7]]],
  ['zts_init_force_tcp_relay', [[1], [0]], [[null]]],
  ['zts_init_allow_net_cache', [[0], [1]], [['0']]],
  ['zts_init_allow_peer_cache', [[0], [1]], [[undefined]]],
  ['zts_init_allow_roots_cache', [[0], [1]], [[3]]],
  ['zts_init_allow_id_cache', [[0], [1]], [[{}]]],
  ['zts_allow_network_caching', [[0], [1]], [[2]]],
  ['zts_allow_peer_caching', [[0], [1]], [[2]]],
  ['zts_set_peer_caching', [[0], [1]], [[2]]],
  ['zts_allow_local_conf', [[0], [1]], [[2]]],
  ['zts_disable_local_storage', [[1], [0]], [[2]]],
]

describe('what is said before the start', () => {
  it.each(calls)('%s takes what it may be, and nothing else', (name, right, wrong) => {
    const zts = createZts()
    const call = zts[name] as (...args: unknown[]) => unknown
    expect(right.map((args) => call(...args))).toEqual(right.map(() => zts.ZTS_ERR_OK))
    expect(wrong.map((args) => call(...args))).toEqual(wrong.map(() => zts.ZTS_ERR_ARG))
  })

  it('is refused once the node is started, whatever it is', async () => {
    await using stage = await staged(61)
    const zts = stage.make()
    const starting = zts.zts_node_start()
    const all = () => calls.flatMap(([name, [args = []]]) => (zts[name] as (...args: unknown[]) => unknown)(...args))
    const refused = calls.map(() => zts.ZTS_ERR_SERVICE)
    expect(all()).toEqual(refused)
    await stage.net.until(starting)
    expect(all()).toEqual(refused)
  })

  it('becomes the link that the node is given', async () => {
    const asked: UdpSettings[] = []
    const zts = createZts({
      link: (settings) => {
        asked.push(settings)
        throw new Error('no link')
      },
    })
    expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_SERVICE)
    zts.zts_init_set_port(7_000)
    zts.zts_init_set_random_port_range(30_000, 31_000)
    zts.zts_init_allow_secondary_port(0)
    zts.zts_init_allow_port_mapping(0)
    zts.zts_init_blacklist_if('eth')
    zts.zts_init_blacklist_if('wg')
    expect(await zts.zts_node_start()).toBe(zts.ZTS_ERR_SERVICE)
    expect(zts.error?.message).toBe('no link')
    expect(asked[0]).toMatchObject({ port: 0, secondary: true, portMapping: true })
    expect(asked[1]).toMatchObject({
      ...{ port: 7_000, portRange: [30_000, 31_000], secondary: false, portMapping: false },
    })
    const { interfaces } = asked[1]!
    expect(['eth0', 'wg1', 'en0', 'lo'].map(interfaces)).toEqual([false, false, true, true])
  })
})

const zts = createZts()
const identities = fixtures.identities.map((text) => text.split(':').slice(0, 3).join(':'))

describe('texts of addresses', () => {
  it('are read in either family, and nothing else is', () => {
    expect(zts.zts_util_ipstr_to_saddr('::1', 80)).toEqual({ err: 0, addr: { family: 10, addr: '::1', port: 80 } })
    expect(zts.zts_util_ipstr_to_saddr('10.1.2.3', 0)).toEqual({
      err: 0,
      addr: { family: 2, addr: '10.1.2.3', port: 0 },
    })
    for (const [text, port] of [
      ['10.1.2', 1],
      ['', 1],
      [null, 1],
      ['::1', -1],
      ['::1', 65_536],
    ] as never[][])
      expect(zts.zts_util_ipstr_to_saddr(text!, port!)).toMatchObject({ err: zts.ZTS_ERR_ARG })
    expect(['10.0.0.1', 'fd00::1', 'host', ''].map(zts.zts_util_get_ip_family)).toEqual([2, 10, -1, -1])
    expect(zts.zts_util_get_ip_family(null as never)).toBe(zts.ZTS_ERR_ARG)
  })

  it('are printed as the native library prints them', () => {
    expect(zts.zts_util_ntop({ family: 10, addr: 'fd00::abcd', port: 7 })).toEqual({
      err: 0,
      str: 'FD00::ABCD',
      port: 7,
    })
    expect(zts.zts_util_ntop({ family: 2, addr: 'fd00::1', port: 7 }).err).toBe(zts.ZTS_ERR_ARG)
    expect(zts.zts_util_ntop(null as never).err).toBe(zts.ZTS_ERR_ARG)
  })

  it('go to bytes and back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom([2, 4], [10, 16]),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        ([af, n], all) => {
          const bytes = all.slice(0, n)
          const into = new Uint8Array(16)
          expect(zts.zts_inet_pton(af!, zts.zts_inet_ntop(af!, bytes)!, into)).toBe(1)
          expect(into.subarray(0, n)).toEqual(bytes)
          const aton = zts.zts_ipaddr_aton(zts.zts_ipaddr_ntoa({ type: af === 10 ? 6 : 0, addr: bytes })!)
          expect(aton).toMatchObject({ err: 1, addr: { addr: bytes } })
        },
      ),
    )
  })

  it('fail as POSIX says', () => {
    const into = new Uint8Array(16)
    expect([zts.zts_inet_pton(99, '::1', into), zts.errno]).toEqual([-1, zts.ZTS_EAFNOSUPPORT])
    expect([zts.zts_inet_pton(2, '::1', into), zts.zts_inet_pton(10, 'x', into)]).toEqual([0, 0])
    expect([zts.zts_inet_pton(10, '::1', new Uint8Array(4)), zts.errno]).toEqual([-1, zts.ZTS_EFAULT])
    expect([zts.zts_inet_ntop(2, new Uint8Array(3)), zts.errno]).toEqual([null, zts.ZTS_EINVAL])
    expect([zts.zts_inet_ntop(1, new Uint8Array(4)), zts.errno]).toEqual([null, zts.ZTS_EAFNOSUPPORT])
    expect([zts.zts_ipaddr_ntoa(null as never), zts.zts_ipaddr_aton('x').err]).toEqual([null, 0])
  })

  it('have byte orders', () => {
    expect([zts.zts_htons(0x1234), zts.zts_ntohs(0x3412), zts.zts_htonl(0x12345678)]).toEqual([
      0x3412, 0x1234, 0x78563412,
    ])
    expect(zts.zts_ntohl(zts.zts_htonl(0xfffefdfc))).toBe(0xfffefdfc)
    expect([zts.zts_inet_addr('127.0.0.1'), zts.zts_inet_addr('x')]).toEqual([0x0100007f, zts.ZTS_INADDR_NONE])
  })
})

describe('zts_util_delay', () => {
  it('waits by the clock of the instance', async () => {
    const scheduler = new VirtualClock()
    const timed = createZts({ node: { scheduler } })
    let over = false
    const waiting = timed.zts_util_delay(60_000).then(() => {
      over = true
    })
    scheduler.runTo(scheduler.now() + 59_999)
    await Promise.resolve()
    expect(over).toBe(false)
    scheduler.runTo(scheduler.now() + 1)
    await waiting
  })
})

describe('identities', () => {
  it('are valid as pairs whose halves belong together', async () => {
    const [a = '', b = ''] = fixtures.identities
    const [mixed, stolen] = [
      [...a.split(':').slice(0, 3), b.split(':')[3]].join(':'),
      `${b.slice(0, 10)}${a.slice(10)}`,
    ]
    const asked = [a, identities[0]!, mixed, stolen, '', 'x', null as never]
    expect(await Promise.all(asked.map(zts.zts_id_pair_is_valid))).toEqual([1, 1, 0, 0, 0, 0, 0])
  })

  it('are made new, and valid', async () => {
    const { err, key } = await zts.zts_id_new()
    expect(err).toBe(0)
    expect(await zts.zts_id_pair_is_valid(key)).toBe(1)
  })
})

describe('root sets', () => {
  const spec = { public_id_str: [identities[0]!], endpoint_ip_str: [['192.0.2.1/9993', 'fd00::1/9993']] }

  it('are signed by the first key, and name the second for the next revision', async () => {
    const first = zts.zts_util_sign_root_set(null, null, 77n, 1n, spec)
    expect([first.err, first.prevKey.length, first.currKey.length]).toEqual([0, 128, 128])
    expect(createZts().zts_init_set_roots(first.roots)).toBe(0)
    expect(zts.zts_util_sign_root_set(first.prevKey, first.currKey, 77n, 1n, spec).roots).toEqual(first.roots)
    expect(zts.zts_util_sign_root_set(null, null, 77n, 1n, spec).currKey).not.toEqual(first.currKey)
  })

  it('are refused where something is wrong with them', () => {
    const { public_id_str, endpoint_ip_str } = spec
    const five = Array.from({ length: 5 }, (_, i) => identities[i]!)
    for (const wrong of [
      null,
      {},
      { public_id_str: [], endpoint_ip_str: [] },
      { public_id_str: ['x'], endpoint_ip_str },
      { public_id_str, endpoint_ip_str: [[]] },
      { public_id_str, endpoint_ip_str: [['192.0.2.1:9993']] },
      { public_id_str, endpoint_ip_str: [['192.0.2.1/0']] },
      { public_id_str: five, endpoint_ip_str: five.map(() => ['192.0.2.1/1']) },
    ] as never[])
      expect(zts.zts_util_sign_root_set(null, null, 77n, 1n, wrong).err).toBe(zts.ZTS_ERR_ARG)
    for (const [id, ts] of [
      [0n, 1n],
      [1n, 0n],
      [1 as never, 1n],
      [1n << 64n, 1n],
    ] as [bigint, bigint][])
      expect(zts.zts_util_sign_root_set(null, null, id, ts, spec).err).toBe(zts.ZTS_ERR_ARG)
    expect(zts.zts_util_sign_root_set(new Uint8Array(5), null, 7n, 1n, spec).err).toBe(zts.ZTS_ERR_ARG)
  })
})

describe('name servers', () => {
  it('are two at most, of the instance, by text or bytes', () => {
    const own = createZts()
    expect(own.zts_dns_set_server(0, '10.0.0.53')).toBe(0)
    expect(own.zts_dns_set_server(1, own.zts_ipaddr_aton('fd00::53').addr)).toBe(0)
    expect([own.zts_dns_get_server(0), own.zts_dns_get_server(1)]).toEqual(['10.0.0.53', 'FD00::53'])
    expect(own.zts_dns_set_server(2, '10.0.0.53')).toBe(own.ZTS_ERR_ARG)
    expect(own.zts_dns_set_server(0, 'name')).toBe(own.ZTS_ERR_ARG)
    expect(own.zts_dns_get_server(2)).toBeNull()
    const addr = (text: string) => ({ family: text.includes(':') ? 10 : 2, addr: text, port: 53 })
    expect(own.zts_add_dns_nameserver(addr('10.0.0.54'))).toBe(own.ZTS_ERR_NO_RESULT)
    expect(own.zts_del_dns_nameserver(addr('fd00::53'))).toBe(0)
    expect(own.zts_add_dns_nameserver(addr('10.0.0.54'))).toBe(0)
    expect([own.zts_dns_get_server(1), own.zts_del_dns_nameserver(addr('10.9.9.9'))]).toEqual(['10.0.0.54', -4])
    expect(own.zts_dns_set_server(0, null)).toBe(0)
    expect(own.zts_dns_get_server(0)).toBeNull()
  })
})

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
