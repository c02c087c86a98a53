import { expect } from 'vitest'
import { type Deviation, fails, type Trial } from './trial.ts'

/** A connection from `a` to `b`. */
const connected = async ({ a, b, b4, until }: Trial, port: number) => {
  const listener = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_STREAM, 0)
  b.zts_bind(listener, '0.0.0.0', port)
  b.zts_listen(listener, 1)
  const [client, { fd }] = await until(Promise.all([a.zts_tcp_client(b4, port), b.zts_accept(listener)]))
  return { client, server: fd, end: () => [a.zts_close(client), b.zts_close(fd), b.zts_close(listener)] }
}
const tcp = ({ a }: Trial): number => a.zts_socket(a.ZTS_AF_INET, a.ZTS_SOCK_STREAM, 0)
const udp = ({ a }: Trial): number => a.zts_socket(a.ZTS_AF_INET, a.ZTS_SOCK_DGRAM, 0)

export const socketDeviations: readonly Deviation[] = [
  {
    what: '`errno`',
    native: 'one for all threads, not set by every failure',
    here: 'of the instance, set by every failure; POSIX numbers, also where lwIP has others',
    holds: async ({ a }) => {
      await fails(a, () => a.zts_close(999), a.ZTS_EBADF)
      await fails(a, () => a.zts_bsd_select(9_999, null, null, null, null).then(({ n }) => n), a.ZTS_EINVAL)
    },
  },
  {
    what: '`zts_bsd_socket`',
    native: 'takes any family; an unknown type gives -1 and no errno; no `ZTS_SOCK_RAW`',
    here: '`EAFNOSUPPORT`, `ESOCKTNOSUPPORT`; `ZTS_SOCK_RAW` works',
    holds: async ({ a }) => {
      await fails(a, () => a.zts_socket(99, a.ZTS_SOCK_STREAM, 0), a.ZTS_EAFNOSUPPORT)
      await fails(a, () => a.zts_socket(a.ZTS_AF_INET, 99, 0), a.ZTS_ESOCKTNOSUPPORT)
      const raw = a.zts_socket(a.ZTS_AF_INET, a.ZTS_SOCK_RAW, 47)
      expect(raw).toBeGreaterThanOrEqual(0)
      a.zts_close(raw)
    },
  },
  {
    what: '`zts_bsd_bind` to an address that is not ours',
    native: 'works',
    here: '`EADDRNOTAVAIL`',
    holds: async (trial) => {
      const fd = tcp(trial)
      await fails(trial.a, () => trial.a.zts_bind(fd, '10.144.9.9', 80), trial.a.ZTS_EADDRNOTAVAIL)
      trial.a.zts_close(fd)
    },
  },
  {
    what: 'connecting a socket of IPv4 to an address of IPv6, and the other way',
    native: '`EINVAL`',
    here: '`EAFNOSUPPORT`; from IPv6 to IPv4 by `::FFFF:…`',
    holds: async (trial) => {
      const { a } = trial
      const fd = tcp(trial)
      await fails(
        a,
        () => a.zts_bsd_connect(fd, { family: a.ZTS_AF_INET6, addr: 'fd00::1', port: 1 }),
        a.ZTS_EAFNOSUPPORT,
      )
      a.zts_close(fd)
    },
  },
  {
    what: 'connecting where no route leads',
    native: '`EHOSTUNREACH`',
    here: '`ENETUNREACH`; `EHOSTUNREACH` if the host does not answer ARP or NDP',
    holds: async (trial) => {
      const [one, other] = [tcp(trial), tcp(trial)]
      await fails(trial.a, () => trial.until(trial.a.zts_connect(one, '203.0.113.1', 80, 0)), trial.a.ZTS_ENETUNREACH)
      const absent = () => trial.until(trial.a.zts_bsd_connect(other, { family: 2, addr: '10.144.0.253', port: 80 }))
      await fails(trial.a, absent, trial.a.ZTS_EHOSTUNREACH)
      for (const fd of [one, other]) trial.a.zts_close(fd)
    },
  },
  {
    what: 'connecting where nobody listens',
    native: '`ECONNRESET`',
    here: '`ECONNREFUSED`',
    holds: async (trial) => {
      const fd = tcp(trial)
      const refused = () => trial.until(trial.a.zts_bsd_connect(fd, { family: 2, addr: trial.b4, port: 9 }))
      await fails(trial.a, refused, trial.a.ZTS_ECONNREFUSED)
      trial.a.zts_close(fd)
    },
  },
  {
    what: '`zts_connect` with a timeout',
    native: 'no bound: whole seconds, and each try takes up to 36 s; `ECONNABORTED`',
    here: 'exact, in ms; `ETIMEDOUT`',
    holds: async (trial) => {
      const { a, stage, until } = trial
      const fd = tcp(trial)
      const begun = stage.net.now
      await fails(a, () => until(a.zts_connect(fd, '10.144.0.252', 80, 500)), a.ZTS_ETIMEDOUT)
      expect(stage.net.now - begun).toBe(500)
      a.zts_close(fd)
    },
  },
  {
    what: '`zts_connect` of a socket that does not block',
    native: '-1, and nothing is tried',
    here: '`EINPROGRESS`, and the connection is made',
    holds: async (trial) => {
      const { a, b, b4, until, stage } = trial
      const listener = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_STREAM, 0)
      b.zts_bind(listener, '0.0.0.0', 101)
      b.zts_listen(listener, 1)
      const fd = tcp(trial)
      a.zts_set_blocking(fd, 0)
      await fails(a, () => a.zts_connect(fd, b4, 101, 0), a.ZTS_EINPROGRESS)
      await stage.net.advance(1_000)
      const fds = [{ fd, events: a.ZTS_POLLOUT, revents: 0 }]
      expect([await until(a.zts_bsd_poll(fds, 0)), fds[0]!.revents]).toEqual([1, a.ZTS_POLLOUT])
      a.zts_close(fd)
      b.zts_close(listener)
    },
  },
  {
    what: 'connecting to an address of its own',
    native: '`EHOSTUNREACH`',
    here: 'works',
    holds: async (trial) => {
      const { a, a4, until } = trial
      const [client, { fd }] = await until(Promise.all([a.zts_tcp_client(a4, 102), a.zts_tcp_server('0.0.0.0', 102)]))
      expect([client >= 0, fd >= 0]).toEqual([true, true])
      for (const one of [client, fd]) a.zts_close(one)
    },
  },
  {
    what: '`zts_accept` in vain',
    native: '`ZTS_ERR_ARG`',
    here: '-1 and `EAGAIN`, like `zts_bsd_accept`',
    holds: async (trial) => {
      const { a } = trial
      const fd = tcp(trial)
      a.zts_bind(fd, '0.0.0.0', 103)
      a.zts_listen(fd, 1)
      a.zts_set_blocking(fd, 0)
      await fails(a, () => a.zts_accept(fd).then((accepted) => accepted.fd), a.ZTS_EAGAIN)
      a.zts_close(fd)
    },
  },
  {
    what: '`zts_tcp_client`, `zts_tcp_server`, `zts_udp_server`',
    native: 'give 0 instead of the descriptor, and use descriptor 0',
    here: 'give the descriptor; `zts_tcp_server` an object, `{ fd, addr, str, port }`',
    holds: async (trial) => {
      const { a, b, b4, until } = trial
      const held = b.zts_socket(b.ZTS_AF_INET, b.ZTS_SOCK_STREAM, 0)
      const [client, server] = await until(Promise.all([a.zts_tcp_client(b4, 104), b.zts_tcp_server('0.0.0.0', 104)]))
      const bound = b.zts_udp_server('0.0.0.0', 104)
      expect([server.fd > held, server.str, bound > held]).toEqual([true, trial.a4, true])
      a.zts_close(client)
      for (const fd of [held, server.fd, bound]) b.zts_close(fd)
    },
  },
  {
    what: '`zts_bsd_close` while somebody waits on the socket',
    native: 'they wait for ever',
    here: '-1 and `EBADF`',
    holds: async (trial) => {
      const { client, end } = await connected(trial, 105)
      const reading = trial.a.zts_recv(client, new Uint8Array(1), 0)
      trial.a.zts_close(client)
      await fails(trial.a, () => trial.until(reading), trial.a.ZTS_EBADF).catch(() => undefined)
      expect(await reading).toBe(-1)
      end()
    },
  },
  {
    what: 'reading from a stream socket that was never connected',
    native: 'waits for ever',
    here: '`ENOTCONN`',
    holds: async (trial) => {
      const fd = tcp(trial)
      await fails(trial.a, () => trial.a.zts_recv(fd, new Uint8Array(1), 0), trial.a.ZTS_ENOTCONN)
      trial.a.zts_close(fd)
    },
  },
  {
    what: 'writing after the peer has reset',
    native: '`ECONNRESET` or `ENOTCONN`',
    here: '`EPIPE`, once the reset has been told',
    holds: async (trial) => {
      const { a, b, stage, until } = trial
      const { client, server, end } = await connected(trial, 106)
      b.zts_set_linger(server, 1, 0)
      b.zts_close(server)
      await stage.net.advance(1_000)
      await fails(a, () => until(a.zts_recv(client, new Uint8Array(1), 0)), a.ZTS_ECONNRESET)
      await fails(a, () => until(a.zts_write(client, Uint8Array.of(1))), a.ZTS_EPIPE)
      end()
    },
  },
  {
    what: 'a connected datagram socket whose peer has no such port',
    native: 'hears nothing',
    here: '`ECONNREFUSED`',
    holds: async (trial) => {
      const { a, b4, stage, until } = trial
      const fd = udp(trial)
      await until(a.zts_bsd_connect(fd, { family: 2, addr: b4, port: 9 }))
      await until(a.zts_send(fd, Uint8Array.of(1), 0))
      await stage.net.advance(1_000)
      await fails(a, () => until(a.zts_recv(fd, new Uint8Array(1), 0)), a.ZTS_ECONNREFUSED)
      a.zts_close(fd)
    },
  },
  {
    what: 'broadcasting without `ZTS_SO_BROADCAST`',
    native: 'works',
    here: '`EACCES`',
    holds: async (trial) => {
      const { a, until } = trial
      const fd = udp(trial)
      const all = { family: 2, addr: '255.255.255.255', port: 9 }
      await fails(a, () => until(a.zts_bsd_sendto(fd, Uint8Array.of(1), 0, all)), a.ZTS_EACCES)
      a.zts_close(fd)
    },
  },
  {
    what: 'joining a group: `ZTS_IP_ADD_MEMBERSHIP`, `ZTS_IPV6_JOIN_GROUP`',
    native: '`ENOPROTOOPT`; of IPv6 local only',
    here: 'the network is told, and sends what is for the group',
    holds: (trial) => {
      const { a, id } = trial
      const fd = udp(trial)
      const groups = a.zts_core_query_mc_count(id)
      const mreq = { imr_multiaddr: '239.1.2.3', imr_interface: trial.a4 }
      expect(a.zts_bsd_setsockopt(fd, a.ZTS_IPPROTO_IP, a.ZTS_IP_ADD_MEMBERSHIP, mreq)).toBe(0)
      expect(a.zts_core_query_mc_count(id)).toBe(groups + 1)
      a.zts_close(fd)
    },
  },
  {
    what: '`ZTS_SO_SNDBUF`, `ZTS_SO_REUSEPORT`, `ZTS_SO_CONTIMEO`, `ZTS_IP_PKTINFO`',
    native: '`ENOPROTOOPT`',
    here: 'work; `ZTS_SO_REUSEPORT` of datagram sockets',
    holds: (trial) => {
      const { a } = trial
      const [stream, datagram] = [tcp(trial), udp(trial)]
      expect([a.zts_set_send_buf_size(stream, 8192), a.zts_get_send_buf_size(stream)]).toEqual([0, 8192])
      const { ZTS_SOL_SOCKET: SOCKET, ZTS_IPPROTO_IP: IP } = a
      expect(a.zts_bsd_setsockopt(datagram, SOCKET, a.ZTS_SO_REUSEPORT, 1)).toBe(0)
      expect(a.zts_bsd_setsockopt(stream, SOCKET, a.ZTS_SO_CONTIMEO, { tv_sec: 1, tv_usec: 0 })).toBe(0)
      expect(a.zts_bsd_setsockopt(datagram, IP, a.ZTS_IP_PKTINFO, 1)).toBe(0)
      for (const fd of [stream, datagram]) a.zts_close(fd)
    },
  },
  {
    what: 'the receive buffer',
    native: 'said to be 2147483647 bytes',
    here: 'a bound that holds',
    holds: (trial) => {
      const fd = tcp(trial)
      expect(trial.a.zts_get_recv_buf_size(fd)).toBeLessThan(0x7fff_ffff)
      trial.a.zts_close(fd)
    },
  },
  {
    what: 'TTL',
    native: '255',
    here: '64, as RFC 1700 has it',
    holds: (trial) => {
      const fd = tcp(trial)
      expect(trial.a.zts_get_ttl(fd)).toBe(64)
      trial.a.zts_close(fd)
    },
  },
  {
    what: '`ZTS_SO_BINDTODEVICE`',
    native: 'the internal name of an interface',
    here: 'the ID of a network, as 16 hex digits',
    holds: (trial) => {
      const { a, id } = trial
      const fd = tcp(trial)
      const name = id.toString(16).padStart(16, '0')
      expect(a.zts_bsd_setsockopt(fd, a.ZTS_SOL_SOCKET, a.ZTS_SO_BINDTODEVICE, name)).toBe(0)
      a.zts_close(fd)
    },
  },
  {
    what: '`zts_get_recv_timeout`, `zts_get_send_timeout`',
    native: 'whole seconds, the rest is lost',
    here: 'the same, and `…_us` beside them for the rest',
    holds: (trial) => {
      const { a } = trial
      const fd = tcp(trial)
      a.zts_set_recv_timeout(fd, 1, 500_000)
      expect([a.zts_get_recv_timeout(fd), a.zts_get_recv_timeout_us(fd)]).toEqual([1, 500_000])
      a.zts_close(fd)
    },
  },
  {
    what: '`zts_get_data_available`',
    native: 'errors look like huge numbers',
    here: 'a negative result code',
    holds: async ({ a }) => {
      await fails(a, () => a.zts_get_data_available(999), a.ZTS_EBADF)
    },
  },
  {
    what: '`zts_bsd_poll`',
    native: 'never says `ZTS_POLLHUP`',
    here: 'does, when both directions have ended',
    holds: async (trial) => {
      const { a, b, stage, until } = trial
      const { client, server, end } = await connected(trial, 107)
      a.zts_shutdown_wr(client)
      b.zts_shutdown_wr(server)
      await stage.net.advance(1_000)
      const fds = [{ fd: client, events: 0, revents: 0 }]
      expect(await until(a.zts_bsd_poll(fds, 0))).toBe(1)
      expect(fds[0]!.revents & a.ZTS_POLLHUP).toBe(a.ZTS_POLLHUP)
      end()
    },
  },
  {
    what: '`ZTS_MSG_WAITALL`',
    native: 'not supported',
    here: 'works',
    holds: async (trial) => {
      const { a, b, until, stage } = trial
      const { client, server, end } = await connected(trial, 108)
      const into = new Uint8Array(4)
      const reading = b.zts_recv(server, into, b.ZTS_MSG_WAITALL)
      await until(a.zts_write(client, Uint8Array.of(1, 2)))
      await stage.net.advance(100)
      await until(a.zts_write(client, Uint8Array.of(3, 4)))
      expect([await until(reading), ...into]).toEqual([4, 1, 2, 3, 4])
      end()
    },
  },
  {
    what: '`zts_bsd_sendto` with an address on a connected datagram socket',
    native: 'sends it there',
    here: '`EISCONN`, as BSD has it',
    holds: async (trial) => {
      const { a, b4, until } = trial
      const fd = udp(trial)
      const peer = { family: 2, addr: b4, port: 9 }
      await until(a.zts_bsd_connect(fd, peer))
      await fails(a, () => a.zts_bsd_sendto(fd, Uint8Array.of(1), 0, peer), a.ZTS_EISCONN)
      a.zts_close(fd)
    },
  },
  {
    what: '`zts_bsd_close` with `ZTS_SO_LINGER` of some seconds',
    native: 'waits so long for what was written',
    here: 'gives 0 at once; what was written is still sent; 0 seconds are a reset',
    holds: async (trial) => {
      const { a, b, until } = trial
      const { client, server, end } = await connected(trial, 109)
      a.zts_set_linger(client, 1, 5)
      await until(a.zts_write(client, new Uint8Array(100_000)))
      expect(a.zts_close(client)).toBe(0)
      expect(await until(b.zts_recv(server, new Uint8Array(200_000), b.ZTS_MSG_WAITALL))).toBe(100_000)
      end()
    },
  },
]
