import { describe, expect, it } from 'vitest'
import { createZts, type Zts } from '../../../../src/zts.node.ts'
import { bytes, outcome, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()
const now = { tv_sec: 0, tv_usec: 0 }
const tcp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_STREAM, 0)
const udp = (zts: Zts): number => zts.zts_socket(zts.ZTS_AF_INET, zts.ZTS_SOCK_DGRAM, 0)
const watched = (fd: number, events: number) => ({ fd, events, revents: 0 })

describe('descriptors', () => {
  it('are the lowest numbers that are free', () => {
    const { a } = programs.get()
    const fds = [tcp(a), udp(a), tcp(a)]
    expect(fds).toEqual([0, 1, 2])
    a.zts_close(1)
    expect([tcp(a), tcp(a)]).toEqual([1, 3])
    for (const fd of [0, 1, 2, 3]) expect(a.zts_close(fd)).toBe(0)
  })

  it('are 1024 at most: then EMFILE, for accept too', async () => {
    const { a, b, b4, net, until } = programs.get()
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 7001)
    b.zts_listen(listener, 4)
    await until(a.zts_connect(tcp(a), b4, 7001, 1000))
    await net.advance(100)
    let last = 0
    while (last >= 0) last = udp(b)
    expect(b.errno).toBe(b.ZTS_EMFILE)
    expect(await outcome(b, async () => (await b.zts_bsd_accept(listener)).fd)).toEqual([-1, b.ZTS_EMFILE])
    b.zts_close(1023)
    expect((await b.zts_bsd_accept(listener)).fd).toBe(1023)
    for (let fd = 0; fd < 1024; fd++) b.zts_close(fd)
  })

  it('that are none give EBADF for every call', async () => {
    const { a } = programs.get()
    const buffer = new Uint8Array(1)
    const addr = { family: 2, addr: '10.144.0.9', port: 9 }
    for (const fd of [77, -1, 0.5, Number.NaN, 5000]) {
      const calls: readonly (() => number | Promise<number>)[] = [
        () => a.zts_bsd_connect(fd, addr),
        () => a.zts_bsd_bind(fd, addr),
        () => a.zts_bsd_listen(fd, 1),
        async () => (await a.zts_bsd_accept(fd)).fd,
        () => a.zts_bsd_send(fd, buffer, 0),
        () => a.zts_bsd_recv(fd, buffer, 0),
        () => a.zts_bsd_setsockopt(fd, a.ZTS_SOL_SOCKET, a.ZTS_SO_KEEPALIVE, 1),
        () => a.zts_bsd_fcntl(fd, a.ZTS_F_GETFL),
        () => a.zts_bsd_ioctl(fd, a.ZTS_FIONREAD).err,
        () => a.zts_bsd_getsockname(fd).err,
        () => a.zts_bsd_shutdown(fd, 0),
        () => a.zts_bsd_close(fd),
      ]
      for (const call of calls) expect(await outcome(a, call)).toEqual([-1, a.ZTS_EBADF])
    }
  })

  it('are of families, types and protocols that there are', () => {
    const { a } = programs.get()
    const refused = (family: number, type: number, protocol: number) => [
      a.zts_bsd_socket(family, type, protocol),
      a.errno,
    ]
    expect(refused(99, 1, 0)).toEqual([-1, a.ZTS_EAFNOSUPPORT])
    expect(refused(2, 9, 0)).toEqual([-1, a.ZTS_ESOCKTNOSUPPORT])
    expect(refused(2, a.ZTS_SOCK_STREAM, a.ZTS_IPPROTO_UDP)).toEqual([-1, a.ZTS_EPROTONOSUPPORT])
    expect(refused(2, a.ZTS_SOCK_DGRAM, a.ZTS_IPPROTO_UDPLITE)).toEqual([-1, a.ZTS_EPROTONOSUPPORT])
  })

  it('need a node that runs: before the start and after the stop there is ZTS_ERR_SERVICE', async () => {
    const { net, until } = programs.get()
    const zts = createZts({ net })
    const buffer = new Uint8Array(1)
    const refusals = async () => [
      tcp(zts),
      await zts.zts_recv(0, buffer, 0),
      zts.zts_close(0),
      (await zts.zts_bsd_select(1, new Set([0]), null, null, now)).n,
      await zts.zts_bsd_poll([], 0),
      (await zts.zts_accept(0)).fd,
      zts.zts_bsd_getsockname(0).err,
      await zts.zts_tcp_client('10.144.0.1', 1),
      zts.zts_bind(0, 'nonsense', 1),
    ]
    expect(new Set(await refusals())).toEqual(new Set([zts.ZTS_ERR_SERVICE]))
    await until(zts.zts_node_start())
    const fd = udp(zts)
    const reading = outcome(zts, () => zts.zts_recv(fd, buffer, 0))
    await until(zts.zts_node_stop())
    expect(await until(reading)).toEqual([-1, zts.ZTS_EBADF])
    expect(new Set(await refusals())).toEqual(new Set([zts.ZTS_ERR_SERVICE]))
    await until(zts.zts_node_start())
    expect(zts.zts_close(fd)).toBe(-1)
    expect(udp(zts)).toBe(0)
    await until(zts.zts_node_stop())
  })

  it('of a node that stops are reset: the peer reads ECONNRESET', async () => {
    const { net, b, b4, networkId, until } = programs.get()
    const zts = createZts({ net })
    await until(zts.zts_node_start())
    zts.zts_net_join(networkId)
    const listener = tcp(b)
    b.zts_bind(listener, '0.0.0.0', 7002)
    b.zts_listen(listener, 1)
    const fd = tcp(zts)
    // the network is not ready yet: the call waits for it
    expect(await until(zts.zts_connect(fd, b4, 7002, 20_000))).toBe(0)
    const { fd: server } = await until(b.zts_accept(listener))
    const reading = outcome(b, () => b.zts_recv(server, new Uint8Array(1), 0))
    await until(zts.zts_node_stop())
    expect(await until(reading)).toEqual([-1, b.ZTS_ECONNRESET])
  })

  it('tell their mode by fcntl, and change it by fcntl and ioctl', () => {
    const { a } = programs.get()
    const fd = tcp(a)
    const flags = () => a.zts_bsd_fcntl(fd, a.ZTS_F_GETFL)
    expect(flags()).toBe(a.ZTS_O_RDWR)
    expect(a.zts_bsd_fcntl(fd, a.ZTS_F_SETFL, a.ZTS_O_RDWR | a.ZTS_O_NONBLOCK)).toBe(0)
    expect(flags()).toBe(a.ZTS_O_RDWR | a.ZTS_O_NONBLOCK)
    expect(a.zts_bsd_ioctl(fd, a.ZTS_FIONBIO, 0)).toEqual({ err: 0, value: 0 })
    expect(flags()).toBe(a.ZTS_O_RDWR)
    expect(a.zts_bsd_ioctl(fd, a.ZTS_FIONBIO).err).toBe(a.ZTS_ERR_ARG)
    expect([a.zts_bsd_fcntl(fd, a.ZTS_F_SETFL, 0x40), a.errno]).toEqual([-1, a.ZTS_ENOSYS])
    expect([a.zts_bsd_fcntl(fd, 99), a.errno]).toEqual([-1, a.ZTS_ENOSYS])
    expect([a.zts_bsd_ioctl(fd, 0x1234, 1).err, a.errno]).toEqual([-1, a.ZTS_ENOSYS])
  })

  it('refuse arguments that are none with ZTS_ERR_ARG', async () => {
    const { a } = programs.get()
    const fd = tcp(a)
    const nothing = undefined as unknown
    const calls: readonly (number | Promise<number>)[] = [
      a.zts_bsd_connect(fd, nothing as { family: number }),
      a.zts_bsd_bind(fd, { family: 2, addr: '::1', port: 1 }),
      a.zts_bind(fd, '10.0.0.300', 1),
      a.zts_connect(fd, '10.0.0.1', 70_000),
      a.zts_connect(fd, '10.0.0.1', 1, -1),
      a.zts_send(fd, 'text' as unknown as Uint8Array, 0),
      a.zts_recv(fd, nothing as Uint8Array, 0),
      a.zts_bsd_readv(fd, nothing as Uint8Array[]),
      a.zts_bsd_sendto(fd, bytes('x'), 0, nothing as { family: number; addr: string; port: number }),
      a.zts_bsd_setsockopt(fd, a.ZTS_SOL_SOCKET, a.ZTS_SO_KEEPALIVE, null),
      a.zts_bsd_poll(nothing as [], 0),
    ]
    expect(await Promise.all(calls)).toEqual(calls.map(() => a.ZTS_ERR_ARG))
  })
})

describe('select', () => {
  it('waits for what is asked for, and names it', async () => {
    const { a, b, net, until, connected } = programs.get()
    const [one, other] = [await connected(), await connected()]
    const fds = new Set([one.server, other.server])
    const selecting = b.zts_bsd_select(1024, fds, null, fds, null)
    await net.advance(1000)
    await until(a.zts_send(other.client, bytes('x'), 0))
    const { n, r, w, x } = await until(selecting)
    expect([n, [...r], w.size, x.size]).toEqual([1, [other.server], 0, 0])
    expect(fds.size).toBe(2)
  })

  it('gives 0 when its time is over, and at once for no time', async () => {
    const { b, net, until, connected } = programs.get()
    const fds = new Set([(await connected()).server])
    const begun = net.now
    expect((await b.zts_bsd_select(1024, fds, null, null, now)).n).toBe(0)
    expect((await until(b.zts_bsd_select(1024, fds, null, null, { tv_sec: 1, tv_usec: 500_000 }))).n).toBe(0)
    expect((await until(b.zts_bsd_select(0, null, null, null, { tv_sec: 1, tv_usec: 0 }))).n).toBe(0)
    expect(net.now - begun).toBe(2500)
  })

  it('finds a listener readable that somebody connected to, and a connection that has ended', async () => {
    const { a, b, b4, until, connected } = programs.get()
    const { client, server, listener } = await connected()
    const reads = (fd: number) => b.zts_bsd_select(1024, new Set([fd]), null, null, null)
    const [onListener, onConnection] = [reads(listener), reads(server)]
    await until(a.zts_connect(tcp(a), b4, b.zts_getsockname(listener).port, 1000))
    expect((await until(onListener)).n).toBe(1)
    a.zts_shutdown_wr(client)
    expect((await until(onConnection)).n).toBe(1)
  })

  it('refuses numbers, times and descriptors that are none', async () => {
    const { a, until, connected } = programs.get()
    const { client } = await connected()
    const select = (nfds: number, fds: Set<number>, time = now) =>
      outcome(a, async () => (await a.zts_bsd_select(nfds, fds, null, null, time)).n)
    expect(await select(1025, new Set())).toEqual([-1, a.ZTS_EINVAL])
    expect(await select(-1, new Set())).toEqual([-1, a.ZTS_EINVAL])
    expect(await select(1, new Set(), { tv_sec: 0, tv_usec: 1_000_000 })).toEqual([-1, a.ZTS_EINVAL])
    expect(await select(1024, new Set([999]))).toEqual([-1, a.ZTS_EBADF])
    expect(await select(999, new Set([999]))).toEqual([0, 0])
    const selecting = outcome(a, async () => (await a.zts_bsd_select(1024, new Set([client]), null, null, null)).n)
    a.zts_close(client)
    expect(await until(selecting)).toEqual([-1, a.ZTS_EBADF])
  })
})

describe('poll', () => {
  it('fills in what has happened, for each alone', async () => {
    const { a, b, until, connected } = programs.get()
    const [one, other] = [await connected(), await connected()]
    await until(a.zts_send(one.client, bytes('x'), 0))
    const both = b.ZTS_POLLIN | b.ZTS_POLLOUT
    const fds = [watched(one.server, both | b.ZTS_POLLRDNORM), watched(other.server, both), watched(-1, both)]
    await until(b.zts_bsd_poll([watched(one.server, b.ZTS_POLLIN)], -1))
    expect(await b.zts_bsd_poll(fds, 0)).toBe(2)
    expect(fds.map(({ revents }) => revents)).toEqual([both | b.ZTS_POLLRDNORM, b.ZTS_POLLOUT, 0])
  })

  it('tells errors, hang-ups and descriptors that are none without being asked', async () => {
    const { a, b, net, connected } = programs.get()
    const [reset, ended] = [await connected(), await connected()]
    b.zts_set_linger(reset.server, 1, 0)
    b.zts_close(reset.server)
    b.zts_shutdown_wr(ended.server)
    a.zts_shutdown_wr(ended.client)
    await net.advance(1000)
    const fds = [watched(reset.client, 0), watched(ended.client, 0), watched(900, a.ZTS_POLLIN)]
    expect(await a.zts_bsd_poll(fds, -1)).toBe(3)
    expect(fds.map(({ revents }) => revents)).toEqual([a.ZTS_POLLERR | a.ZTS_POLLHUP, a.ZTS_POLLHUP, a.ZTS_POLLNVAL])
  })

  it('waits, and ends with POLLNVAL where a descriptor is closed meanwhile', async () => {
    const { a, net, until, connected } = programs.get()
    const { client } = await connected()
    const fds = [watched(client, a.ZTS_POLLIN)]
    const begun = net.now
    expect(await until(a.zts_bsd_poll(fds, 300))).toBe(0)
    expect(net.now - begun).toBe(300)
    const polling = a.zts_bsd_poll(fds, -1)
    a.zts_close(client)
    expect(await until(polling)).toBe(1)
    expect(fds[0]!.revents).toBe(a.ZTS_POLLNVAL)
  })
})
