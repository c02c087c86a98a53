import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Zts } from '../../../../src/zts.node.ts'
import { type TwoPrograms, twoPrograms } from './two-programs.ts'

const programs = twoPrograms()

/** One call: a descriptor, and numbers of which the call makes its arguments. */
interface Call {
  readonly name: (typeof names)[number]
  readonly fd: number
  readonly x: number
  readonly y: number
}
type Answer = number | { readonly err?: number; readonly n?: number; readonly fd?: number }
type Make = (zts: Zts, call: Call, world: TwoPrograms) => Answer | Promise<Answer>

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length]!
const place = ({ x, y }: Call, { a4, b4, b6 }: TwoPrograms) => {
  const addr = pick(
    [a4, b4, '0.0.0.0', '127.0.0.1', b6, '::', `::ffff:${b4}`, '192.0.2.1', '10.144.0.255', '239.1.1.1'],
    x,
  )
  return { family: addr.includes(':') ? 10 : 2, addr, port: pick([0, 4000, 4001, 4002], y) }
}
const flags = ({ y }: Call): number => pick([0, 1, 2, 8, 0x10, 9, 4, 64], y)
const buffer = ({ x }: Call): Uint8Array => new Uint8Array(pick([0, 1, 100, 5000, 100_000], x))
const name = ({ y }: Call): number => pick([2, 4, 8, 0x80, 0x1001, 0x1002, 0x1005, 0x1006, 0x1007, 1, 3, 8, 27, 99], y)
const level = ({ x }: Call): number => pick([0xfff, 0, 6, 41, 7], x)

const calls = {
  socket: (zts, { x, y }) =>
    zts.zts_bsd_socket(pick([2, 10, 2, 3], x), pick([1, 2, 1, 2, 3, 9], y), pick([0, 0, 6, 17], x + y)),
  bind: (zts, call, world) => zts.zts_bsd_bind(call.fd, place(call, world)),
  bindAnywhere: (zts, { fd, y }) => zts.zts_bind(fd, '0.0.0.0', y),
  listen: (zts, { fd, x }) => zts.zts_bsd_listen(fd, x),
  connect: (zts, call, world) => zts.zts_bsd_connect(call.fd, place(call, world)),
  disconnect: (zts, { fd }) => zts.zts_bsd_connect(fd, { family: 0 }),
  tryConnect: (zts, { fd, x }, { b4 }) => zts.zts_connect(fd, b4, 4000, x),
  accept: (zts, { fd }) => zts.zts_bsd_accept(fd),
  send: (zts, call) => zts.zts_bsd_send(call.fd, buffer(call), flags(call)),
  sendto: (zts, call, world) => zts.zts_bsd_sendto(call.fd, buffer(call), flags(call), place(call, world)),
  sendThere: (zts, { fd, x }, { b4 }) =>
    zts.zts_bsd_sendto(fd, new Uint8Array(x), 0, { family: 2, addr: b4, port: 4000 }),
  writev: (zts, call) => zts.zts_bsd_writev(call.fd, [buffer(call), new Uint8Array(3)]),
  recv: (zts, call) => zts.zts_bsd_recv(call.fd, buffer(call), flags(call)),
  recvfrom: (zts, call) => zts.zts_bsd_recvfrom(call.fd, buffer(call), flags(call)),
  recvmsg: (zts, call) => zts.zts_bsd_recvmsg(call.fd, { iov: [buffer(call), new Uint8Array(5)] }, flags(call)),
  shutdown: (zts, { fd, x }) => zts.zts_bsd_shutdown(fd, x % 4),
  close: (zts, { fd }) => zts.zts_bsd_close(fd),
  set: (zts, call) =>
    zts.zts_bsd_setsockopt(
      call.fd,
      level(call),
      name(call),
      pick([0, 1, 5000, { tv_sec: 1 }, { l_onoff: 1 }, 'x'], call.y),
    ),
  get: (zts, call) => zts.zts_bsd_getsockopt(call.fd, level(call), name(call)),
  fcntl: (zts, { fd, x, y }) => zts.zts_bsd_fcntl(fd, pick([3, 4, 4, 5], x), y % 3),
  ioctl: (zts, { fd, x, y }) => zts.zts_bsd_ioctl(fd, pick([zts.ZTS_FIONREAD, zts.ZTS_FIONBIO, 7], x), y % 2),
  names: (zts, { fd }) => zts.zts_bsd_getpeername(fd),
  select: (zts, { fd, x }) =>
    zts.zts_bsd_select(16, new Set([fd, x]), new Set([fd]), new Set([x]), { tv_sec: x % 3, tv_usec: 0 }),
  poll: (zts, { fd, x, y }) =>
    zts.zts_bsd_poll(
      [
        { fd, events: x, revents: 0 },
        { fd: y, events: 3, revents: 0 },
      ],
      x * 100,
    ),
} as const satisfies Record<string, Make>
const names = Object.keys(calls) as readonly (keyof typeof calls)[]

const anyCall = fc.record<Call>({
  name: fc.constantFrom(...names, 'socket', 'socket', 'fcntl', 'connect', 'listen', 'bind'),
  fd: fc.integer({ min: 0, max: 6 }),
  x: fc.nat(9),
  y: fc.nat(15),
})
const anyStep = fc.record({
  on: fc.constantFrom('a', 'b'),
  call: anyCall,
  pause: fc.constantFrom(0, 0, 0, 0, 0, 1, 50, 3000),
})

/** To start from: a listener, streams that are connected, datagrams of which one is bound and one connected. */
const begin = async ({ a, b, a4, b4 }: TwoPrograms): Promise<void> => {
  for (const zts of [a, b]) {
    const [listener, , bound] = [1, 1, 2, 2].map((type) => zts.zts_bsd_socket(2, type, 0))
    for (const fd of [listener!, bound!]) zts.zts_bind(fd, '0.0.0.0', 4000)
    zts.zts_bsd_listen(listener!, 3)
  }
  for (const [zts, addr] of [
    [a, b4],
    [b, a4],
  ] as const)
    for (const fd of [1, 3]) await zts.zts_bsd_connect(fd, { family: 2, addr, port: 4000 })
  for (const zts of [a, b]) {
    const { fd } = await zts.zts_bsd_accept(0)
    for (const from of [fd, 3]) await zts.zts_bsd_send(from, new Uint8Array(5))
  }
}

/** Every errno that the reference names for sockets. */
const documented = (zts: Zts): ReadonlySet<number> =>
  new Set([
    ...[zts.ZTS_EBADF, zts.ZTS_EAGAIN, zts.ZTS_EACCES, zts.ZTS_EINVAL, zts.ZTS_EMFILE, zts.ZTS_EPIPE, zts.ZTS_ENOSYS],
    ...[zts.ZTS_EDESTADDRREQ, zts.ZTS_EMSGSIZE, zts.ZTS_ENOPROTOOPT, zts.ZTS_EPROTONOSUPPORT, zts.ZTS_ESOCKTNOSUPPORT],
    ...[zts.ZTS_EOPNOTSUPP, zts.ZTS_EAFNOSUPPORT, zts.ZTS_EADDRINUSE, zts.ZTS_EADDRNOTAVAIL, zts.ZTS_ENETDOWN],
    ...[zts.ZTS_ENETUNREACH, zts.ZTS_ECONNABORTED, zts.ZTS_ECONNRESET, zts.ZTS_ENOBUFS, zts.ZTS_EISCONN],
    ...[zts.ZTS_ENOTCONN, zts.ZTS_ETIMEDOUT, zts.ZTS_ECONNREFUSED, zts.ZTS_EHOSTUNREACH, zts.ZTS_EALREADY],
    ...[zts.ZTS_EINPROGRESS, zts.ZTS_ENODEV],
  ])

describe('any calls on any descriptors, in any order', () => {
  it('never throw, never hang, and say why they fail', { timeout: 60_000 + RUNS * 1000 }, async () => {
    const world = programs.get()
    const { net, until } = world
    const known = documented(world.a)
    const seen = new Set<string>()
    const check = (zts: Zts, given: Answer, of: string): void => {
      const result = typeof given === 'number' ? given : (given.err ?? given.n ?? given.fd ?? 0)
      expect(Number.isInteger(result) && result >= -3, of).toBe(true)
      if (result === -1) expect(known.has(zts.errno), `${of} errno ${zts.errno}`).toBe(true)
      seen.add(`${of} ${result < 0 ? result : 'ok'}`)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 100, size: 'max' }), async (steps) => {
        const waiting: Promise<void>[] = []
        await until(begin(world))
        for (const { on, call, pause } of steps) {
          const zts = world[on]
          const given = (calls[call.name] as Make)(zts, call, world)
          if (given instanceof Promise) waiting.push(given.then((answer) => check(zts, answer, call.name)))
          else check(zts, given, call.name)
          await net.advance(pause)
        }
        for (const zts of [world.a, world.b]) for (let fd = 0; fd < 64; fd++) zts.zts_close(fd)
        await until(Promise.all(waiting), 10_000)
        await net.advance(100)
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
    // and most kinds of calls have had their way at least once
    expect([...seen].filter((one) => one.endsWith(' ok')).length).toBeGreaterThanOrEqual(15)
  })
})

describe('any arguments', () => {
  it('of any call, also such as TypeScript refuses, are answered and never thrown at', async () => {
    const { a, b4, until } = programs.get()
    const group = Object.entries(a).filter(([name]) => SOCKET_CALL.test(name)) as [
      string,
      (...args: unknown[]) => unknown,
    ][]
    expect(group.length).toBeGreaterThan(70)
    const some = [0, -1, 1.5, Number.NaN, 2n ** 70n, 'length', b4, '', null, undefined, {}, [], new Uint8Array(3), true]
    const odd = [Symbol('fd'), () => 0, { family: 2n }, { iov: [1] }, [{ fd: 0, events: 1n }], new Set(['x'])]
    const values: readonly unknown[] = [...some, ...odd]
    const answers: Promise<unknown>[] = []
    group.forEach(([, call], n) => {
      for (let i = 0; i < values.length; i++) {
        const args = [0, 1, 2, 3, 4].map((at) => values[(i + at * (n + 1)) % values.length])
        answers.push(Promise.resolve(call(i % 2 === 0 ? 0 : args[0], ...args.slice(1))))
        a.zts_socket(2, 1 + (i % 2), 0)
      }
    })
    for (let fd = 0; fd < 1024; fd++) a.zts_close(fd)
    await until(Promise.all(answers), 60_000)
  })
})

/** Those that the files beside this one are about. */
const SOCKET_CALL =
  /^zts_(bsd_|[gs]et_(no_d|ling|reus|recv|send|ttl|bloc|keep|last|data|pend)|socket$|connect|bind|listen|accept|send|recv|read|write|shutdown|close|getpeer|getsock|setsock|tcp_|udp_|select|poll|fcntl|ioctl|gethost)/

const SEED = Number(process.env['RXZT_SEED'] ?? 7)
const RUNS = Number(process.env['RXZT_RUNS'] ?? 12)
