import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import axios from 'axios'
import type { Network } from 'rxzt'
import { createConnection, toDgram, undiciConnector, ZtAgent, ZtHttpsAgent } from 'rxzt/node'
import { io } from 'socket.io-client'
import { fetch, Agent as UndiciAgent } from 'undici'
import WebSocket from 'ws'
import { certificate } from '../../../support/certificate.ts'
import { connectionsTo, watchSegments } from '../../../support/tcp-segments.ts'
import { PORTS } from './services.ts'

type Call = (network: Network, host: string) => Promise<unknown>

const TRUST = { ca: certificate.cert, servername: 'rxzt-test' }
const LARGE = { text: 'x'.repeat(1024 * 1024) }

/** What each client does, and what came of it. */
export const calls = {
  'node:http': (network, host) =>
    withPool(network, async (agent) => {
      const get = (path: string): Promise<string> =>
        new Promise((resolve, reject) => {
          http.get({ host, agent, path }, (response) => resolve(text(response))).on('error', reject)
        })
      const before: string[] = []
      for (const name of ['a', 'b', 'c']) before.push(await get(`/hello/${name}`))
      return before.map((body) => JSON.parse(body))
    }),

  axios: (network, host) =>
    withPool(network, async (httpAgent) => {
      const httpsAgent = new ZtHttpsAgent(network, TRUST)
      const client = axios.create({ baseURL: `http://${host}`, httpAgent, httpsAgent, proxy: false })
      const hello = await client.get('/hello/axios')
      const echo = await client.post('/echo', LARGE)
      const secure = await client.get(`https://${host}/hello/axios`)
      return [hello.data, JSON.stringify(echo.data) === JSON.stringify(LARGE), secure.data]
    }),

  'undici fetch': async (network, host) => {
    const { seen, watching } = watchSegments(network)
    const dispatcher = new UndiciAgent({ connections: 1, connect: undiciConnector(network, TRUST) })
    const results: unknown[] = []
    for (const base of [`http://${host}:${PORTS.fastify}`, `https://${host}`, `http://${host}:${PORTS.fastify}`]) {
      const response = await fetch(`${base}/hello/fetch`, { dispatcher })
      results.push(await response.json())
    }
    const [method, headers] = ['POST', { 'content-type': 'application/json' }]
    const body = JSON.stringify(LARGE)
    const echo = await fetch(`http://${host}:${PORTS.fastify}/echo`, { method, headers, body, dispatcher })
    results.push((await echo.text()) === body)
    await dispatcher.close()
    watching.unsubscribe()
    return { results, connections: connectionsTo(PORTS.fastify, seen) }
  },

  https: async (network, host) => {
    const agent = new ZtHttpsAgent(network, { ...TRUST, keepAlive: true })
    const get = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        https.get({ host, agent, path }, (response) => resolve(text(response))).on('error', reject)
      })
    const results = [JSON.parse(await get('/hello/https')), JSON.parse(await get('/hello/again'))]
    agent.destroy()
    return results
  },

  tls: async (network, host) => {
    const socket = createConnection(network, { host, port: PORTS.https })
    const secure = tls.connect({ socket, ...TRUST })
    await once(secure, 'secureConnect')
    secure.write(`GET /hello/tls HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    const [head, body] = (await text(secure)).split('\r\n\r\n')
    return { authorized: secure.authorized, status: head!.split('\r\n')[0], body: JSON.parse(body!) }
  },

  ws: async (network, host) => {
    const large = Buffer.alloc(300_000, 'binary')
    const talk = async (options: WebSocket.ClientOptions) => {
      const socket = new WebSocket(`ws://${host}:${PORTS.ws}`, options)
      const [hello] = await once(socket, 'message')
      socket.send(large)
      const [echo, isBinary] = await once(socket, 'message')
      const ponged = once(socket, 'pong')
      socket.ping('still there')
      const [pong] = await ponged
      socket.close(4000, 'enough')
      const [code] = await once(socket, 'close')
      return [String(hello), large.equals(echo) && isBinary, String(pong), code]
    }
    const agent = new ZtAgent(network)
    return [await talk({ agent }), await talk({ createConnection: dialer(network, host) })]
  },

  'socket.io': async (network, host) => {
    const agent = new ZtAgent(network, { keepAlive: true })
    const results: unknown[] = []
    for (const transports of [['websocket'], ['polling']]) {
      const socket = io(`http://${host}:${PORTS.socketIo}`, { agent: agent as never, transports, forceNew: true })
      const sum = await socket.emitWithAck('add', 2, 3)
      const shouted = new Promise((resolve) => socket.once('shouted', (...said) => resolve(said)))
      socket.emit('shout', 'to all')
      results.push([sum, await shouted])
      socket.disconnect()
    }
    agent.destroy()
    return results
  },

  'net and dgram': async (network, host) => {
    const stream = createConnection(network, { host, port: PORTS.echo })
    stream.end('over a net.Server')
    const socket = toDgram(await network.bind())
    socket.send('over a dgram.Socket', PORTS.echo, host)
    const [message, { address }] = await once(socket, 'message')
    socket.close()
    return [await text(stream), String(message), address === host]
  },
} as const satisfies Readonly<Record<string, Call>>

/** Runs `work` with an agent that keeps connections, and tells how many it took. */
const withPool = async (network: Network, work: (agent: ZtAgent) => Promise<unknown>) => {
  const { seen, watching } = watchSegments(network)
  const agent = new ZtAgent(network, { keepAlive: true })
  const results = await work(agent)
  agent.destroy()
  watching.unsubscribe()
  return { results, connections: connectionsTo(PORTS.express, seen) }
}

/** Where a library insists on `net.createConnection` by its type. */
const dialer = (network: Network, host: string) => (() => createConnection(network, { host, port: PORTS.ws })) as never
