import { decode, encode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import type { Zts } from '../../../../src/zts.node.ts'
import { bytes, outcome, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()
const tcp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
const udp = (zts: Zts, family = 2): number => zts.zts_socket(family, zts.ZTS_SOCK_DGRAM, 0)

describe('socket options', () => {
  it('have the values of a fresh socket, and those that are set', () => {
    const { a } = programs.get()
    const { ZTS_SOL_SOCKET: SOCKET, ZTS_IPPROTO_IP: IP, ZTS_IPPROTO_TCP: TCP, ZTS_IPPROTO_IPV6: IPV6 } = a
    const [stream, datagram] = [tcp(a), udp(a, a.ZTS_AF_INET6)]
    const rows: readonly (readonly [fd: number, level: number, name: number, fresh: unknown, other: unknown])[] = [
      [stream, SOCKET, a.ZTS_SO_REUSEADDR, 0, 1],
      [stream, SOCKET, a.ZTS_SO_KEEPALIVE, 0, 1],
      [stream, SOCKET, a.ZTS_SO_BROADCAST, 0, 1],
      [stream, SOCKET, a.ZTS_SO_LINGER, { l_onoff: 0, l_linger: 0 }, { l_onoff: 1, l_linger: 5 }],
      [datagram, SOCKET, a.ZTS_SO_REUSEPORT, 0, 1],
      [stream, SOCKET, a.ZTS_SO_SNDBUF, 262_144, 65_536],
      [stream, SOCKET, a.ZTS_SO_RCVBUF, 1_048_576, 65_536],
      [stream, SOCKET, a.ZTS_SO_SNDTIMEO, { tv_sec: 0, tv_usec: 0 }, { tv_sec: 3, tv_usec: 250_000 }],
      [stream, SOCKET, a.ZTS_SO_RCVTIMEO, { tv_sec: 0, tv_usec: 0 }, { tv_sec: 0, tv_usec: 1 }],
      [stream, SOCKET, a.ZTS_SO_CONTIMEO, { tv_sec: 0, tv_usec: 0 }, { tv_sec: 1, tv_usec: 0 }],
      [datagram, SOCKET, a.ZTS_SO_NO_CHECK, 0, 1],
      [datagram, IP, a.ZTS_IP_TOS, 0, a.ZTS_IPTOS_LOWDELAY],
      [stream, IP, a.ZTS_IP_TTL, 64, 9],
      [datagram, IP, a.ZTS_IP_PKTINFO, 0, 1],
      [datagram, IP, a.ZTS_IP_MULTICAST_TTL, 1, 7],
      [datagram, IP, a.ZTS_IP_MULTICAST_LOOP, 1, 0],
      [stream, TCP, a.ZTS_TCP_NODELAY, 0, 1],
      [stream, TCP, a.ZTS_TCP_KEEPALIVE, 7_200_000, 9000],
      [stream, TCP, a.ZTS_TCP_KEEPIDLE, 9, 60],
      [stream, TCP, a.ZTS_TCP_KEEPINTVL, 75, 10],
      [stream, TCP, a.ZTS_TCP_KEEPCNT, 9, 3],
      [datagram, IPV6, a.ZTS_IPV6_V6ONLY, 0, 1],
    ]
    for (const [fd, level, name, fresh, other] of rows) {
      expect(a.zts_bsd_getsockopt(fd, level, name), `${level} ${name}`).toEqual({ err: 0, value: fresh })
      expect(a.zts_bsd_setsockopt(fd, level, name, other), `${level} ${name}`).toBe(0)
      expect(a.zts_bsd_getsockopt(fd, level, name), `${level} ${name}`).toEqual({ err: 0, value: other })
    }
    expect(a.zts_bsd_getsockopt(datagram, SOCKET, a.ZTS_SO_TYPE).value).toBe(a.ZTS_SOCK_DGRAM)
    expect(a.zts_bsd_setsockopt(stream, SOCKET, a.ZTS_SO_LINGER, { l_onoff: 0, l_linger: 0 })).toBe(0)
    expect(a.zts_bsd_setsockopt(stream, SOCKET, a.ZTS_SO_KEEPALIVE, false)).toBe(0)
  })

  it('that do not exist, or not for this socket, give ENOPROTOOPT', () => {
    const { a } = programs.get()
    const { ZTS_SOL_SOCKET: SOCKET } = a
    const [stream, datagram] = [tcp(a), udp(a)]
    const rows: readonly (readonly [fd: number, level: number, name: number])[] = [
      ...[a.ZTS_SO_DEBUG, a.ZTS_SO_DONTROUTE, a.ZTS_SO_USELOOPBACK, a.ZTS_SO_OOBINLINE, a.ZTS_SO_DONTLINGER].map(
        (name) => [stream, SOCKET, name] as const,
      ),
      [stream, SOCKET, a.ZTS_SO_SNDLOWAT],
      [stream, SOCKET, a.ZTS_SO_RCVLOWAT],
      [stream, SOCKET, a.ZTS_SO_REUSEPORT],
      [datagram, a.ZTS_IPPROTO_TCP, a.ZTS_TCP_NODELAY],
      [stream, a.ZTS_IPPROTO_IP, a.ZTS_IP_ADD_MEMBERSHIP],
      [datagram, a.ZTS_IPPROTO_IPV6, a.ZTS_IPV6_V6ONLY],
      [stream, 12_345, 1],
    ]
    for (const [fd, level, name] of rows) {
      expect([a.zts_bsd_setsockopt(fd, level, name, 1), a.errno]).toEqual([-1, a.ZTS_ENOPROTOOPT])
      expect([a.zts_bsd_getsockopt(fd, level, name).err, a.errno]).toEqual([-1, a.ZTS_ENOPROTOOPT])
    }
    for (const name of [a.ZTS_SO_TYPE, a.ZTS_SO_ERROR, a.ZTS_SO_ACCEPTCONN])
      expect([a.zts_bsd_setsockopt(stream, SOCKET, name, 1), a.errno]).toEqual([-1, a.ZTS_ENOPROTOOPT])
  })

  it('with values that are none give EINVAL', () => {
    const { a, a4 } = programs.get()
    const { ZTS_SOL_SOCKET: SOCKET, ZTS_IPPROTO_IP: IP } = a
    const [stream, datagram, bound] = [tcp(a), udp(a), udp(a, a.ZTS_AF_INET6)]
    a.zts_bind(bound, '::', 0)
    const rows: readonly (readonly [fd: number, level: number, name: number, value: unknown])[] = [
      [stream, SOCKET, a.ZTS_SO_KEEPALIVE, 'yes'],
      [stream, SOCKET, a.ZTS_SO_RCVTIMEO, 5],
      [stream, SOCKET, a.ZTS_SO_RCVTIMEO, { tv_sec: 0, tv_usec: 1_000_000 }],
      [stream, SOCKET, a.ZTS_SO_LINGER, 1],
      [stream, SOCKET, a.ZTS_SO_SNDBUF, 0],
      [stream, IP, a.ZTS_IP_TTL, 0],
      [stream, IP, a.ZTS_IP_TTL, 256],
      [stream, IP, a.ZTS_IP_TOS, 1.5],
      [datagram, IP, a.ZTS_IP_ADD_MEMBERSHIP, {}],
      [datagram, IP, a.ZTS_IP_ADD_MEMBERSHIP, { imr_multiaddr: '239.1.1.1', imr_interface: 'eth0' }],
      [datagram, IP, a.ZTS_IP_MULTICAST_IF, 'eth0'],
      [bound, a.ZTS_IPPROTO_IPV6, a.ZTS_IPV6_V6ONLY, 1],
    ]
    for (const [fd, level, name, value] of rows)
      expect([a.zts_bsd_setsockopt(fd, level, name, value), a.errno], `${name}`).toEqual([-1, a.ZTS_EINVAL])
    const multicast = (ip: string) => a.zts_bsd_setsockopt(datagram, IP, a.ZTS_IP_MULTICAST_IF, ip)
    expect([multicast('10.1.1.1'), a.errno]).toEqual([-1, a.ZTS_EADDRNOTAVAIL])
    expect(multicast(a4)).toBe(0)
  })

  it('change what is on the wire: TTL and TOS of datagrams and of connections', async () => {
    const { a, b, b4, connected, until } = programs.get()
    const raw = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_RAW, b.ZTS_IPPROTO_UDP)
    const rawTcp = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_RAW, b.ZTS_IPPROTO_TCP)
    const { client } = await connected()
    const datagram = udp(a)
    for (const fd of [client, datagram]) {
      a.zts_set_ttl(fd, 33)
      a.zts_bsd_setsockopt(fd, a.ZTS_IPPROTO_IP, a.ZTS_IP_TOS, a.ZTS_IPTOS_THROUGHPUT)
    }
    const packet = new Uint8Array(64)
    await until(a.zts_bsd_sendto(datagram, bytes('x'), 0, { family: 2, addr: b4, port: 9 }))
    await until(b.zts_recv(raw, packet, 0))
    expect([packet[1], packet[8]]).toEqual([8, 33])
    while (b.zts_get_data_available(rawTcp) > 0) await b.zts_recv(rawTcp, packet, 0)
    await until(a.zts_send(client, bytes('x'), 0))
    await until(b.zts_recv(rawTcp, packet, 0))
    expect([packet[1], packet[8]]).toEqual([8, 33])
  })

  it('keep a connection alive only while the peer answers', async () => {
    const { a, net, until, connected } = programs.get()
    const { client } = await connected()
    a.zts_set_keepalive(client, 1)
    const set = (name: number, value: number) => a.zts_bsd_setsockopt(client, a.ZTS_IPPROTO_TCP, name, value)
    set(a.ZTS_TCP_KEEPIDLE, 10)
    set(a.ZTS_TCP_KEEPINTVL, 2)
    set(a.ZTS_TCP_KEEPCNT, 3)
    await net.advance(30_000)
    expect(a.zts_get_last_socket_error(client)).toBe(0)
    const heal = net.partition(net.internet, net.internet)
    expect(await until(outcome(a, () => a.zts_recv(client, new Uint8Array(1), 0)))).toEqual([-1, a.ZTS_ETIMEDOUT])
    heal()
    await net.advance(10_000)
  })
})

describe('the calls for one option each', () => {
  it('set it and give it as a number', () => {
    const { a } = programs.get()
    const fd = tcp(a)
    const names = ['no_delay', 'reuse_addr', 'keepalive'] as const
    for (const name of names) {
      expect(a[`zts_get_${name}`](fd)).toBe(0)
      expect(a[`zts_set_${name}`](fd, 2)).toBe(a.ZTS_ERR_ARG)
      expect(a[`zts_set_${name}`](fd, 1)).toBe(0)
      expect(a[`zts_get_${name}`](fd)).toBe(1)
    }
    expect(a.zts_set_linger(fd, 1, 7)).toBe(0)
    expect([a.zts_get_linger_enabled(fd), a.zts_get_linger_value(fd)]).toEqual([1, 7])
    expect(a.zts_set_linger(fd, 1, -1)).toBe(a.ZTS_ERR_ARG)
    expect(a.zts_set_recv_timeout(fd, 3, 500_000)).toBe(0)
    expect([a.zts_get_recv_timeout(fd), a.zts_get_recv_timeout_us(fd)]).toEqual([3, 500_000])
    expect(a.zts_set_send_timeout(fd, 4, 1)).toBe(0)
    expect([a.zts_get_send_timeout(fd), a.zts_get_send_timeout_us(fd)]).toEqual([4, 1])
    expect(a.zts_set_send_timeout(fd, 4, 1_000_000)).toBe(a.ZTS_ERR_ARG)
    expect(a.zts_set_recv_buf_size(fd, 8192)).toBe(0)
    expect(a.zts_set_send_buf_size(fd, 16_384)).toBe(0)
    expect([a.zts_get_recv_buf_size(fd), a.zts_get_send_buf_size(fd)]).toEqual([8192, 16_384])
    expect([a.zts_set_ttl(fd, 256), a.zts_set_ttl(fd, 12), a.zts_get_ttl(fd)]).toEqual([a.ZTS_ERR_ARG, 0, 12])
    expect(a.zts_get_blocking(fd)).toBe(1)
    expect([a.zts_set_blocking(fd, 0), a.zts_get_blocking(fd)]).toEqual([0, 0])
    expect([a.zts_get_pending_data_size(fd), a.zts_get_data_available(fd)]).toEqual([0, 0])
    a.zts_close(fd)
    expect(a.zts_get_data_available(fd)).toBe(-1)
  })
})

describe('the simplified calls', () => {
  it('give a client and a server their descriptors', async () => {
    const { a, b, a4, b4, until } = programs.get()
    const serving = b.zts_tcp_server('0.0.0.0', 9001)
    const client = await until(a.zts_tcp_client(b4, 9001))
    const { fd, str, port } = await until(serving)
    expect([str, port]).toEqual([a4, a.zts_getsockname(client).port])
    await until(a.zts_write(client, bytes('hi')))
    expect(await until(b.zts_read(fd, new Uint8Array(9)))).toBe(2)
    // nobody listens any more
    expect(await until(outcome(a, () => a.zts_bsd_connect(tcp(a), { family: 2, addr: b4, port: 9001 })))).toEqual([
      -1,
      a.ZTS_ECONNREFUSED,
    ])
    const [server, sender] = [b.zts_udp_server('0.0.0.0', 9002), a.zts_udp_client(b4)]
    await until(a.zts_bsd_sendto(sender, bytes('hey'), 0, { family: 2, addr: b4, port: 9002 }))
    expect(await until(b.zts_recv(server, new Uint8Array(9), 0))).toBe(3)
    expect(await outcome(b, () => b.zts_udp_server('0.0.0.0', 9002))).toEqual([-1, b.ZTS_EADDRINUSE])
    expect(await outcome(b, () => b.zts_tcp_client('nonsense', 1))).toEqual([b.ZTS_ERR_ARG, 0])
  })

  it('try to connect until the time is up, and no longer', async () => {
    const { a, b, b4, net, until } = programs.get()
    const begun = net.now
    const late = tcp(a)
    expect(await until(outcome(a, () => a.zts_connect(late, b4, 9003, 2000)))).toEqual([-1, a.ZTS_ECONNREFUSED])
    expect(net.now - begun).toBeLessThanOrEqual(2010)
    const connecting = a.zts_connect(tcp(a), b4, 9003, 10_000)
    await net.advance(3000)
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 9003)
    b.zts_listen(listener, 1)
    expect(await until(connecting)).toBe(0)
    const other = tcp(a)
    a.zts_set_blocking(other, 0)
    expect(await outcome(a, () => a.zts_connect(other, b4, 9003, 1000))).toEqual([-1, a.ZTS_EINPROGRESS])
    const closed = tcp(a)
    const given = outcome(a, () => a.zts_connect(closed, b4, 9004, 10_000))
    await net.advance(100)
    a.zts_close(closed)
    expect(await until(given)).toEqual([-1, a.ZTS_EBADF])
  })

  it('of older headers take structures, and check families', async () => {
    const { a, b, b4, until } = programs.get()
    const listener = tcp(b)
    const addr = { family: 2, addr: b4, port: 9005 }
    expect(b.zts_bind(listener, addr)).toBe(0)
    b.zts_listen(listener, 1)
    const [one, two] = [tcp(a), tcp(a)]
    expect(await until(a.zts_connect(one, addr))).toBe(0)
    expect(await a.zts_connect_easy(two, a.ZTS_AF_INET6, b4, 9005)).toBe(a.ZTS_ERR_ARG)
    expect(await until(a.zts_connect_easy(two, a.ZTS_AF_INET, b4, 9005, 1000))).toBe(0)
    expect(a.zts_bind_easy(tcp(a), a.ZTS_AF_INET, '0.0.0.0', 9006)).toBe(0)
    expect(a.zts_shutdown(one, a.ZTS_SHUT_WR)).toBe(0)
    expect(await outcome(a, () => a.zts_shutdown(one, 9))).toEqual([-1, a.ZTS_EINVAL])
  })

  it('look names up by the servers they were given', async () => {
    const { a, b, b4, until } = programs.get()
    const server = b.zts_udp_server('0.0.0.0', 53)
    const answer = async (): Promise<void> => {
      const buffer = new Uint8Array(512)
      const { n, addr } = await b.zts_bsd_recvfrom(server, buffer)
      const { id, questions } = decode(Buffer.from(buffer.subarray(0, n)))
      const answers = [{ type: 'A', name: questions![0]!.name, data: '10.144.0.77', ttl: 60 }] as const
      const packet = encode({
        type: 'response',
        ...(id === undefined ? {} : { id }),
        questions: questions!,
        answers: [...answers],
      })
      await b.zts_bsd_sendto(server, new Uint8Array(packet), 0, addr!)
    }
    expect(a.zts_dns_set_server(0, b4)).toBe(0)
    const [found] = await until(Promise.all([a.zts_bsd_gethostbyname('db.example'), answer()]))
    expect(found?.h_addr_list).toEqual(['10.144.0.77'])
    b.zts_close(server)
    a.zts_dns_set_server(0, null)
    expect(await a.zts_bsd_gethostbyname('10.144.0.9')).toEqual({
      h_name: '10.144.0.9',
      h_aliases: [],
      h_addrtype: a.ZTS_AF_INET,
      h_length: 4,
      h_addr_list: ['10.144.0.9'],
    })
    expect(await a.zts_gethostbyname('nobody.example')).toBeNull()
  })
})
