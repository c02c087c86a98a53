import http from 'node:http'
import https from 'node:https'
import express from 'express'
import fastify from 'fastify'
import type { Network } from 'rxzt'
import { serveHttp, toDgram, toNetServer } from 'rxzt/node'
import { Server as SocketIoServer } from 'socket.io'
import { WebSocketServer } from 'ws'
import { certificate } from '../../../support/certificate.ts'

/** Where each library serves. */
export const PORTS = { echo: 7, express: 80, https: 443, fastify: 81, ws: 82, socketIo: 83 }

/** Serves with every library, as its own guide has it but for `serveHttp` in the place of `listen`. */
export const serveAll = async (network: Network): Promise<void> => {
  const app = express()
  app.use(express.json({ limit: '2mb' }))
  app.get('/hello/:name', (request, response) => {
    response.json({ hello: request.params.name, from: request.ip, secure: request.secure })
  })
  app.post('/echo', (request, response) => {
    response.json(request.body)
  })
  serveHttp(await network.listen({ port: PORTS.express }), http.createServer(app))
  serveHttp(await network.listen({ port: PORTS.https }), https.createServer(certificate, app))

  const quick = fastify({ bodyLimit: 2 * 1024 * 1024 })
  quick.get<{ Params: { name: string } }>('/hello/:name', async ({ params, ip }) => ({ hello: params.name, from: ip }))
  quick.post('/echo', async ({ body }) => body)
  await quick.ready()
  serveHttp(await network.listen({ port: PORTS.fastify }), quick.server)

  const sockets = http.createServer()
  new WebSocketServer({ server: sockets }).on('connection', (socket, request) => {
    socket.send(`hello ${request.socket.remoteAddress}`)
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  serveHttp(await network.listen({ port: PORTS.ws }), sockets)

  const rooms = http.createServer()
  const io = new SocketIoServer(rooms)
  io.on('connection', (socket) => {
    socket.on('add', (a: number, b: number, done: (sum: number) => void) => done(a + b))
    socket.on('shout', (text: string) => io.emit('shouted', text, socket.conn.transport.name))
  })
  serveHttp(await network.listen({ port: PORTS.socketIo }), rooms)

  toNetServer(await network.listen({ port: PORTS.echo }), (socket) => socket.pipe(socket))
  const echo = toDgram(await network.bind({ port: PORTS.echo }))
  echo.on('message', (message, { port, address }) => echo.send(message, port, address))
}
