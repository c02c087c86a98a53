import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConnection, serveHttp, toDuplex, undiciConnector, ZtAgent, ZtHttpsAgent } from '../../src/node.ts'
import { certificate } from '../support/certificate.ts'
import { type Loopback, loopback } from '../support/loopback.ts'
import { pattern, readAll, serveEcho } from '../support/virtual-pair.ts'

describe('over real UDP on loopback', () => {
  let world: Loopback
  beforeAll(async () => {
    world = await loopback()
  })
  afterAll(() => world.close())

  it('echoes bytes over TCP, both families', async () => {
    const { a, b } = world
    await serveEcho(a, 7)
    for (const family of [4, 6] as const) {
      const socket = await b.connect({ host: a.address(family)!, port: 7 })
      const sent = pattern(200_000)
      const echoed = readAll(socket)
      await socket.write(sent)
      await socket.end()
      expect(Buffer.compare(await echoed, sent)).toBe(0)
      await socket.closed
      expect(socket.bytesWritten).toBe(sent.length)
      expect(socket.bytesRead).toBe(sent.length)
    }
  })

  it('serves HTTP to an agent that keeps its connection', async () => {
    const { a, b } = world
    const listener = await a.listen({ port: 80 })
    let connections = 0
    listener.connections$.subscribe(() => connections++)
    const server = http.createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => response.end(`${request.method} ${request.url} ${body}`))
    })
    serveHttp(listener, server)
    const agent = new ZtAgent(b, { keepAlive: true, maxSockets: 1 })
    const ask = (method: string, path: string, body = ''): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = http.request({ host: a.address(4)!, port: 80, method, path, agent }, (response) => {
          let text = ''
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () => resolve(text))
        })
        request.on('error', reject)
        request.end(body)
      })
    expect(await ask('GET', '/one')).toBe('GET /one ')
    expect(await ask('POST', '/two', 'hello')).toBe('POST /two hello')
    expect(connections).toBe(1)
    agent.destroy()
    await listener.close()
  })

  it('serves HTTPS over the same connections', async () => {
    const { a, b } = world
    const listener = await a.listen({ port: 443 })
    const server = https.createServer(certificate, (request, response) => {
      response.end(`secret ${request.url}`)
    })
    serveHttp(listener, server)
    const agent = new ZtHttpsAgent(b, { ca: certificate.cert, keepAlive: true })
    const ask = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { host: a.address(4)!, port: 443, path, agent, servername: 'rxzt-test' }
        https
          .get(options, (response) => {
            let text = ''
            response.on('data', (chunk) => {
              text += chunk
            })
            response.on('end', () => resolve(text))
          })
          .on('error', reject)
      })
    expect(await ask('/one')).toBe('secret /one')
    expect(await ask('/two')).toBe('secret /two')
    agent.destroy()
    await listener.close()
  })

  it('connects undici, with and without TLS', async () => {
    const { a, b } = world
    const listener = await a.listen({ port: 8443 })
    serveHttp(
      listener,
      https.createServer(certificate, (_request, response) => response.end('ok')),
    )
    const connect = undiciConnector(b)
    const open = (protocol: string, port: number) =>
      new Promise<Duplex>((resolve, reject) => {
        connect({ hostname: a.address(4)!, port, protocol, servername: 'rxzt-test' }, (error, socket) =>
          error === null ? resolve(socket) : reject(error),
        )
      })
    // nobody vouches for the certificate here
    await expect(open('https:', 8443)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    const plain = await open('http:', 8443)
    plain.destroy()
    await listener.close()
    await expect(open('http:', 8443)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('pings both families', async () => {
    const { a, b } = world
    for (const family of [4, 6] as const) {
      const replies = []
      for await (const reply of b.ping(a.address(family)!, { count: 2, interval: 5, size: 100 })) replies.push(reply)
      expect(replies).toMatchObject([
        { seq: 0, bytes: 100, from: a.address(family) },
        { seq: 1, bytes: 100, from: a.address(family) },
      ])
    }
  })

  it('carries datagrams and says which node sent them', async () => {
    const { a, b, bob } = world
    await using inbox = await a.bind({ port: 5000 })
    await using outbox = await b.bind()
    await outbox.send('hello', { host: a.address(4)!, port: 5000 })
    for await (const { data, from, peer } of inbox) {
      expect(new TextDecoder().decode(data)).toBe('hello')
      expect(from).toEqual({ address: b.address(4), port: outbox.local.port, family: 4 })
      expect(peer).toBe(bob.id)
      break
    }
  })

  it('refuses connections to closed ports as Node words it', async () => {
    const { a, b } = world
    const host = a.address(4)!
    await expect(b.connect({ host, port: 4444 })).rejects.toMatchObject({
      name: 'SocketError',
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: host,
      port: 4444,
      message: `connect ECONNREFUSED ${host}:4444`,
    })
    const duplex = createConnection(b, { host, port: 4444 })
    const [error, hadError] = await new Promise<[Error, boolean]>((resolve) => {
      let failed: Error | undefined
      duplex.on('error', (reason) => {
        failed = reason
      })
      duplex.on('close', (had: boolean) => resolve([failed!, had]))
    })
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(hadError).toBe(true)
  })

  it('gives a stream with what libraries expect of net.Socket', async () => {
    const { a, b } = world
    const server = await a.listen()
    const accepted = server[Symbol.asyncIterator]().next()
    const duplex = createConnection(b, { host: a.address(4)!, port: server.address.port })
    expect(duplex.connecting).toBe(true)
    duplex.setNoDelay(true).setKeepAlive(true, 1000).ref().unref()
    duplex.write('early')
    await new Promise((resolve) => duplex.once('connect', resolve))
    expect(duplex).toMatchObject({
      connecting: false,
      remoteAddress: a.address(4),
      remotePort: server.address.port,
      remoteFamily: 'IPv4',
      localAddress: b.address(4),
    })
    const other = toDuplex((await accepted).value!)
    expect(await new Promise((resolve) => other.once('data', resolve))).toEqual(Buffer.from('early'))
    const idle = new Promise((resolve) => duplex.setTimeout(20, () => resolve('idle')))
    expect(await idle).toBe('idle')
    const ended = new Promise((resolve) => duplex.once('close', resolve))
    duplex.resume()
    other.end('bye')
    expect(await ended).toBe(false)
    await server.close()
  })

  it('keeps two readers apart', async () => {
    const { a, b } = world
    const server = await a.listen()
    const socket = await b.connect({ host: a.address(4)!, port: server.address.port })
    const duplex = toDuplex(socket)
    expect(() => socket[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'ERR_ZT_LOCKED' }))
    duplex.destroy()
    await server.close()
  })
})

it('leaves nothing behind when closed, not even after calls in flight', async () => {
  await new Promise(setImmediate)
  const before = resources()
  const world = await loopback()
  const server = await world.a.listen({ port: 99 })
  const iteration = server[Symbol.asyncIterator]().next()
  const socket = await world.b.connect({ host: world.a.address(4)!, port: 99 })
  const accepted = (await iteration).value!
  const reading = accepted[Symbol.asyncIterator]().next()
  const connecting = world.b.connect({ host: '10.144.0.222', port: 1, timeout: 60_000 })
  const outcome = Promise.allSettled([reading, connecting, socket.closed])
  await world.close()
  await world.close()
  expect((await outcome).map(({ status }) => status)).not.toContain('pending')
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED' })
  await expect(world.a.listen()).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED' })
  await expect(world.bob.join(world.hosted.id)).rejects.toMatchObject({ code: 'ERR_ZT_CLOSED' })
  const left = resources()
  for (const name of before) if (left.includes(name)) left.splice(left.indexOf(name), 1)
  expect(left).toEqual([])
})

const resources = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /UDP|Timeout|Immediate|TCP|Worker|MessagePort/.test(name))
    .sort()
