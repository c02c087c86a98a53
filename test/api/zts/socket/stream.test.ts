import { describe, expect, it } from 'vitest'
import type { Zts } from '../../../../src/zts.node.ts'
import { bytes, outcome, textOf, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()
const tcp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
const nonBlocking = (zts: Zts, fd: number): number => zts.zts_bsd_fcntl(fd, zts.ZTS_F_SETFL, zts.ZTS_O_NONBLOCK)
const at = (addr: string, port: number) => ({ family: 2, addr, port })

describe('a stream socket', () => {
  it('carries bytes both ways, and ends with 0 where the peer has ended', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    expect(await until(a.zts_send(client, bytes('hello'), 0))).toBe(5)
    const buffer = new Uint8Array(64)
    expect(await until(b.zts_recv(server, buffer, 0))).toBe(5)
    expect(textOf(buffer, 5)).toBe('hello')
    expect(await until(b.zts_write(server, bytes('ho')))).toBe(2)
    expect(await until(a.zts_read(client, buffer))).toBe(2)
    a.zts_close(client)
    expect(await until(b.zts_recv(server, buffer, 0))).toBe(0)
    expect(await until(b.zts_recv(server, buffer, 0))).toBe(0)
    b.zts_close(server)
  })

  it('is named by both ends alike', async () => {
    const { a, b, a4, b4, connected } = programs.get()
    const { client, server } = await connected()
    const [near, far] = [a.zts_getsockname(client), b.zts_getpeername(server)]
    expect([near.str, near.port]).toEqual([a4, far.port])
    expect(far.str).toBe(a4)
    expect(a.zts_bsd_getpeername(client)).toEqual({ err: 0, addr: at(b4, b.zts_getsockname(server).port) })
  })

  it('that is not connected gives ENOTCONN for all that needs a connection', async () => {
    const { a } = programs.get()
    const fd = tcp(a)
    const { ZTS_ENOTCONN } = a
    expect(await outcome(a, () => a.zts_recv(fd, new Uint8Array(1), 0))).toEqual([-1, ZTS_ENOTCONN])
    expect(await outcome(a, () => a.zts_send(fd, bytes('x'), 0))).toEqual([-1, ZTS_ENOTCONN])
    expect(await outcome(a, () => a.zts_bsd_shutdown(fd, 2))).toEqual([-1, ZTS_ENOTCONN])
    expect(await outcome(a, () => a.zts_getpeername(fd).err)).toEqual([-1, ZTS_ENOTCONN])
    expect(await outcome(a, async () => (await a.zts_bsd_accept(fd)).fd)).toEqual([-1, a.ZTS_EINVAL])
    expect(a.zts_bsd_getsockname(fd).addr).toEqual(at('0.0.0.0', 0))
  })
})

describe('connecting', () => {
  it('to a port where nobody listens gives ECONNREFUSED, and can be tried again', async () => {
    const { a, b, b4, until } = programs.get()
    const fd = tcp(a)
    expect(await until(outcome(a, () => a.zts_bsd_connect(fd, at(b4, 999))))).toEqual([-1, a.ZTS_ECONNREFUSED])
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 999)
    b.zts_listen(listener, 1)
    expect(await until(outcome(a, () => a.zts_bsd_connect(fd, at(b4, 999))))).toEqual([0, 0])
    b.zts_close(listener)
  })

  it('where no route leads gives ENETUNREACH at once', async () => {
    const { a } = programs.get()
    expect(await outcome(a, () => a.zts_bsd_connect(tcp(a), at('192.0.2.1', 80)))).toEqual([-1, a.ZTS_ENETUNREACH])
  })

  it('to a host that is not there gives EHOSTUNREACH', async () => {
    const { a, until } = programs.get()
    const fd = tcp(a)
    const connect = () => a.zts_bsd_connect(fd, at('10.144.0.77', 80))
    expect(await until(outcome(a, connect))).toEqual([-1, a.ZTS_EHOSTUNREACH])
  })

  it('to a host that is silent gives ETIMEDOUT after SO_CONTIMEO', async () => {
    const { a, net, b4, until } = programs.get()
    const fd = tcp(a)
    a.zts_bsd_setsockopt(fd, a.ZTS_SOL_SOCKET, a.ZTS_SO_CONTIMEO, { tv_sec: 2, tv_usec: 0 })
    const heal = net.partition(net.internet, net.internet)
    const begun = net.now
    expect(await until(outcome(a, () => a.zts_bsd_connect(fd, at(b4, 999))))).toEqual([-1, a.ZTS_ETIMEDOUT])
    expect(net.now - begun).toBe(2000)
    heal()
  })

  it('with an address of another family gives EAFNOSUPPORT', async () => {
    const { a, b6 } = programs.get()
    const other = { family: a.ZTS_AF_INET6, addr: b6, port: 1 }
    expect(await outcome(a, () => a.zts_bsd_connect(tcp(a), other))).toEqual([-1, a.ZTS_EAFNOSUPPORT])
  })

  it('without blocking gives EINPROGRESS, EALREADY, and EISCONN once it stands', async () => {
    const { a, b, b4, until } = programs.get()
    const [fd, listener] = [tcp(a), tcp(b)]
    b.zts_bind(listener, b4, 1001)
    b.zts_listen(listener, 1)
    nonBlocking(a, fd)
    const connect = () => outcome(a, () => a.zts_bsd_connect(fd, at(b4, 1001)))
    expect(await connect()).toEqual([-1, a.ZTS_EINPROGRESS])
    expect(await connect()).toEqual([-1, a.ZTS_EALREADY])
    const fds = [{ fd, events: a.ZTS_POLLOUT, revents: 0 }]
    expect(await until(a.zts_bsd_poll(fds, 5000))).toBe(1)
    expect(fds[0]!.revents).toBe(a.ZTS_POLLOUT)
    expect(a.zts_get_last_socket_error(fd)).toBe(0)
    expect(await connect()).toEqual([-1, a.ZTS_EISCONN])
  })

  it('without blocking to where nobody listens tells so by SO_ERROR, once', async () => {
    const { a, b4, until } = programs.get()
    const fd = tcp(a)
    nonBlocking(a, fd)
    await a.zts_bsd_connect(fd, at(b4, 998))
    const { n, w, x } = await until(a.zts_bsd_select(fd + 1, null, new Set([fd]), new Set([fd]), null))
    expect([n, [...w], [...x]]).toEqual([2, [fd], [fd]])
    expect(a.zts_get_last_socket_error(fd)).toBe(a.ZTS_ECONNREFUSED)
    expect(a.zts_get_last_socket_error(fd)).toBe(0)
  })

  it('from an address and port of its own choice uses them', async () => {
    const { a, b, a4, b4, until } = programs.get()
    const [fd, listener] = [tcp(a), tcp(b)]
    b.zts_bind(listener, b4, 1002)
    b.zts_listen(listener, 1)
    expect(a.zts_bind(fd, a4, 4321)).toBe(0)
    await until(a.zts_connect(fd, b4, 1002, 5000))
    const { addr, str, port } = await until(b.zts_accept(listener))
    expect([addr, str, port]).toEqual([at(a4, 4321), a4, 4321])
  })

  it('to an address of its own reaches itself', async () => {
    const { a, a4, until } = programs.get()
    for (const [ip, port] of [
      [a4, 1003],
      ['127.0.0.1', 1004],
    ] as const) {
      const [fd, listener] = [tcp(a), tcp(a)]
      a.zts_bind(listener, '0.0.0.0', port)
      a.zts_listen(listener, 1)
      expect(await until(a.zts_connect(fd, ip, port, 5000))).toBe(0)
      expect((await until(a.zts_accept(listener))).str).toBe(ip)
    }
  })

  it('is given up when the socket is closed', async () => {
    const { a, until } = programs.get()
    const fd = tcp(a)
    const connecting = outcome(a, () => a.zts_bsd_connect(fd, at('10.144.0.78', 80)))
    expect(a.zts_close(fd)).toBe(0)
    expect(await until(connecting)).toEqual([-1, a.ZTS_EBADF])
  })
})

describe('listening', () => {
  it('hands connections out in the order they came, and waits for the next', async () => {
    const { a, b, b4, until } = programs.get()
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 1010)
    expect(b.zts_listen(listener, 5)).toBe(0)
    const clients = [tcp(a), tcp(a)]
    for (const fd of clients) await until(a.zts_connect(fd, b4, 1010, 5000))
    const ports = clients.map((fd) => a.zts_getsockname(fd).port)
    const waiting = [b.zts_accept(listener), b.zts_accept(listener), b.zts_accept(listener)]
    const first = await until(Promise.all(waiting.slice(0, 2)))
    expect(first.map(({ port }) => port)).toEqual(ports)
    const late = tcp(a)
    await until(a.zts_connect(late, b4, 1010, 5000))
    expect((await until(waiting[2]!)).port).toBe(a.zts_getsockname(late).port)
  })

  it('without blocking gives EAGAIN where nobody connected, and so does SO_RCVTIMEO in time', async () => {
    const { b, net, until } = programs.get()
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 1011)
    b.zts_listen(listener, 5)
    b.zts_set_recv_timeout(listener, 1, 500_000)
    const begun = net.now
    expect(await until(outcome(b, () => b.zts_accept(listener).then(({ fd }) => fd)))).toEqual([-1, b.ZTS_EAGAIN])
    expect(net.now - begun).toBe(1500)
    nonBlocking(b, listener)
    expect(await outcome(b, () => b.zts_bsd_accept(listener).then(({ fd }) => fd))).toEqual([-1, b.ZTS_EAGAIN])
  })

  it('binds by itself to a port that is free', () => {
    const { b } = programs.get()
    const listener = tcp(b)
    expect(b.zts_listen(listener, 1)).toBe(0)
    expect(b.zts_getsockname(listener).port).toBeGreaterThanOrEqual(49_152)
    expect(b.zts_bsd_getsockopt(listener, b.ZTS_SOL_SOCKET, b.ZTS_SO_ACCEPTCONN)).toEqual({ err: 0, value: 1 })
  })

  it('passes options on, but not the non-blocking mode, except by accept4', async () => {
    const { a, b, b4, net, until } = programs.get()
    const listener = tcp(b)
    b.zts_set_no_delay(listener, 1)
    b.zts_bind(listener, '0.0.0.0', 1012)
    b.zts_listen(listener, 5)
    nonBlocking(b, listener)
    for (const fd of [tcp(a), tcp(a)]) await until(a.zts_connect(fd, b4, 1012, 5000))
    await net.advance(10)
    const { fd } = await b.zts_accept(listener)
    expect([b.zts_get_no_delay(fd), b.zts_get_blocking(fd)]).toEqual([1, 1])
    const other = await b.zts_accept4(listener, b.ZTS_SOCK_NONBLOCK)
    expect(b.zts_get_blocking(other.fd)).toBe(0)
  })

  it('refuses those who wait when it is closed, and wakes who accepts with EBADF', async () => {
    const { a, b, b4, until } = programs.get()
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 1013)
    b.zts_listen(listener, 5)
    const accepting = outcome(b, () => b.zts_accept(listener).then(({ fd }) => fd))
    b.zts_close(listener)
    expect(await until(accepting)).toEqual([-1, b.ZTS_EBADF])
    const again = tcp(b)
    b.zts_bind(again, '0.0.0.0', 1013)
    b.zts_listen(again, 5)
    const client = tcp(a)
    await until(a.zts_connect(client, b4, 1013, 5000))
    b.zts_close(again)
    expect(await until(outcome(a, () => a.zts_recv(client, new Uint8Array(1), 0)))).toEqual([-1, a.ZTS_ECONNRESET])
  })

  it('on an address that is not ours cannot be, nor on a port that is taken', () => {
    const { b, a4, b4 } = programs.get()
    const first = tcp(b)
    const bind = (fd: number, ip: string) => [b.zts_bind(fd, ip, 1014), b.errno]
    expect(bind(tcp(b), a4)).toEqual([-1, b.ZTS_EADDRNOTAVAIL])
    expect(bind(first, '0.0.0.0')[0]).toBe(0)
    expect(bind(first, '0.0.0.0')).toEqual([-1, b.ZTS_EINVAL])
    expect(bind(tcp(b), b4)).toEqual([-1, b.ZTS_EADDRINUSE])
    b.zts_close(first)
    expect(bind(tcp(b), b4)[0]).toBe(0)
  })

  it('shares a port with SO_REUSEADDR only while nobody listens', () => {
    const { b } = programs.get()
    const [one, other] = [tcp(b), tcp(b)]
    for (const fd of [one, other]) {
      b.zts_set_reuse_addr(fd, 1)
      expect(b.zts_bind(fd, '0.0.0.0', 1015)).toBe(0)
    }
    expect(b.zts_listen(one, 1)).toBe(0)
    expect([b.zts_listen(other, 1), b.errno]).toEqual([-1, b.ZTS_EADDRINUSE])
  })

  it('by IPv6 takes IPv4 too, as ::FFFF:…, unless it is V6ONLY', async () => {
    const { a, b, a4, b4, until } = programs.get()
    for (const [port, only] of [
      [1016, 0],
      [1017, 1],
    ] as const) {
      const listener = b.zts_socket(b.ZTS_AF_INET6, b.ZTS_SOCK_STREAM, 0)
      b.zts_bsd_setsockopt(listener, b.ZTS_IPPROTO_IPV6, b.ZTS_IPV6_V6ONLY, only)
      b.zts_bind(listener, '::', port)
      b.zts_listen(listener, 1)
      const client = tcp(a)
      const connected = await until(outcome(a, () => a.zts_bsd_connect(client, at(b4, port))))
      expect(connected).toEqual(only === 1 ? [-1, a.ZTS_ECONNREFUSED] : [0, 0])
      if (only === 0) expect((await until(b.zts_accept(listener))).str).toBe(`::FFFF:${a4}`)
    }
  })
})

describe('reading', () => {
  it('of nothing gives EAGAIN without blocking, by MSG_DONTWAIT, and when SO_RCVTIMEO is over', async () => {
    const { a, net, until, connected } = programs.get()
    const { client } = await connected()
    const read = (flags: number) => outcome(a, () => a.zts_recv(client, new Uint8Array(9), flags))
    expect(await read(a.ZTS_MSG_DONTWAIT)).toEqual([-1, a.ZTS_EAGAIN])
    a.zts_set_recv_timeout(client, 0, 250_000)
    const begun = net.now
    expect(await until(read(0))).toEqual([-1, a.ZTS_EAGAIN])
    expect(net.now - begun).toBe(250)
    a.zts_set_blocking(client, 0)
    expect(await read(0)).toEqual([-1, a.ZTS_EAGAIN])
  })

  it('with MSG_PEEK leaves what it shows, with MSG_WAITALL waits for all of it', async () => {
    const { a, b, net, until, connected } = programs.get()
    const { client, server } = await connected()
    await until(b.zts_send(server, bytes('abc'), 0))
    const buffer = new Uint8Array(6)
    expect(await until(a.zts_recv(client, buffer, a.ZTS_MSG_PEEK))).toBe(3)
    expect(a.zts_get_data_available(client)).toBe(3)
    const all = a.zts_recv(client, buffer, a.ZTS_MSG_WAITALL)
    await net.advance(100)
    await until(b.zts_send(server, bytes('defgh'), 0))
    expect(await until(all)).toBe(6)
    expect(textOf(buffer)).toBe('abcdef')
    const rest = a.zts_recv(client, buffer, a.ZTS_MSG_WAITALL)
    b.zts_close(server)
    expect(await until(rest)).toBe(2)
  })

  it('by two at once serves who came first', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    const [one, other] = [new Uint8Array(4), new Uint8Array(4)]
    const reads = [a.zts_recv(client, one, a.ZTS_MSG_WAITALL), a.zts_recv(client, other, 0)]
    await until(b.zts_send(server, bytes('ab'), 0))
    await until(b.zts_send(server, bytes('cdef'), 0))
    expect(await until(Promise.all(reads))).toEqual([4, 2])
    expect([textOf(one), textOf(other, 2)]).toEqual(['abcd', 'ef'])
  })

  it('into several buffers fills them in order', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    await until(b.zts_bsd_writev(server, [bytes('ab'), bytes('cde')]))
    const iov = [new Uint8Array(1), new Uint8Array(0), new Uint8Array(3), new Uint8Array(3)]
    expect(await until(a.zts_bsd_readv(client, iov))).toBe(5)
    expect(iov.map((one) => textOf(one))).toEqual(['a', '', 'bcd', 'e\0\0'])
  })

  it('after SHUT_RD gives 0, also to who waits; writing goes on', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    const waiting = a.zts_recv(client, new Uint8Array(1), 0)
    expect(a.zts_shutdown_rd(client)).toBe(0)
    expect(await until(waiting)).toBe(0)
    expect(await until(a.zts_send(client, bytes('still'), 0))).toBe(5)
    expect(await until(b.zts_recv(server, new Uint8Array(9), 0))).toBe(5)
  })

  it('from a peer that has reset gives what came before, then ECONNRESET once, then 0', async () => {
    const { a, b, net, until, connected } = programs.get()
    const { client, server } = await connected()
    await until(b.zts_send(server, bytes('last'), 0))
    await net.advance(100)
    b.zts_set_linger(server, 1, 0)
    b.zts_close(server)
    await net.advance(100)
    const read = () => outcome(a, () => a.zts_recv(client, new Uint8Array(9), 0))
    expect(await read()).toEqual([4, 0])
    expect(await read()).toEqual([-1, a.ZTS_ECONNRESET])
    expect(await read()).toEqual([0, 0])
    expect(await outcome(a, () => a.zts_send(client, bytes('x'), 0))).toEqual([-1, a.ZTS_EPIPE])
  })

  it('ends with EBADF when the socket is closed by another', async () => {
    const { a, until, connected } = programs.get()
    const { client } = await connected()
    const reading = outcome(a, () => a.zts_recv(client, new Uint8Array(1), 0))
    a.zts_close(client)
    expect(await until(reading)).toEqual([-1, a.ZTS_EBADF])
  })
})

describe('writing', () => {
  it('without blocking takes what fits, then gives EAGAIN until there is room', async () => {
    const { a, b, net, until, connected } = programs.get()
    const { client, server } = await connected()
    a.zts_set_blocking(client, 0)
    const chunk = new Uint8Array(100_000)
    let sent = 0
    let last = 0
    for (let n = 0; n < 400; n++) {
      last = await a.zts_send(client, chunk, 0)
      if (last < 0) break
      sent += last
      if (n % 4 === 0) await net.advance(20)
    }
    expect([last, a.errno]).toEqual([-1, a.ZTS_EAGAIN])
    const writable = () => a.zts_bsd_select(client + 1, null, new Set([client]), null, { tv_sec: 0, tv_usec: 0 })
    expect((await writable()).n).toBe(0)
    const woken = a.zts_bsd_select(client + 1, null, new Set([client]), null, null)
    let read = 0
    const buffer = new Uint8Array(1_000_000)
    while (read < sent) read += await until(b.zts_recv(server, buffer, 0))
    expect(read).toBe(sent)
    expect((await until(woken)).n).toBe(1)
    expect((await writable()).n).toBe(1)
  })

  it('that exactly fills the buffer is not writable any more', async () => {
    const { a, connected } = programs.get()
    const { client } = await connected()
    a.zts_set_send_buf_size(client, 8192)
    a.zts_set_blocking(client, 0)
    expect(await a.zts_send(client, new Uint8Array(8192), 0)).toBe(8192)
    const fds = [{ fd: client, events: a.ZTS_POLLOUT, revents: 0 }]
    expect(await a.zts_bsd_poll(fds, 0)).toBe(0)
    expect(await outcome(a, () => a.zts_send(client, bytes('x'), 0))).toEqual([-1, a.ZTS_EAGAIN])
  })

  it('blocks until all of it was taken, and does not mix with others who write', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    const [ones, twos] = [new Uint8Array(400_000).fill(1), new Uint8Array(400_000).fill(2)]
    const writes = Promise.all([a.zts_send(client, ones, 0), a.zts_send(client, twos, 0)])
    const all = new Uint8Array(800_000)
    expect(await until(b.zts_recv(server, all, b.ZTS_MSG_WAITALL))).toBe(800_000)
    expect(await until(writes)).toEqual([400_000, 400_000])
    expect([all.indexOf(2), all.lastIndexOf(1)]).toEqual([400_000, 399_999])
  })

  it('gives what was taken when SO_SNDTIMEO is over', async () => {
    const { a, net, until, connected } = programs.get()
    const { client } = await connected()
    a.zts_set_send_timeout(client, 3, 0)
    const begun = net.now
    const sent = await until(a.zts_send(client, new Uint8Array(30_000_000), 0))
    expect(sent).toBeGreaterThan(100_000)
    expect(sent).toBeLessThan(30_000_000)
    expect(net.now - begun).toBe(3000)
    expect(await until(outcome(a, () => a.zts_send(client, bytes('x'), 0)))).toEqual([-1, a.ZTS_EAGAIN])
  })

  it('after SHUT_WR gives EPIPE, and the peer reads the end', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    expect(a.zts_shutdown_wr(client)).toBe(0)
    expect(await outcome(a, () => a.zts_send(client, bytes('x'), 0))).toEqual([-1, a.ZTS_EPIPE])
    expect(await until(b.zts_recv(server, new Uint8Array(1), 0))).toBe(0)
    expect(await until(b.zts_send(server, bytes('back'), 0))).toBe(4)
    expect(await until(a.zts_recv(client, new Uint8Array(9), 0))).toBe(4)
  })

  it('is still delivered after close', async () => {
    const { a, b, until, connected } = programs.get()
    const { client, server } = await connected()
    await until(a.zts_send(client, new Uint8Array(200_000), 0))
    a.zts_close(client)
    const all = new Uint8Array(300_000)
    expect(await until(b.zts_recv(server, all, b.ZTS_MSG_WAITALL))).toBe(200_000)
  })

  it('knows no out-of-band data', async () => {
    const { a, connected } = programs.get()
    const { client } = await connected()
    expect(await outcome(a, () => a.zts_send(client, bytes('x'), a.ZTS_MSG_OOB))).toEqual([-1, a.ZTS_EOPNOTSUPP])
    expect(await outcome(a, () => a.zts_recv(client, new Uint8Array(1), a.ZTS_MSG_OOB))).toEqual([-1, a.ZTS_EOPNOTSUPP])
  })
})
