import http, { type RequestOptions } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { TLSSocket } from 'node:tls'
import { fetch, Agent as UndiciAgent } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TcpServer } from '../../../src/index.node.ts'
import {
  type ConnectionTaker,
  createConnection,
  serveHttp,
  undiciConnector,
  ZtAgent,
  ZtHttpsAgent,
} from '../../../src/node.ts'
import { certificate } from '../../support/certificate.ts'
import { connectionsTo, watchSegments } from '../../support/tcp-segments.ts'
import { type Pair, virtualPair } from '../../support/virtual-pair.ts'

describe('HTTP over a virtual network', () => {
  let world: Pair
  let listener: TcpServer | undefined
  beforeAll(async () => {
    world = await virtualPair(74)
  })
  afterEach(() => listener?.close())
  afterAll(async () => {
    await world.net[Symbol.asyncDispose]()
  })

  /** Serves on a free port, and returns where that is. */
  const serve = async (server: ConnectionTaker) => {
    listener = await world.net.until(world.a.listen())
    serveHttp(listener, server)
    return { host: world.a.address(4)!, port: listener.address.port }
  }
  const ask = (module: typeof http | typeof https, options: RequestOptions): Promise<string> =>
    world.net.until(
      new Promise((resolve, reject) => {
        module
          .get(options, async (response) => {
            let text = ''
            for await (const chunk of response) text += chunk
            resolve(text)
          })
          .on('error', reject)
      }),
    )

  it('keeps a pool: five requests of each kind of client open one connection each', async () => {
    const { net, b } = world
    const to = await serve(http.createServer((request, response) => response.end(request.url)))
    const { seen, watching } = watchSegments(b)
    const agent = new ZtAgent(b, { keepAlive: true })
    const dispatcher = new UndiciAgent({ connections: 1, connect: undiciConnector(b) })
    for (let i = 0; i < 5; i++) expect(await ask(http, { ...to, agent, path: `/${i}` })).toBe(`/${i}`)
    expect(connectionsTo(to.port, seen)).toBe(1)
    for (let i = 0; i < 5; i++) {
      const response = await net.until(fetch(`http://${to.host}:${to.port}/${i}`, { dispatcher }))
      expect(await net.until(response.text())).toBe(`/${i}`)
    }
    expect(connectionsTo(to.port, seen)).toBe(2)
    // an address that is written in brackets
    const six = await net.until(fetch(`http://[${world.a.address(6)!}]:${to.port}/six`, { dispatcher }))
    expect(await net.until(six.text())).toBe('/six')
    watching.unsubscribe()
    agent.destroy()
    await net.until(dispatcher.destroy())
  })

  it('times out as the agent was told, whether the server is silent or there is none', async () => {
    const { net, b } = world
    const to = await serve(http.createServer(() => undefined))
    const agent = new ZtAgent(b, { timeout: 1500 })
    for (const target of [to, { host: '10.144.0.222', port: 80 }]) {
      const began = net.now
      await net.until(
        new Promise<void>((resolve) => {
          const request = http.get({ ...target, agent }).on('error', () => resolve())
          request.on('timeout', () => request.destroy())
        }),
      )
      expect(net.now - began).toBeGreaterThanOrEqual(1500)
      expect(net.now - began).toBeLessThan(1700)
    }
  })

  it('says over TLS too who asks, and resumes the session of the connection before', async () => {
    const { b, bob } = world
    const to = await serve(
      https.createServer(certificate, ({ socket }, response) => {
        const { remoteAddress, localPort, peer } = socket as TLSSocket & { peer?: string }
        response.end(`${remoteAddress} ${localPort} ${peer} ${(socket as TLSSocket).isSessionReused()}`)
      }),
    )
    const agent = new ZtHttpsAgent(b, { ca: certificate.cert })
    const options = { ...to, agent, servername: 'rxzt-test' }
    expect(await ask(https, options)).toBe(`${b.address(4)} ${to.port} ${bob.id} false`)
    expect(await ask(https, options)).toBe(`${b.address(4)} ${to.port} ${bob.id} true`)
  })

  it('checks certificates, with fetch and without', async () => {
    const { net, b } = world
    const to = await serve(https.createServer(certificate, (_, response) => response.end('secret')))
    const url = `https://${to.host}:${to.port}/`
    const ask = async (options: object) => {
      const dispatcher = new UndiciAgent({ connect: undiciConnector(b, options) })
      const text = await net.until(fetch(url, { dispatcher }).then((response) => response.text()))
      await net.until(dispatcher.destroy())
      return text
    }
    await expect(ask({})).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
    // the certificate is for a name
    await expect(ask({ ca: certificate.cert })).rejects.toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    })
    expect(await ask({ ca: certificate.cert, servername: 'rxzt-test' })).toBe('secret')
  })

  it('does not wait for ever for a server that accepts and says nothing of TLS', async () => {
    const { net, a, b } = world
    listener = await net.until(a.listen())
    listener.connections$.subscribe()
    const at = { hostname: a.address(4)!, port: listener.address.port, protocol: 'https:' }
    const began = net.now
    const connect = undiciConnector(b, { timeout: 3000 })
    const failed = await net.until(new Promise((resolve) => connect(at, (...[error]) => resolve(error))))
    expect(failed).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', port: at.port })
    expect(net.now - began).toBe(3000)
    // nor is anything left of one that is still connecting
    const connecting = vi.spyOn(b, 'connect')
    for (const protocol of ['http:', 'https:']) {
      const nobody = { hostname: '10.144.0.222', port: 1, protocol }
      await net.until(new Promise<void>((resolve) => undiciConnector(b, { timeout: 100 })(nobody, () => resolve())))
      expect(connecting.mock.lastCall?.[0].signal?.aborted).toBe(true)
    }
    connecting.mockRestore()
    expect(() => undiciConnector(b, { timeout: -1 })).toThrow(/^timeout -1 is not valid/)
  })

  it('carries HTTP/2 both ways over one connection', async () => {
    const { net, b } = world
    const server = http2.createServer()
    server.on('stream', (stream, headers) => stream.end(`two ${headers[':path']}`))
    const to = await serve(server)
    const session = http2.connect('http://alice', { createConnection: () => createConnection(b, to) })
    const ask = async (path: string): Promise<string> => {
      let text = ''
      for await (const chunk of session.request({ ':path': path }).setEncoding('utf8')) text += chunk
      return text
    }
    expect(await net.until(Promise.all([ask('/a'), ask('/b')]))).toEqual(['two /a', 'two /b'])
    await net.until(new Promise<void>((resolve) => session.close(resolve)))
  })

  it('watches how long a request takes to arrive', async () => {
    const { net, b } = world
    const limits = { headersTimeout: 20, requestTimeout: 20, connectionsCheckingInterval: 5 }
    const server = http.createServer(limits, () => undefined)
    const slow = createConnection(b, await serve(server))
    slow.write('GET / HTTP/1.1\r\n')
    let answer: string | undefined
    slow.once('data', (chunk) => {
      answer = String(chunk)
    })
    // the server measures by the clock of the machine
    while (answer === undefined) await net.advance(1)
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    slow.destroy()
    server.close()
  })

  it('serves one server on two networks, and stops on one of them', async () => {
    const { net, a, b } = world
    const server = http.createServer((request, response) => response.end(String(request.socket.localPort)))
    const [first, second] = [await net.until(a.listen()), await net.until(a.listen())]
    const stop = serveHttp(first, server)
    serveHttp(second, server)
    const agent = new ZtAgent(b)
    const at = (tcp: TcpServer) => ({ host: a.address(4)!, port: tcp.address.port, agent })
    for (const tcp of [first, second]) expect(await ask(http, at(tcp))).toBe(String(tcp.address.port))
    stop()
    await first.close()
    await expect(ask(http, at(first))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(await ask(http, at(second))).toBe(String(second.address.port))
    await second.close()
  })

  it('closes idle connections with the server, and all when told so', async () => {
    const { net, b } = world
    const server = http.createServer((request, response) => {
      if (request.url === '/idle') response.end('idle')
      else response.write('busy')
    })
    const to = await serve(server)
    const agent = new ZtAgent(b, { keepAlive: true })
    const open = async (path: string) => {
      const response = await net.until(
        new Promise<http.IncomingMessage>((resolve) => http.get({ ...to, agent, path }, resolve)),
      )
      response.on('error', () => undefined).resume()
      return { closed: new Promise((resolve) => response.socket.on('close', resolve)), socket: response.socket }
    }
    const [busy, idle] = [await open('/busy'), await open('/idle')]
    await net.advance(100)
    const told = new Promise((resolve) => server.close(resolve))
    expect(await told).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
    await net.until(idle.closed)
    expect(busy.socket.destroyed).toBe(false)
    server.closeAllConnections()
    await net.until(busy.closed)
  })
})
