import { describe, expect, it } from 'vitest'
import type { Zts } from '../../../../src/zts.node.ts'
import { bytes, outcome, textOf, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()
const at = (addr: string, port: number) => ({ family: addr.includes(':') ? 10 : 2, addr, port })
const udp = (zts: Zts, ip?: string, port = 0): number => {
  const fd = zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
  if (ip !== undefined) expect(zts.zts_bind(fd, ip, port)).toBe(0)
  return fd
}

describe('a datagram socket', () => {
  it('sends to whom it is told, and is told who sent', async () => {
    const { a, b, a4, b4, until } = programs.get()
    const [here, there] = [udp(a), udp(b, '0.0.0.0', 5001)]
    expect(await until(a.zts_bsd_sendto(here, bytes('ping'), 0, at(b4, 5001)))).toBe(4)
    const buffer = new Uint8Array(64)
    const { n, addr } = await until(b.zts_bsd_recvfrom(there, buffer, 0))
    expect([n, textOf(buffer, n), addr!.addr]).toEqual([4, 'ping', a4])
    expect(addr!.port).toBe(a.zts_getsockname(here).port)
    await until(b.zts_bsd_sendto(there, bytes('pong'), 0, addr!))
    expect(await until(a.zts_recv(here, buffer, 0))).toBe(4)
  })

  it('reads one datagram at a time, and loses what the buffer does not hold', async () => {
    const { a, b, b4, until } = programs.get()
    const [here, there] = [udp(a), udp(b, b4, 5002)]
    for (const text of ['abcdef', '', 'xyz']) await until(a.zts_bsd_sendto(here, bytes(text), 0, at(b4, 5002)))
    const iov = [new Uint8Array(2), new Uint8Array(1)]
    const first = await until(b.zts_bsd_recvmsg(there, { iov }))
    expect([first.n, first.flags, iov.map((one) => textOf(one))]).toEqual([3, b.ZTS_MSG_TRUNC, ['ab', 'c']])
    expect(await until(b.zts_bsd_recvmsg(there, { iov: [new Uint8Array(9)] }))).toMatchObject({ n: 0, flags: 0 })
    expect(b.zts_bsd_ioctl(there, b.ZTS_FIONREAD)).toEqual({ err: 0, value: 3 })
    expect(await until(b.zts_recv(there, new Uint8Array(9), b.ZTS_MSG_PEEK))).toBe(3)
    expect(await until(b.zts_recv(there, new Uint8Array(9), 0))).toBe(3)
    expect(await outcome(b, () => b.zts_recv(there, new Uint8Array(9), b.ZTS_MSG_DONTWAIT))).toEqual([-1, b.ZTS_EAGAIN])
  })

  it('that is connected needs no address, hears nobody else, and takes none', async () => {
    const { a, b, a4, b4, until } = programs.get()
    const [here, there, stranger] = [udp(a, a4, 5003), udp(b, b4, 5003), udp(b, b4, 5004)]
    expect(await until(a.zts_bsd_connect(here, at(b4, 5003)))).toBe(0)
    expect(a.zts_getpeername(here)).toMatchObject({ str: b4, port: 5003 })
    await until(b.zts_bsd_sendto(stranger, bytes('no'), 0, at(a4, 5003)))
    await until(b.zts_bsd_sendto(there, bytes('yes'), 0, at(a4, 5003)))
    const buffer = new Uint8Array(9)
    expect(textOf(buffer, await until(a.zts_recv(here, buffer, 0)))).toBe('yes')
    expect(await outcome(a, () => a.zts_bsd_sendto(here, bytes('x'), 0, at(b4, 5003)))).toEqual([-1, a.ZTS_EISCONN])
    expect(await until(a.zts_send(here, bytes('x'), 0))).toBe(1)
    expect(await until(a.zts_bsd_connect(here, { family: a.ZTS_AF_UNSPEC }))).toBe(0)
    expect(await outcome(a, () => a.zts_send(here, bytes('x'), 0))).toEqual([-1, a.ZTS_EDESTADDRREQ])
    await until(b.zts_bsd_sendto(stranger, bytes('now'), 0, at(a4, 5003)))
    expect(textOf(buffer, await until(a.zts_recv(here, buffer, 0)))).toBe('now')
  })

  it('hears of a closed port by ECONNREFUSED if it is connected, and never else', async () => {
    const { a, b4, net, until } = programs.get()
    const [connected, other] = [udp(a), udp(a)]
    await until(a.zts_bsd_connect(connected, at(b4, 5999)))
    await until(a.zts_send(connected, bytes('x'), 0))
    await until(a.zts_bsd_sendto(other, bytes('x'), 0, at(b4, 5999)))
    await net.advance(100)
    expect(await outcome(a, () => a.zts_send(connected, bytes('x'), 0))).toEqual([-1, a.ZTS_ECONNREFUSED])
    await until(a.zts_send(connected, bytes('x'), 0))
    await net.advance(100)
    expect(await outcome(a, () => a.zts_recv(connected, new Uint8Array(1), 0))).toEqual([-1, a.ZTS_ECONNREFUSED])
    expect(a.zts_get_last_socket_error(other)).toBe(0)
  })

  it('refuses what is too long, and broadcasts without leave', async () => {
    const { a, b4 } = programs.get()
    const fd = udp(a)
    const send = (data: Uint8Array, ip: string) => outcome(a, () => a.zts_bsd_sendto(fd, data, 0, at(ip, 5005)))
    expect(await send(new Uint8Array(65_508), b4)).toEqual([-1, a.ZTS_EMSGSIZE])
    expect(await send(new Uint8Array(65_507), b4)).toEqual([65_507, 0])
    expect(await send(bytes('x'), '10.144.0.255')).toEqual([-1, a.ZTS_EACCES])
    expect(await send(bytes('x'), '192.0.2.1')).toEqual([-1, a.ZTS_ENETUNREACH])
    expect(await outcome(a, () => a.zts_send(fd, bytes('x'), 0))).toEqual([-1, a.ZTS_EDESTADDRREQ])
  })

  it('broadcasts with SO_BROADCAST', async () => {
    const { a, b, until } = programs.get()
    const [here, there] = [udp(a), udp(b, '0.0.0.0', 5006)]
    a.zts_bsd_setsockopt(here, a.ZTS_SOL_SOCKET, a.ZTS_SO_BROADCAST, 1)
    for (const ip of ['10.144.0.255', '255.255.255.255']) {
      expect(await until(a.zts_bsd_sendto(here, bytes('all'), 0, at(ip, 5006)))).toBe(3)
      expect(await until(b.zts_recv(there, new Uint8Array(9), 0))).toBe(3)
    }
  })

  it('hears the groups it has joined, and no others; IP_PKTINFO tells where it was sent to', async () => {
    const { a, b, b4, net, networkId, until } = programs.get()
    const [here, there] = [udp(a), udp(b, '0.0.0.0', 5007)]
    const group = { imr_multiaddr: '239.1.2.3', imr_interface: '0.0.0.0' }
    const set = (name: number, value: unknown) => b.zts_bsd_setsockopt(there, b.ZTS_IPPROTO_IP, name, value)
    expect(set(b.ZTS_IP_ADD_MEMBERSHIP, group)).toBe(0)
    expect([set(b.ZTS_IP_ADD_MEMBERSHIP, group), b.errno]).toEqual([-1, b.ZTS_EADDRINUSE])
    expect(set(b.ZTS_IP_PKTINFO, 1)).toBe(0)
    await net.advance(5000)
    const send = () => until(a.zts_bsd_sendto(here, bytes('group'), 0, at('239.1.2.3', 5007)))
    await send()
    const { n, info } = await until(b.zts_bsd_recvmsg(there, { iov: [new Uint8Array(9)] }))
    expect([n, info]).toEqual([5, { ipi_ifindex: 1, ipi_addr: '239.1.2.3', net_id: networkId }])
    expect(set(b.ZTS_IP_DROP_MEMBERSHIP, group)).toBe(0)
    expect([set(b.ZTS_IP_DROP_MEMBERSHIP, group), b.errno]).toEqual([-1, b.ZTS_EADDRNOTAVAIL])
    await send()
    await net.advance(1000)
    expect(b.zts_get_data_available(there)).toBe(0)
    expect([set(b.ZTS_IP_ADD_MEMBERSHIP, { ...group, imr_multiaddr: b4 }), b.errno]).toEqual([-1, b.ZTS_EINVAL])
  })

  it('shares a port only if all say so', () => {
    const { a } = programs.get()
    const sockets = [udp(a), udp(a), udp(a)]
    for (const fd of sockets.slice(0, 2)) a.zts_bsd_setsockopt(fd, a.ZTS_SOL_SOCKET, a.ZTS_SO_REUSEPORT, 1)
    expect(sockets.map((fd) => a.zts_bind(fd, '0.0.0.0', 5008))).toEqual([0, 0, -1])
    expect(a.errno).toBe(a.ZTS_EADDRINUSE)
  })

  it('of IPv6 speaks IPv4 too, unless it is V6ONLY', async () => {
    const { a, b, a4, b4, b6, until } = programs.get()
    const there = udp(b, b4, 5009)
    const both = a.zts_socket(a.ZTS_AF_INET6, a.ZTS_SOCK_DGRAM, 0)
    await until(a.zts_bsd_sendto(both, bytes('4'), 0, at(`::ffff:${b4}`, 5009)))
    expect((await until(b.zts_bsd_recvfrom(there, new Uint8Array(9)))).addr!.addr).toBe(a4)
    const six = b.zts_udp_server('::', 5010)
    const only = a.zts_socket(a.ZTS_AF_INET6, a.ZTS_SOCK_DGRAM, 0)
    a.zts_bsd_setsockopt(only, a.ZTS_IPPROTO_IPV6, a.ZTS_IPV6_V6ONLY, 1)
    expect(await until(a.zts_bsd_sendto(only, bytes('6'), 0, at(b6, 5010)))).toBe(1)
    expect(await until(b.zts_recv(six, new Uint8Array(9), 0))).toBe(1)
    const mapped = () => a.zts_bsd_sendto(only, bytes('4'), 0, at(`::ffff:${b4}`, 5009))
    expect(await outcome(a, mapped)).toEqual([-1, a.ZTS_ENETUNREACH])
    // both can have one port
    const v4 = a.zts_getsockname(only).port
    expect(a.zts_bind(udp(a), '0.0.0.0', v4)).toBe(0)
  })

  it('loses what comes while its buffer is full', async () => {
    const { a, b, b4, net, until } = programs.get()
    const [here, there] = [udp(a), udp(b, b4, 5011)]
    b.zts_set_recv_buf_size(there, 4096)
    for (let n = 0; n < 10; n++) await until(a.zts_bsd_sendto(here, new Uint8Array(1000), 0, at(b4, 5011)))
    await net.advance(100)
    expect(b.zts_get_data_available(there)).toBe(3000)
  })

  it('cannot listen, accept or be shut down', async () => {
    const { a } = programs.get()
    const fd = udp(a)
    expect(await outcome(a, () => a.zts_listen(fd, 1))).toEqual([-1, a.ZTS_EOPNOTSUPP])
    expect(await outcome(a, async () => (await a.zts_accept(fd)).fd)).toEqual([-1, a.ZTS_EOPNOTSUPP])
    expect(await outcome(a, () => a.zts_shutdown_rdwr(fd))).toEqual([-1, a.ZTS_EOPNOTSUPP])
  })
})

describe('a raw socket', () => {
  it('sees packets of its protocol, with the header of IPv4, and sends others', async () => {
    const { a, b, a4, b4, until } = programs.get()
    const open = (zts: Zts) => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_RAW, 253)
    const [here, there] = [open(a), open(b)]
    expect(await until(a.zts_bsd_sendto(here, bytes('raw'), 0, at(b4, 0)))).toBe(3)
    const buffer = new Uint8Array(64)
    const { n, addr } = await until(b.zts_bsd_recvfrom(there, buffer))
    expect([n, textOf(buffer.subarray(20), 3), buffer[9], addr]).toEqual([23, 'raw', 253, at(a4, 0)])
  })
})
