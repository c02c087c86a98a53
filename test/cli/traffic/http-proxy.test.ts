import { createServer, request as requestOf } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpProxy } from '../../../src/cli/traffic/http/http-proxy.ts'
import type { Service } from '../../../src/cli/traffic/tunnel/host-listener.ts'
import { Login } from '../../../src/cli/traffic/tunnel/login.ts'
import { serveHttp } from '../../../src/node.ts'
import { type Loopback, loopback } from '../../support/loopback.ts'
import { serveEcho } from '../../support/virtual-pair.ts'
import { bytes, deserted, dial, everything } from './host.ts'

const here = { host: '127.0.0.1', port: 0 }
interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}
const ask = (service: Service, path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}) =>
  new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const request = requestOf({ ...service.at, path, method, headers, agent: false }, (response) => {
        text(response).then(
          (found) => resolve({ status: response.statusCode, headers: response.headers, body: found }),
          reject,
        )
      })
      request.on('error', reject)
      request.end(body)
    },
  )

describe('the HTTP proxy', () => {
  let world: Loopback
  let url: string
  beforeAll(async () => {
    world = await loopback()
    const { a } = world
    await serveEcho(a, 7)
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        response.setHeader('x-answer', ['one', 'two'])
        response.setHeader('keep-alive', 'timeout=5')
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
      })
    })
    serveHttp(await a.listen({ port: 80 }), server)
    url = `http://${a.address(4)}`
  })
  afterAll(() => world.close())

  it('hands a request on as it is, without what concerns one connection', async () => {
    await using service = await httpProxy(world.b, here)
    const headers = {
      ...{ host: 'site.example', 'proxy-connection': 'keep-alive', 'proxy-authorization': 'Basic eA==' },
      ...{ connection: 'x-hop', 'x-hop': 'gone', 'x-kept': 'yes', 'transfer-encoding': 'chunked' },
    }
    const answer = await ask(service, `${url}/path?q=1`, { method: 'DELETE', headers, body: 'a body' })
    expect(answer).toMatchObject({ status: 200, headers: { 'x-answer': 'one, two', via: '1.1 rxzt' } })
    const { headers: heard, ...rest } = JSON.parse(answer.body)
    expect(rest).toEqual({ method: 'DELETE', url: '/path?q=1', body: 'a body' })
    expect(heard).toMatchObject({ host: 'site.example', 'x-kept': 'yes', via: '1.1 rxzt' })
    for (const name of ['proxy-connection', 'proxy-authorization', 'x-hop']) expect(heard).not.toHaveProperty(name)
    await deserted(service)
  })

  it('makes a tunnel for whatever comes after CONNECT', async () => {
    await using service = await httpProxy(world.b, here)
    const socket = await dial(service.at)
    const established = 'HTTP/1.1 200 Connection Established\r\n\r\n'
    socket.write(`CONNECT ${world.a.address(4)}:7 HTTP/1.1\r\nHost: x\r\n\r\nearly`)
    expect(String(await bytes(socket, established.length + 5))).toBe(`${established}early`)
    const rest = everything(socket)
    socket.end('late')
    expect(String(await rest)).toBe('late')
    await deserted(service)
  })

  it('says what is wrong by status and in words', async () => {
    const { a, b } = world
    await using service = await httpProxy(b, here)
    expect(await ask(service, '/relative')).toMatchObject({
      status: 400,
      body: expect.stringContaining('this is a proxy'),
    })
    expect(await ask(service, 'https://site.example/')).toMatchObject({ status: 400 })
    expect(await ask(service, `${url}:9/`)).toMatchObject({
      status: 502,
      body: `rxzt: connect ECONNREFUSED ${a.address(4)}:9\n`,
    })
    for (const [line, status] of [
      [`CONNECT ${a.address(4)}:9 HTTP/1.1`, '502 Bad Gateway'],
      ['CONNECT nowhere HTTP/1.1', '400 Bad Request'],
    ]) {
      const socket = await dial(service.at)
      socket.write(`${line}\r\nHost: x\r\n\r\n`)
      expect(String(await everything(socket))).toContain(`HTTP/1.1 ${status}\r\n`)
    }
    await deserted(service)
  })

  it('lets in who knows user and password', async () => {
    await using service = await httpProxy(world.b, here, { login: new Login('ann', 'se:cret') })
    const basic = (words: string) => ({ 'proxy-authorization': `Basic ${Buffer.from(words).toString('base64')}` })
    expect(await ask(service, url)).toMatchObject({
      status: 407,
      headers: { 'proxy-authenticate': 'Basic realm="rxzt"' },
    })
    expect(await ask(service, url, { headers: basic('ann:public') })).toMatchObject({ status: 407 })
    expect(await ask(service, url, { headers: basic('ann:se:cret') })).toMatchObject({ status: 200 })
    const socket = await dial(service.at)
    socket.write(`CONNECT ${world.a.address(4)}:7 HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(String(await everything(socket))).toContain('407 Proxy Authentication Required')
  })
})
