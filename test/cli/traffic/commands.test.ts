import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examinePath } from '../../../src/cli/traffic/echo/examine-path.ts'
import { fileServer } from '../../../src/cli/traffic/http/file-server.ts'
import { connectTcp, listenTcp } from '../../../src/cli/traffic/nc/netcat-tcp.ts'
import { netcatUdp } from '../../../src/cli/traffic/nc/netcat-udp.ts'
import { capture } from '../../../src/cli/traffic/tap/capture.ts'
import { ZtAgent } from '../../../src/node.ts'
import { readPcapng } from '../../../src/pcap.ts'
import { record } from '../../../src/testing.node.ts'
import { type Pair, pattern, virtualPair } from '../../support/virtual-pair.ts'
import { start } from '../harness.ts'

const never = new AbortController().signal
const ends = (said?: string | Uint8Array) => {
  const stdin = new PassThrough()
  if (said !== undefined) stdin.end(said)
  return { stdin, stdout: new PassThrough(), signal: never }
}

describe('traffic commands', () => {
  let world: Pair
  let folder: string
  beforeAll(async () => {
    world = await virtualPair(91)
    folder = mkdtempSync(join(tmpdir(), 'rxzt-traffic-'))
  })
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it('nc carries both directions to their ends, whichever is first', async () => {
    const { net, a, b } = world
    const [up, down] = [pattern(200_000), pattern(100_000).reverse()]
    for (const [port, there, here] of [
      [9001, down, up],
      [9002, new Uint8Array(0), up],
      [9003, down, new Uint8Array(0)],
    ] as const) {
      const [far, near] = [ends(there), ends(here)]
      const heard = Promise.all([buffer(far.stdout), buffer(near.stdout)])
      let listening = (): void => undefined
      const ready = new Promise<void>((resolve) => {
        listening = resolve
      })
      const server = listenTcp(a, far, { port }, listening).finally(() => far.stdout.end())
      await net.until(ready)
      const client = connectTcp(b, near, { host: a.address(4)!, port }).finally(() => near.stdout.end())
      await net.until(Promise.all([server, client]))
      const [atFar, atNear] = await heard
      expect(Buffer.compare(atFar, here)).toBe(0)
      expect(Buffer.compare(atNear, there)).toBe(0)
    }
  })

  it('nc ends when nothing is said, and fails where nobody listens', async () => {
    const { net, a, b } = world
    const server = await net.until(a.listen({ port: 9004 }))
    const begun = net.now
    await net.until(connectTcp(b, ends(), { host: a.address(4)!, port: 9004, idle: 3_000 }))
    expect(net.now - begun).toBeGreaterThanOrEqual(3_000)
    await server.close()
    const refused = connectTcp(b, ends(''), { host: a.address(4)!, port: 9004 })
    await expect(net.until(refused)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('nc -u exchanges datagrams with the first who speaks', async () => {
    const { net, a, b } = world
    const [far, near] = [ends(), ends()]
    const clock = net.clock()
    const server = netcatUdp(a, far, { port: 9005, idle: 5_000, listen: true }, clock)
    await net.advance(100)
    const client = netcatUdp(b, near, { host: a.address(4)!, port: 9005, idle: 5_000 }, clock)
    near.stdin.write('who is there')
    await net.advance(1_000)
    expect(String(far.stdout.read())).toBe('who is there')
    far.stdin.write('nobody')
    await net.advance(1_000)
    expect(String(near.stdout.read())).toBe('nobody')
    await net.until(Promise.all([server, client]))
  })

  it('serve shows files to members, until it is closed', async () => {
    const { net, a, b } = world
    writeFileSync(join(folder, 'index.html'), '<p>hello')
    // the file system takes its own time, in which nothing happens in the network
    const meanwhile = async <T>(promise: Promise<T>): Promise<T> => {
      let over = false
      const done = promise.finally(() => {
        over = true
      })
      while (!over) await Promise.race([done, net.advance(10).then(() => new Promise(setImmediate))])
      return done
    }
    const said: string[] = []
    const options = { port: 80, dotfiles: false, listing: true, onRequest: (line: string) => said.push(line) }
    const service = await meanwhile(fileServer(a, folder, options))
    const agent = new ZtAgent(b)
    const answer = new Promise<readonly unknown[]>((resolve, reject) => {
      get({ host: a.address(4)!, path: '/', agent }, (got) => {
        text(got).then((body) => resolve([got.statusCode, got.headers['x-content-type-options'], body]), reject)
      }).on('error', reject)
    })
    expect(await meanwhile(answer)).toEqual([200, 'nosniff', '<p>hello'])
    expect(said).toEqual([`${b.address(4)} GET / 200`])
    await service.close()
    expect(service.clients).toBe(0)
  })

  it('trace finds the member, its link and its paths', async () => {
    const { net, alice, bob, a, b } = world
    const told: string[] = []
    const asked = { count: 2, signal: never }
    const facts = await net.until(examinePath(bob, b, a.address(6)!, asked, (line) => told.push(line)))
    expect(facts).toMatchObject({ member: alice.id, peer: { link: 'direct' }, trips: { sent: 2, received: 2 } })
    const nobody = await net.until(examinePath(bob, b, '10.144.0.200', asked, () => undefined))
    expect(nobody).toMatchObject({ member: undefined, trips: { sent: 2, received: 0 } })
  })

  it('dump writes frames and the wire into one file, and leaves out what a slow reader cannot take', async () => {
    const { net, bob, a, b } = world
    const quick = new PassThrough()
    const whole = buffer(quick)
    const done = new AbortController()
    const writing = capture(bob, b, { wire: true, snapLength: 0, signal: done.signal }, quick)
    // as if so much waited already
    const slow = Object.defineProperty(new PassThrough(), 'writableLength', { value: 16 * 1024 * 1024 })
    const counting = capture(bob, b, { wire: false, count: 4, snapLength: 64, signal: never }, slow)
    const echoes = async (): Promise<void> => {
      for await (const _ of b.ping(a.address(4)!, { count: 3, interval: 10 }));
    }
    await net.until(echoes())
    done.abort()
    const { written, dropped } = await writing
    quick.end()
    const packets = readPcapng(new Uint8Array(await whole))!.packets
    expect([packets.length, dropped]).toEqual([written, 0])
    expect(new Set(packets.map(({ linkType }) => linkType))).toEqual(new Set([1, 101]))
    expect(await counting).toEqual({ written: 0, dropped: 4 })
  })

  it('replay lists a recording, plays it again, and says where it differs', async () => {
    const { file } = await record(
      async (net) => {
        const node = await net.node()
        await net.until(node.online())
      },
      { seed: 5 },
    )
    const path = join(folder, 'run.pcapng')
    writeFileSync(path, file)
    const same = join(folder, 'same.mjs')
    writeFileSync(
      same,
      'export default async (net) => { const node = await net.node(); await net.until(node.online()) }',
    )
    const other = join(folder, 'other.mjs')
    writeFileSync(
      other,
      'export const scenario = async (net) => { await net.advance(7); await net.node(); await net.advance(9) }',
    )
    const listed = await start(['replay', path]).ended
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^seed 5, \d+ datagrams; the scenario succeeded\n.* HELLO /),
    })
    const played = await start(['replay', path, same]).ended
    expect(played).toMatchObject({ code: 0, stdout: expect.stringContaining('the wire is as recorded') })
    expect(played.stdout).toContain('node/online')
    const differing = await start(['replay', '-j', path, other]).ended
    expect(differing.code).toBe(1)
    expect(JSON.parse(differing.stdout)).toMatchObject({
      same: false,
      difference: expect.stringContaining('datagram 1'),
    })
    const none = await start(['replay', same]).ended
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('is no recording') })
  })

  it.each([
    [['nc', 'x', 'host', '1'], 'network ID "x" is not 16 hex digits'],
    [['nc', '8056c2e21c000001', 'host'], 'the port is missing'],
    [['forward', '8056c2e21c000001', '80'], '"80" does not say what to forward'],
    [['forward', '8056c2e21c000001'], "missing required argument 'spec'"],
    [['proxy', '8056c2e21c000001', '--socks', 'x:1'], '"x" is no IP address'],
    [['proxy', '8056c2e21c000001', '--user', 'ann'], '--user names no password'],
    [['ping', '8056c2e21c000001', 'host', '-c', '0'], '--count is 0'],
    [['ping', '8056c2e21c000001', 'host', '-4', '-6'], '-4 and -6 exclude each other'],
  ])('%j is misuse, told before there is a node', async (argv, cause) => {
    const { code, stderr } = await start(argv).ended
    expect([code, stderr.split('\n')[0]]).toEqual([2, `rxzt: ${cause}`])
  })

  it('fails before there is a node where a directory or a file is wrong', async () => {
    for (const argv of [
      ['ping', '--ephemeral', '8056c2e21c000001', 'host', '--planet', join(folder, 'index.html')],
      ['serve', '8056c2e21c000001', join(folder, 'none')],
      ['dump', '8056c2e21c000001', '-w', join(folder, 'none', 'file')],
    ]) {
      const { code, stderr } = await start(argv).ended
      expect([code, stderr.split('\n').length]).toEqual([1, 3])
    }
  })
})
