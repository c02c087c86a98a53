import fc from 'fast-check'
import { fixtures, VirtualClock } from 'rxzt/testing'
import { createZts } from 'rxzt/zts'
import { describe, expect, it } from 'vitest'
import { staged } from './staged.ts'

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
  it('are two at most, of the instance, by text or bytes', async () => {
    await using stage = await staged(81)
    const own = stage.make()
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
