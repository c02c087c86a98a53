import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type Answer, decode, encode } from 'dns-packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withNameServers } from '../../../src/cli/named-network.ts'
import { connectTcp, listenTcp } from '../../../src/cli/traffic/nc/netcat-tcp.ts'
import { connectFailure } from '../../../src/cli/traffic/tunnel/connect-failure.ts'
import { type Pair, virtualPair } from '../../support/virtual-pair.ts'
import { start } from '../harness.ts'

describe('names in traffic commands', () => {
  let world: Pair
  const asked: string[] = []
  beforeAll(async () => {
    world = await virtualPair(92)
    const { net, a } = world
    const server = await net.until(a.bind({ port: 53 }))
    server.messages$.subscribe(({ data, from }) => {
      const { id = 0, questions = [] } = decode(Buffer.from(data))
      const { name, type } = questions[0]!
      asked.push(`${type} ${name}`)
      // nobody has the first address
      const known = name === 'web.corp.example' && type === 'A' ? ['10.144.0.250', a.address(4)!] : []
      const answers = known.map((one) => ({ name, type, data: one, ttl: 60, class: 'IN' }) as Answer)
      const flags = name === 'web.corp.example' ? 0 : 3
      void server.send(encode({ type: 'response', id, questions, flags, answers }), {
        host: from.address,
        port: from.port,
      })
    })
  })
  afterAll(() => world.net[Symbol.asyncDispose]())

  it('are asked of the servers that --dns names, by this command alone', async () => {
    const { net, a, b } = world
    const named = withNameServers(b, [a.address(4)!])
    expect(await net.until(named.resolve('web.corp.example', { family: 4 }))).toEqual(['10.144.0.250', a.address(4)])
    expect(asked).toEqual(['A web.corp.example'])
    await expect(net.until(named.resolve('none.corp.example'))).rejects.toMatchObject({ code: 'ENOTFOUND' })
    await expect(net.until(b.resolve('web.corp.example'))).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect([named.id, named.address(4)]).toEqual([b.id, b.address(4)])
  })

  it('lead to the address where somebody answers', async () => {
    const { net, a, b } = world
    const ends = (said: string) => ({ stdin: new PassThrough().end(said), stdout: new PassThrough(), signal: never })
    const [far, near] = [ends('down'), ends('up')]
    const heard = Promise.all([buffer(far.stdout), buffer(near.stdout)])
    let ready = (): void => undefined
    const listening = new Promise<void>((resolve) => {
      ready = resolve
    })
    const server = listenTcp(a, far, { port: 9100 }, () => ready()).finally(() => far.stdout.end())
    await net.until(listening)
    const named = withNameServers(b, [a.address(4)!])
    const client = connectTcp(named, near, { host: 'web.corp.example', port: 9100 }).finally(() => near.stdout.end())
    await net.until(Promise.all([server, client]))
    expect(String(await heard)).toBe('up,down')
    const nobody = named.connect({ host: 'web.corp.example', port: 9101 })
    await expect(net.until(nobody)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('that nobody knows are told with what to do', async () => {
    const { net, b } = world
    const error = await net.until(b.resolve('web.corp.example').catch((error: unknown) => error))
    expect(connectFailure(error)).toMatchObject({
      message: expect.stringContaining('ENOTFOUND web.corp.example'),
      cure: expect.stringContaining('--dns'),
    })
    const { code, stderr } = await start(['ping', '8056c2e21c000001', 'host', '--dns', 'corp.example']).ended
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'rxzt: "corp.example" is no IP address'])
  })
})

const never = new AbortController().signal
